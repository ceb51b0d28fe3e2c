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
    'Rank +none \(0\)' 'Klass +Generic/Memory' \
    'memory-per-plane +: Make every plane of a raw video frame a memory' \
    'Boolean. Default: false' \
    'Description +Lends heap buffers upstream, copies what was not allocated there' \
    "SINK template: 'sink'" "SRC template: 'src'" 'Availability: Always' 'ANY' \
    'heap +: Where buffers are made: <source>' \
    'changeable only in NULL or READY state' 'String. Default: "auto"' \
    'min-buffers +: Buffers that a pool has at least' 'max-buffers +: Buffers that a pool has at most' \
    'max-bytes +: Bytes of the heap that a pool has at most' \
    'when-full +: What to do when the heap has no memory' \
    'Enum "GstMediaHeapWhenFull" Default: 0, "reclaim"' \
    '\(1\): wait +- Wait for memory that others have' '\(2\): fail +- Fail at once' \
    'max-wait +: How long to wait for memory that others have' 'Default: 2000000000' \
    'copy-threshold +: Copy frames, and give their buffers back at once' \
    'stats +: Buffers passed and copied' 'flags: readable$' 'buffers-passed: 0' 'bytes-copied: 0'
tells mediaheapdownload \
    'Description +Hands heap buffers on as plain memory' \
    'copy +: When to copy' 'Enum "GstMediaHeapDownloadCopy" Default: 0, "auto"' \
    '\(0\): auto +- Copy out of heap memory that the CPU reads slowly' \
    '\(1\): never' '\(2\): always' 'changeable in NULL, READY, PAUSED or PLAYING state'
tells mediaheapdebug 'mediaheapsimdevice: Simulated media heap device' '1 features' 'License +LGPL'
tells mediaheapsimdevice \
    'Rank +none \(0\)' 'Klass +Testing/Hardware' \
    'Description +Plays hardware on memory of a simulated heap' \
    "SINK template: 'sink'" "SRC template: 'src'" 'ANY' \
    'op +: What the device does' 'Enum "GstMediaHeapSimDeviceOp" Default: 0, "identity"' \
    '\(0\): identity +- Read, as a display' '\(1\): invert +- Read, and write the complement' \
    '\(2\): checksum +- Read, and show' '\(3\): fill +- Write value to every byte' \
    'value +: The byte that op=fill writes' 'Range: 0 - 255 Default: 0' \
    'strict +: Whether a missing or wrong sync is an error' 'Boolean. Default: false' \
    'async +: Whether buffers go on while' \
    'checksum +: CRC-32' 'Range: 0 - 4294967295 Default: 0' \
    'violations +: Missing and wrong syncs' 'flags: readable$' \
    'changeable in NULL, READY, PAUSED or PLAYING state'
gst-inspect-1.0 -b >"$work/blacklist"
if grep libgstmediaheap "$work/blacklist"; then
    fail "the plugin is on the blacklist"
else
    passed "the plugin is not on the blacklist"
fi
finish
