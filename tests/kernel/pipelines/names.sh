#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kernel's own list of DMA-BUFs names the blocks of a pipeline that plays, and forgets them when
# it has stopped.
#   names.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

bufinfo=/sys/kernel/debug/dma_buf/bufinfo
[[ -e $bufinfo ]] || mount -t debugfs none /sys/kernel/debug || skip "this kernel has no $bufinfo"

count() { grep -c 'mediaheap-pool[0-9]*-[0-9]*$' $bufinfo || true; }

for heap in "${heaps[@]}"; do
    gst-launch-1.0 videotestsrc is-live=true \
        ! video/x-raw,format=NV12,width=320,height=240,framerate=30/1 \
        ! mediaheapupload "heap=$heap" ! fakesink sync=true >"$work/live.out" 2>&1 </dev/null &
    pid=$!
    for ((waited = 0; waited < 300 && $(count) < 2; waited++)); do sleep 0.1; done
    blocks=$(count)
    if ((blocks >= 2)); then
        passed "$heap: $blocks blocks of the pool are in $bufinfo"
        grep 'mediaheap-pool' $bufinfo | sed 's/^/# /'
    else
        fail "$heap: no block of the pool is in $bufinfo"
        told $bufinfo
        told "$work/live.out"
    fi
    kill -INT $pid
    wait $pid || true
    for ((waited = 0; waited < 50 && $(count) > 0; waited++)); do sleep 0.1; done
    if (($(count) == 0)); then
        passed "$heap: none is left when the pipeline has stopped"
    else
        fail "$heap: blocks are left when the pipeline has stopped"
        told $bufinfo
    fi
done
finish
