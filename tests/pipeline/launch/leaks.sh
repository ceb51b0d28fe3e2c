#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# GStreamer's own search for leaks, over pipelines that pass, copy, change their mind and fail.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

export GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7

leakless() {
    grep -q 'object-alive.class' "$work/$1.log" || fail "$1: the tracer did not run"
    if grep -E 'object-alive, type-name=\(string\)[^%]|WARN|CRITICAL' "$work/$1.log" "$work/$1.out" >"$work/found"; then
        fail "$1 leaves objects behind"
        told "$work/found"
    else
        passed "$1 leaves nothing behind"
    fi
}

frames='video/x-raw,format=NV12,width=320,height=240'

launch passing videotestsrc num-buffers=30 ! "$frames" ! mediaheapupload "heap=$test_heap" ! fakesink
played passing
leakless passing

launch copying videotestsrc num-buffers=30 ! "$frames" ! identity drop-allocation=true \
    ! mediaheapupload name=upload "heap=$test_heap" ! mediaheapdownload copy=always ! fakesink
played copying
copied copying upload 0 30 $((30 * 320 * 240 * 3 / 2))
leakless copying

launch bytes audiotestsrc num-buffers=30 ! mediaheapupload "heap=$test_heap" ! queue ! fakesink
played bytes
leakless bytes

launch failing videotestsrc num-buffers=30 ! "$frames" ! mediaheapupload heap=nosuch ! fakesink
((status != 0)) || fail "an unknown source is no failure"
leakless failing

launch small videotestsrc num-buffers=30 ! "$frames" ! mediaheapupload "heap=$test_heap,size=64K" ! fakesink
((status != 0)) || fail "a heap that is too small is no failure"
leakless small
finish
