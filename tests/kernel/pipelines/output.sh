#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A kernel driver reads frames out of the heap: v4l2sink imports them into vivid's video output. A
# frame that it cannot import it would copy, or end with an error.
#   output.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need_tool v4l2-ctl
need_element v4l2sink
need_vivid

frames=20
for heap in "${heaps[@]}"; do
    GST_DEBUG=2,GST_PERFORMANCE:5,v4l2allocator:6 launch output \
        videotestsrc num-buffers=$frames \
        ! video/x-raw,format=YUY2,width=640,height=360 \
        ! mediaheapupload name=upload "heap=$heap" \
        ! v4l2sink "device=$output" io-mode=dmabuf-import sync=false
    played output
    copied output upload $frames 0 0
    imported=$(grep -c 'imported DMABUF as fd' "$work/output.log") || true
    if ((imported >= frames)); then
        passed "$heap: $imported imports for $frames frames"
    else
        fail "$heap: $imported imports for $frames frames"
    fi
    if grep '_fallback_mem_copy' "$work/output.log" >"$work/found"; then
        fail "$heap: GStreamer's fallback copied memory"
        told "$work/found"
    else
        passed "$heap: GStreamer's fallback copied no memory"
    fi
done
finish
