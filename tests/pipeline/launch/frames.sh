#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 300 frames of 1080p through mediaheapupload: nothing is copied, nothing is warned of.
#   frames.sh [HEAP [PATTERN]]
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

heap=${1:-$test_heap}
launch frames videotestsrc "pattern=${2:-ball}" num-buffers=300 \
    ! 'video/x-raw,format=NV12,width=1920,height=1080' ! mediaheapupload name=upload "heap=$heap" \
    ! fakesink
played frames
copied frames upload 300 0 0
log_is_clean frames
finish
