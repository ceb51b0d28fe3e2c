#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tool's selftest on real DMA-BUFs, with a camera that imports them; and with what can be wrong.
#   selftest.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

need_vivid
tool=$build/tools/mediaheap/mediaheap
[[ -x $tool ]] || skip "the tool was not built"

# selftest NAME STATUS ARGUMENT...: runs it; its page goes to $work/NAME.
selftest() {
    local name=$1 wanted=$2 status=0
    shift 2
    "$tool" selftest "$@" >"$work/$name" 2>&1 || status=$?
    if ((status == wanted)); then
        passed "selftest $* exits with $status"
    else
        fail "selftest $* exits with $status instead of $wanted"
        told "$work/$name"
    fi
}

# says NAME PATTERN: one of the page's lines.
says() {
    if tr '\n' ' ' <"$work/$1" | tr -s ' ' | grep -qE "$2"; then
        passed "$1 says: $2"
    else
        fail "$1 does not say: $2"
        told "$work/$1"
    fi
}

for heap in "${heaps[@]}"; do
    page=whole-${heap/:/-}
    selftest "$page" 0 "$heap" --device "$camera"
    for step in open allocate map sync export import recycle exhaust 'speed cached'; do
        says "$page" " ok $step "
    done
    says "$page" "2 syncs for an access with another inside, 2 saved"
    says "$page" "$camera \(driver vivid\) captured 6 frames"
    says "$page" "not possible coherence cannot be told: driver vivid writes with the CPU"
    says "$page" "not possible speed uncached"
    says "$page" " 0 failed"
    sed 's/^/# /' "$work/$page"

    selftest "none-${heap/:/-}" 0 "$heap,size=2M" --device none --json
    says "none-${heap/:/-}" '"failed": 0'
done

selftest found 0 udmabuf,size=4M
says found " ok import $camera "

selftest lost 1 udmabuf,size=2M --device /dev/video99
says lost "failed import open /dev/video99: No such file or directory"
says lost " ok exhaust "
says lost "not tried coherence: 'import' failed"

selftest output 1 udmabuf,size=2M --device "$output"
says output "failed import .*does not capture"

selftest small 1 udmabuf,size=64K --device "$camera"
says small "failed import .*more than the whole zone"
finish
