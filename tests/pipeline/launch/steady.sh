#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 300 frames of 1080p through mediaheapupload: nothing is copied, nothing is warned of, and neither
# descriptors nor memory grow from frame 50 to the end. Argument: the heap string.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

heap=${1:-memfd}
pipeline=(videotestsrc pattern=ball num-buffers=300
    ! 'video/x-raw,format=NV12,width=1920,height=1080'
    ! mediaheapupload name=upload "heap=$heap")

launch frames "${pipeline[@]}" ! fakesink
played frames
copied frames upload 300 0 0
log_is_clean frames

# fakesink tells of every frame, so the process is looked at while it plays.
measure() { # PID: descriptors, mappings, resident KiB
    echo "$(find "/proc/$1/fd" -mindepth 1 | wc -l) $(wc -l <"/proc/$1/maps") $(
        awk '/^VmRSS/ { print $2 }' "/proc/$1/status")"
}
mkfifo "$work/told"
gst-launch-1.0 -v "${pipeline[@]}" ! fakesink silent=false >"$work/told" 2>"$work/watched.err" &
pid=$!
frames=0
early='' late=''
while read -r line; do
    [[ $line == *'last-message = chain'* ]] || continue
    frames=$((frames + 1))
    case $frames in
    50) early=$(measure $pid) ;;
    290) late=$(measure $pid) ;;
    esac
done <"$work/told"
wait $pid || fail "the watched pipeline ended with status $?"
((frames == 300)) || fail "$frames frames were told of instead of 300"

read -r fds_early maps_early kib_early <<<"$early"
read -r fds_late maps_late kib_late <<<"$late"
echo "frame 50: $early, frame 290: $late (descriptors, mappings, resident KiB)"
[[ $fds_early == "$fds_late" ]] || fail "descriptors went from $fds_early to $fds_late"
# The allocator of the C library may take a page more or less; a lost frame is 3037 KiB.
((maps_late - maps_early <= 2)) || fail "mappings went from $maps_early to $maps_late"
((kib_late - kib_early < 1024)) || fail "resident memory went from $kib_early to $kib_late KiB"
finish
