#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The demo, from a cache that is empty. Argument: the program.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

demo=$(realpath "$1")
for element in jpegenc avimux avidemux jpegdec pngenc; do need_element $element; done
export XDG_CACHE_HOME=$work/cache

# run NAME ARGUMENT...: as launch(), for the demo.
run() {
    local name=$1
    shift
    status=0
    GST_DEBUG=2,GST_PERFORMANCE:5 GST_DEBUG_NO_COLOR=1 GST_DEBUG_FILE=$work/$name.log \
        timeout 300 "$demo" --picture "$work/$name.png" "$@" >"$work/$name.out" 2>&1 </dev/null ||
        status=$?
}

# says NAME PATTERN...
says() {
    local name=$1
    shift
    for pattern; do
        if grep -qE -- "$pattern" "$work/$name.out"; then
            passed "$name says: $pattern"
        else
            fail "$name does not say '$pattern'"
            told "$work/$name.out"
        fi
    done
}

# pictures NAME WIDTH HEIGHT: a PNG of that size (its IHDR), with more in it than one colour.
pictures() {
    local header
    header=$(od -An -tx1 -N24 "$work/$1.png" | tr -d ' \n')
    if [[ $header == 89504e470d0a1a0a0000000d49484452$(printf '%08x%08x' "$2" "$3") ]] &&
        (($(stat -c %s "$work/$1.png") > 5000)); then
        passed "$1 pictured $2x$3"
    else
        fail "$1: no PNG of $2x$3: $header"
    fi
}

run first --heap memfd
((status == 0)) || fail "first: status $status"
says first '^Encoding a clip' '^Heap +memfd,size=' 'Decoder +jpegdec' 'Frames decoded +300$' \
    'into the heap +300 ' 'Bytes copied +0$' 'jpegdec decodes straight into the heap' \
    '^\+---ZONE: PHYS\(0x[0-9A-F]{8}, 0x[0-9A-F]{8}\), GFP=0, nBYTES=262144KB,    NAME="anonymous"' \
    '   \|-MMB: phys\(.*length=1352KB,    name="mediaheap-pool0-0"' \
    '^---MMZ_USE_INFO:' 'block_number=[1-9]'
pictures first 1280 720
if ! grep -q 'GST_PERFORMANCE' "$work/first.log"; then
    fail "first: nothing logged of performance"
elif grep '_fallback_mem_copy' "$work/first.log" >"$work/found"; then
    fail "first: GStreamer's fallback copied memory"
    told "$work/found"
else
    passed "first: GStreamer's fallback copied no memory"
fi

run second --heap memfd
((status == 0)) || fail "second: status $status"
if grep -q '^Encoding' "$work/second.out"; then
    fail "the clip was encoded twice"
fi
log_is_clean second

# Any clip: one whose decoder works in memory of its library's.
if has_element vp8enc && has_element vp8dec && has_element webmmux; then
    launch clip videotestsrc num-buffers=40 ! video/x-raw,width=320,height=240 ! vp8enc deadline=1 \
        ! webmmux name=mux ! filesink "location=$work/clip.webm"
    played clip
    run webm --heap memfd "$work/clip.webm"
    ((status == 0)) || fail "webm: status $status"
    says webm 'Decoder +vp8dec' 'Frames decoded +40$' 'into the heap +40 ' 'copies each frame'
    pictures webm 320 240
fi

run missing "$work/nosuch.avi"
((status == 1)) || fail "missing: status $status"
says missing "cannot play $work/nosuch.avi"

run text "$0"
((status == 1)) || fail "text: status $status"
says text "cannot play $0"

run bad --heap nosuch
((status == 1)) || fail "bad: status $status"
says bad "^mediaheap-demo: heap 'nosuch'.*the sources are"
finish
