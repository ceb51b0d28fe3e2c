#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What gst-inspect-1.0 tells people.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

# tells NAME PATTERN...: each appears in the output of gst-inspect-1.0 NAME.
tells() {
    local name=$1
    shift
    gst-inspect-1.0 --no-colors "$name" >"$work/inspected" 2>&1 || fail "$name: status $?"
    for pattern; do
        if grep -qE -- "$pattern" "$work/inspected"; then
            passed "$name: $pattern"
        else
            fail "$name: no '$pattern'"
            told "$work/inspected"
        fi
    done
}

tells mediaheap 'mediaheapupload: Media heap uploader' 'mediaheapdownload: Media heap downloader' \
    '2 features' 'License +LGPL'
tells mediaheapupload \
    'Description +Lends heap buffers upstream, copies what was not allocated there' \
    "SINK template: 'sink'" "SRC template: 'src'" 'Availability: Always' 'ANY' \
    'heap +: Where buffers are made: <source>' \
    'changeable only in NULL or READY state' 'String. Default: "auto"' \
    'stats +: Buffers passed and copied' 'flags: readable$' 'buffers-passed: 0' 'bytes-copied: 0'
tells mediaheapdownload \
    'Description +Hands heap buffers on as plain memory' \
    'copy +: When to copy' 'Enum "GstMediaHeapDownloadCopy" Default: 0, "auto"' \
    '\(0\): auto +- Copy out of heap memory that the CPU reads slowly' \
    '\(1\): never' '\(2\): always' 'changeable in NULL, READY, PAUSED or PLAYING state'
gst-inspect-1.0 -b >"$work/blacklist"
if grep libgstmediaheap "$work/blacklist"; then
    fail "the plugin is on the blacklist"
else
    passed "the plugin is not on the blacklist"
fi
finish
