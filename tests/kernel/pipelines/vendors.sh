#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 30 frames into memory of each vendor's node, which a module of ours stands for: nothing is copied,
# and nothing is left in the node. Memory of mmz, which is no DMA-BUF, is warned of once, on the bus.
#   vendors.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

modules=$build/tests/kernel/modules
left() { cat "/sys/module/mediaheap_mpp/parameters/$1"; }

# play HEAP CAPS: the pipeline, with what it is to have cost.
play() {
    launch "${1%%,*}" videotestsrc pattern=blue num-buffers=30 \
        ! 'video/x-raw,format=NV12,width=640,height=360' ! mediaheapupload name=upload "heap=$1" \
        ! "$2" ! fakesink
    played "${1%%,*}"
    copied "${1%%,*}" upload 30 0 0
    log_is_clean "${1%%,*}"
}

insmod "$modules/mediaheap_mpp.ko" size=16777216
for caps in video/x-raw 'video/x-raw(memory:DMABuf)'; do
    play mpp,size=16M "$caps"
done
if [[ $(left buffers) == 0 && $(left range_syncs) != 0 ]]; then
    passed "mpp: synced by parts, and all of it is back"
else
    fail "mpp: $(left buffers) buffers are left, $(left range_syncs) parts were synced"
fi
rmmod mediaheap_mpp

insmod "$modules/mediaheap_mmz.ko" mmz=anonymous,0,0,16M
play mmz,size=16M video/x-raw
if grep -q 'block_number=0$' /proc/media-mem; then
    passed "mmz: all of it is back"
else
    fail "mmz: blocks are left"
    told /proc/media-mem
fi
rmmod mediaheap_mmz
finish
