#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A gst_video_frame_map() of a buffer with two or three planes is one START and one END, as strace
# counts them: DMA_BUF_IOCTL_SYNC twice for each frame that videotestsrc paints, and twice more for
# each that videobalance changes in place.
#   syncs.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

need_tool strace
need_element videobalance
readonly frames=8

# Older straces know the ioctl by its number alone.
sync_call='ioctl\([0-9]+(<[^>]*>)?, (DMA_BUF_IOCTL_SYNC|_IOC\(_IOC_WRITE, 0x62, 0, 0x8\)),'

# expect CALLS NAME ELEMENT...: what a pipeline of $frames frames costs.
expect() {
    local wanted=$1 name=$2 made failed status=0
    shift 2
    strace -f --seccomp-bpf -e trace=ioctl -o "$work/$name.trace" gst-launch-1.0 \
        videotestsrc num-buffers=$frames pattern=black "$@" ! fakesink sync=false \
        >"$work/$name.out" 2>&1 </dev/null || status=$?
    made=$(grep -cE "$sync_call" "$work/$name.trace") || true
    failed=$(grep -E "$sync_call" "$work/$name.trace" | grep -c ' = -1 ') || true
    if ((status == 0 && made == wanted && failed == 0)); then
        passed "$name: $made syncs for $frames frames"
    else
        fail "$name: $made syncs for $frames frames, $failed failed; wanted $wanted (status $status)"
        told "$work/$name.out"
    fi
}

for heap in "${heaps[@]}"; do
    for format in I420 NV12; do
        caps=video/x-raw,format=$format,width=320,height=240
        expect $((2 * frames)) "$heap-$format-painted" ! "$caps" ! mediaheapupload "heap=$heap"
        expect $((4 * frames)) "$heap-$format-changed-in-place" ! "$caps" \
            ! mediaheapupload "heap=$heap" ! videobalance brightness=0.1
    done
done
finish
