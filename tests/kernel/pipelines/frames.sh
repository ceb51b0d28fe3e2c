#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 300 frames of 1080p into each kind of DMA-BUF: 0 bytes copied, no warning, descriptors and memory
# flat. A picture that stands still, since QEMU takes half a second to paint a ball.
#   frames.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

for heap in "${heaps[@]}"; do
    if "$(dirname "$0")/../../pipeline/launch/frames.sh" "$heap" blue >"$work/tap"; then
        grep -q '^1\.\.' "$work/tap" || fail "$heap: the check ended early"
    else
        fail "$heap: status $?"
    fi
    while read -r line; do
        case $line in
        'ok '*) passed "$heap: ${line#ok * - }" ;;
        'not ok '*) fail "$heap: ${line#not ok * - }" ;;
        '#'*) echo "$line" ;;
        esac
    done <"$work/tap"

    if MEDIAHEAP_TEST_HEAP=$heap GST_REGISTRY_FORK=no timeout 200 \
        "$build/tests/pipeline/pipeline-upload-steady" >"$work/steady.out" 2>&1; then
        passed "$heap: descriptors and memory are the same at frame 50 and at frame 300"
    else
        fail "$heap: $build/tests/pipeline/pipeline-upload-steady"
        told "$work/steady.out"
    fi
done
finish
