# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints those of the machine's apt sources that serve one of the suites in `from`, each turned to
# the suite `to`, component main, with every other option (keys, trust, architectures) as it was.
#   awk -v from="bookworm stable" -v to=bookworm-backports -v format=list|sources -f sources.awk FILE...
# The two formats of sources.list(5): one line per entry (*.list), and deb822 stanzas (*.sources).

BEGIN {
    n = split(from, names, " ")
    for (i = 1; i <= n; i++) wanted[names[i]] = 1
}

function serves(suites,    i, n, words) {
    n = split(suites, words, /[ \t\n]+/)
    for (i = 1; i <= n; i++)
        if (words[i] in wanted) return 1
    return 0
}

function one_line(line,    options, words) {
    sub(/#.*/, "", line)
    if (line !~ /^[ \t]*deb[ \t]/) return
    sub(/^[ \t]*deb[ \t]+/, "", line)
    options = ""
    if (match(line, /^\[[^]]*\][ \t]*/)) {
        options = substr(line, 1, RLENGTH)
        line = substr(line, RLENGTH + 1)
    }
    split(line, words, /[ \t]+/)
    if (words[1] ~ /^cdrom:/ || !serves(words[2])) return
    print "deb " options words[1] " " to " main"
}

function end_of_stanza() {
    if (serves(field["suites"]) && field["types"] ~ /(^|[ \t\n])deb([ \t\n]|$)/ &&
        tolower(field["enabled"]) !~ /^[ \t]*(no|false|0|off|without|disable)/ && field["uris"] !~ /cdrom:/)
        print "Types: deb\nSuites: " to "\nComponents: main\n" rest
    delete field
    rest = ""
    name = ""
}

format == "list" { one_line($0); next }

FNR == 1 && NR > 1 { end_of_stanza() }
/^#/ { next }
/^[ \t]*$/ { end_of_stanza(); next }
/^[ \t]/ {  # a field goes on
    field[name] = field[name] "\n" $0
    if (name !~ /^(types|suites|components|enabled)$/) rest = rest $0 "\n"
    next
}
{
    name = tolower(substr($0, 1, index($0, ":") - 1))
    field[name] = substr($0, index($0, ":") + 1)
    if (name !~ /^(types|suites|components|enabled)$/) rest = rest $0 "\n"
}
END { if (format == "sources") end_of_stanza() }
