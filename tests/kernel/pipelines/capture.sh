#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A kernel driver writes its frames into the pool that mediaheapupload lends: v4l2src imports the
# pool's DMA-BUFs into vivid. What the CPU then reads is what vivid shows through its own buffers.
#   capture.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need_tool v4l2-ctl
need_element v4l2src
need_vivid

# Colour bars that stand still, without the text that tells the time.
v4l2-ctl -d "$camera" -c test_pattern=0,osd_text_mode=2
caps='video/x-raw,format=YUY2,width=640,height=360'
frames=8
size=$((frames * 640 * 360 * 2))

launch own v4l2src "device=$camera" io-mode=mmap num-buffers=$frames ! "$caps" \
    ! filesink "location=$work/own.yuv"
played own

for heap in "${heaps[@]}"; do
    launch import v4l2src "device=$camera" io-mode=dmabuf-import num-buffers=$frames ! "$caps" \
        ! mediaheapupload name=upload "heap=$heap" ! filesink "location=$work/import.yuv"
    played import
    copied import upload $frames 0 0
    if (($(stat -c %s "$work/import.yuv") != size)); then
        fail "$heap: $(stat -c %s "$work/import.yuv") bytes of frames instead of $size"
    elif cmp "$work/own.yuv" "$work/import.yuv"; then
        passed "$heap: the frames are those that vivid has in its own buffers"
    else
        fail "$heap: the frames are not those that vivid has in its own buffers"
    fi
done

# Each line of the bars is eight colours; a frame of one colour would be equal to anything empty.
colours=$(head -c 1280 "$work/import.yuv" | od -An -v -tx4 -w4 | sort | uniq -c | awk '$1 >= 20' | wc -l)
if ((colours >= 8)); then
    passed "the first line has $colours colours"
else
    fail "the first line has $colours colours instead of eight"
fi
finish
