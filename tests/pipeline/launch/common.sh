# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the checks of real pipelines, which speak TAP. GST_PLUGIN_PATH names the plugin's
# directory.
# shellcheck shell=bash
set -euo pipefail

work=$(mktemp -d -t mediaheap-launch.XXXXXX)
trap 'rm -rf "$work"' EXIT

# A check that cannot run here.
skip() {
    echo "ok 1 # SKIP $*"
    echo "1..1"
    exit 0
}

# What the checks run on where any source will do, as the programs of this suite.
# shellcheck disable=SC2034
test_heap=${MEDIAHEAP_TEST_HEAP:-memfd}

cases=0
failures=0
passed() { echo "ok $((++cases)) - $*"; }
fail() { echo "not ok $((++cases)) - $*" && failures=$((failures + 1)); }
# told FILE: what a program said, for people.
told() { sed 's/^/#   /' "$1"; }

# finish: the last line of every check. A check that ends without it has failed.
finish() {
    echo "1..$cases"
    exit "$((failures > 0))"
}

need_tool() { command -v "$1" >/dev/null || skip "no $1 here"; }
# By itself --exists wants at least version 1.0.0 of a plugin.
has_element() { gst-inspect-1.0 --exists --atleast-version=0.0.0 "$1"; }
need_element() { has_element "$1" || skip "GStreamer has no element $1 here"; }

need_tool gst-launch-1.0
need_tool gst-inspect-1.0
has_element mediaheapupload || {
    fail "mediaheapupload is not found; GST_PLUGIN_PATH is '${GST_PLUGIN_PATH:-}'"
    finish
}

# launch NAME ARGUMENT...: runs gst-launch-1.0 -v; output and log go to $work/NAME.out and .log, the
# status to $status. Nothing that is logged at the level of warnings is wanted.
launch() {
    local name=$1
    shift
    status=0
    GST_DEBUG=${GST_DEBUG:-2,GST_PERFORMANCE:5} GST_DEBUG_NO_COLOR=1 \
        GST_DEBUG_FILE=$work/$name.log \
        timeout 300 gst-launch-1.0 -v "$@" >"$work/$name.out" 2>&1 </dev/null || status=$?
}

# played NAME: the pipeline came to its end without an error.
played() {
    if ((status == 0)) && grep -q 'Got EOS' "$work/$1.out" && ! grep -q '^ERROR' "$work/$1.out"; then
        passed "$1 played to its end"
    else
        fail "$1: status $status"
        told "$work/$1.out"
    fi
}

# log_is_clean NAME: no warning and no error, and GStreamer's own copy of memory never ran. (Sources
# that are pulled from warn of a pad that is not active yet, with or without us.)
log_is_clean() {
    [[ -s $work/$1.log ]] || fail "$1 logged nothing at all, not even what performance costs"
    if grep -E ' (WARN|ERROR|FIXME) ' "$work/$1.log" | grep -v 'pad not activated yet$' >"$work/found"; then
        fail "$1: warnings in the log"
        told "$work/found"
    elif grep '_fallback_mem_copy' "$work/$1.log" >"$work/found"; then
        fail "$1: GStreamer's fallback copied memory"
        told "$work/found"
    else
        passed "$1 logged no warning and no copy of memory"
    fi
}

# copied NAME ELEMENT PASSED COPIED BYTES: what the element's statistics said at the end.
copied() {
    local line
    line=$(grep "$2: stats = " "$work/$1.out" | tail -n 1) || true
    if [[ $line == *"buffers-passed=(guint64)$3, buffers-copied=(guint64)$4, bytes-copied=(guint64)$5,"* ]] ||
        [[ $line == *"buffers-passed=(guint64)$3, buffers-copied=(guint64)$4, bytes-copied=(guint64)$5;"* ]]; then
        passed "$1: $2 passed $3 buffers, copied $4, $5 bytes"
    else
        fail "$1: $2 was to pass $3 buffers and to copy $4, $5 bytes, but says: ${line:-nothing}"
    fi
}
