#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `mediaheap destroy mpp` on a node that can be destroyed, which a module of ours stands for: not
# under a process that has it open and does not offer it, nor while blocks are live; then once.
#   destroy.sh BUILD
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

tool=$build/tools/mediaheap/mediaheap user=$build/tests/tool/heap_user
[[ -x $tool && -x $user ]] || skip "the tool was not built"
export MEDIAHEAP_RUNTIME_DIR=$work/heaps

# use HEAP: a process that has it open, with a block, on the descriptors that tell asks.
use() {
    coproc "$user" "$1" frame 64
    read -r -u "${COPROC[0]}"
}
tell() { echo "$1" >&"${COPROC[1]}" && read -r -u "${COPROC[0]}"; }
end() {
    local pid=$COPROC_PID
    eval "exec ${COPROC[1]}>&-"
    wait "$pid"
}

# destroys STATUS PATTERN ARGUMENT...: what the tool answers.
destroys() {
    local wanted=$1 pattern=$2 status=0
    shift 2
    "$tool" destroy "$@" >"$work/answer" 2>&1 || status=$?
    if ((status == wanted)) && grep -q "$pattern" "$work/answer"; then
        passed "destroy $*: exits with $status and says: $pattern"
    else
        fail "destroy $*: exits with $status instead of $wanted, or does not say: $pattern"
        told "$work/answer"
    fi
}

destroys 0 'no such device node' --if-any mpp
insmod "$build/tests/kernel/modules/mediaheap_mpp.ko" size=8388608
use mpp,size=1M
tell free
destroys 1 'does not offer it' --if-any mpp
end
use mpp,size=1M,offer=1
destroys 1 'still allocated' --if-any mpp
tell free
destroys 0 "the node's heap is destroyed" mpp
end
destroys 1 'was destroyed' mpp
destroys 0 'was destroyed' --if-any mpp
rmmod mediaheap_mpp
finish
