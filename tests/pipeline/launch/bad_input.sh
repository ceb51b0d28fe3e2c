#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Heap strings that cannot be: each is one message that names the string and the remedy, and a status
# that is not 0.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

# refused HEAP REMEDY
refused() {
    local heap=$1 remedy=$2 told
    launch bad videotestsrc num-buffers=3 ! video/x-raw,format=NV12,width=1920,height=1080 \
        ! mediaheapupload "heap=$heap" ! fakesink
    told=$(grep -cF "ERROR: from element /GstPipeline:pipeline0/GstMediaHeapUpload" "$work/bad.out") || true
    if ((status == 0 || status >= 124 && status != 255)); then
        fail "heap=$heap: status $status"
    elif ((told != 1)); then
        fail "heap=$heap: $told errors of the element instead of one"
    elif ! grep -F "heap '$heap'" "$work/bad.out" | grep -qF "$remedy"; then
        fail "heap=$heap: no '$remedy' in: $(grep '^ERROR' "$work/bad.out")"
    else
        passed "heap=$heap is refused: $remedy"
    fi
}

refused nosuch 'the sources are'
refused memfd,colour=blue 'the keys are'
refused memfd,,size 'for example dma-heap:system,size=64M,zone=camera'
refused memfd,size=0 'give at least one page'
refused memfd,size=5X 'for example size=64M'
refused memfd,size=-1 'for example size=64M'
refused memfd,size=99999999999999999999 'size='
refused dma-heap:nosuch 'mediaheap list'
refused memfd,cached=0 'leave cached out'
refused memfd,require=dmabuf 'dmabuf'
refused memfd,size=4M 'open it with size=6M or more'

# Memory that the element before mediaheapupload does not get ends that one, which knows no heap.
if has_element audiotestsrc; then
    heap=memfd,size=64K
    launch large audiotestsrc num-buffers=3 samplesperbuffer=65536 ! mediaheapupload "heap=$heap" ! fakesink
    if ((status == 0)) || ! grep '^WARNING' "$work/large.out" | grep -F "heap '$heap'" | grep -q 'size='; then
        fail "heap=$heap for larger buffers: status $status"
        told "$work/large.out"
    else
        passed "heap=$heap for larger buffers is told of"
    fi
fi
finish
