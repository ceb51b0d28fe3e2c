#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A pipeline rehearsed on the simulated SoC: right, it plays without a word; with an element in it
# that forgets its sync, it says so, or ends.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

launch right videotestsrc num-buffers=30 ! mediaheapupload heap=simulated \
    ! mediaheapsimdevice op=invert ! videoconvert ! fakesink
played right
log_is_clean right
if grep -q 'mediaheapsimdevice0: violations = 0$' "$work/right.out" &&
    ! grep -q '^WARNING' "$work/right.out"; then
    passed 'right has no violation'
else
    fail 'right has violations'
    told "$work/right.out"
fi

frames='video/x-raw,format=NV12,width=320,height=240'
launch wrong videotestsrc num-buffers=30 ! "$frames" ! forgetful ! mediaheapupload heap=simulated \
    ! mediaheapsimdevice ! videoconvert ! fakesink
played wrong
if grep -q "^WARNING: from element .*GstMediaHeapSimDevice:mediaheapsimdevice0: block 'mediaheap-pool" \
    "$work/wrong.out"; then
    passed 'wrong is warned of by block'
else
    fail 'wrong is not warned of'
    told "$work/wrong.out"
fi

launch strict videotestsrc num-buffers=30 ! "$frames" ! forgetful ! mediaheapupload heap=simulated \
    ! mediaheapsimdevice strict=true ! videoconvert ! fakesink
errors=$(grep -c "^ERROR: from element .*GstMediaHeapSimDevice:mediaheapsimdevice0: block 'mediaheap-pool" \
    "$work/strict.out") || true
if ((status != 0 && status < 124 || status == 255)) && ((errors == 1)); then
    passed "strict ends with status $status and one error of the element"
else
    fail "strict: status $status, $errors errors of the element"
    told "$work/strict.out"
fi

launch foreign videotestsrc num-buffers=30 ! mediaheapsimdevice ! fakesink
if ((status != 0)) && grep '^ERROR' "$work/foreign.out" |
    grep -q 'put mediaheapupload heap=simulated before this element'; then
    passed 'without a heap before it the element says what is missing'
else
    fail "foreign: status $status"
    told "$work/foreign.out"
fi
finish
