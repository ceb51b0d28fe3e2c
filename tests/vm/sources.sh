# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Debian suites other than the machine's own, from the mirrors that the machine itself uses. Whoever
# sources this has die STATUS MESSAGE.

# The release that this machine runs.
own_codename() {
    local codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    [[ -n $codename ]] || die 69 "/etc/os-release names no Debian release; this needs Debian 12 or later"
    echo "$codename"
}

# derive_sources DIRECTORY CODENAME SUITE: the machine's sources for SUITE where it has any, else
# those of its own release turned to SUITE.
derive_sources() {
    local directory=$1 codename=$2 suite=$3 list='' parts='' from format files
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    for from in "$suite" "$codename stable oldstable oldoldstable"; do
        for format in list sources; do
            files=()
            [[ $format != list || ! -r $list ]] || files=("$list")
            while read -r file; do files+=("$file"); done \
                < <(find "$parts" -maxdepth 1 -name "*.$format" -readable 2>/dev/null | sort)
            ((${#files[@]} == 0)) ||
                awk -v from="$from" -v to="$suite" -v format=$format \
                    -f "$(dirname "${BASH_SOURCE[0]}")/sources.awk" \
                    "${files[@]}" >"$directory/debian.$format"
        done
        cat "$directory"/debian.* 2>/dev/null | grep -q . && return
    done
    die 69 "the apt sources of this machine name no Debian mirror for $codename" \
        "($list and $parts); add one and try again"
}
