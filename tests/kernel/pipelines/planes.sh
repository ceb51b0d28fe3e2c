#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A driver of the multi-planar API takes one DMA-BUF for each plane (NM12): v4l2src imports those that
# mediaheapupload makes with memory-per-plane=true, and v4l2sink imports them for output.
#   planes.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need_tool v4l2-ctl
need_element v4l2src
need_element v4l2sink

# The checks after this one load their own.
modprobe -r vivid || skip "vivid is in use"
trap 'modprobe -r vivid; rm -rf "$work"' EXIT
modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=0 num_outputs=1 output_types=1 \
    no_error_inj=1 multiplanar=2 allocators=0 || skip "this kernel has no vivid"
need_vivid

v4l2-ctl -d "$camera" -c test_pattern=0,osd_text_mode=2
caps='video/x-raw,format=NV12,width=640,height=360'
frames=8
size=$((frames * 640 * 360 * 3 / 2))

launch own v4l2src "device=$camera" io-mode=mmap num-buffers=$frames ! "$caps" \
    ! filesink "location=$work/own.yuv"
played own
if v4l2-ctl -d "$camera" --get-fmt-video | grep -q 'Number of planes *: 2'; then
    passed "vivid has two planes"
else
    fail "vivid has not two planes, and this shows nothing"
    v4l2-ctl -d "$camera" --get-fmt-video >"$work/found" && told "$work/found"
fi

for heap in "${heaps[@]}"; do
    GST_DEBUG=2,GST_PERFORMANCE:5,v4l2allocator:6 launch import \
        v4l2src "device=$camera" io-mode=dmabuf-import num-buffers=$frames ! "$caps" \
        ! mediaheapupload name=upload memory-per-plane=true "heap=$heap" \
        ! filesink "location=$work/import.yuv"
    played import
    copied import upload $frames 0 0
    if (($(stat -c %s "$work/import.yuv") == size)) && cmp "$work/own.yuv" "$work/import.yuv"; then
        passed "$heap: the frames are those that vivid has in its own buffers"
    else
        fail "$heap: the frames are not those that vivid has in its own buffers"
    fi
    imported=$(grep -c 'imported DMABUF as fd' "$work/import.log") || true
    if ((imported >= 2 * frames)); then
        passed "$heap: $imported planes imported for $frames frames"
    else
        fail "$heap: $imported planes imported for $frames frames"
    fi

    GST_DEBUG=2,GST_PERFORMANCE:5,v4l2allocator:6 launch output \
        videotestsrc num-buffers=$frames ! "$caps" \
        ! mediaheapupload name=upload memory-per-plane=true "heap=$heap" \
        ! v4l2sink "device=$output" io-mode=dmabuf-import sync=false
    played output
    copied output upload $frames 0 0
    if grep '_fallback_mem_copy' "$work/output.log" >"$work/found"; then
        fail "$heap: GStreamer's fallback copied memory"
        told "$work/found"
    else
        passed "$heap: GStreamer's fallback copied no memory"
    fi
done

# The same in one memory is what such a driver refuses.
launch whole v4l2src "device=$camera" io-mode=dmabuf-import num-buffers=1 ! "$caps" \
    ! mediaheapupload "heap=${heaps[0]}" ! fakesink
if ((status != 0)); then
    passed "one memory for both planes is refused"
else
    fail "one memory for both planes was taken"
fi
finish
