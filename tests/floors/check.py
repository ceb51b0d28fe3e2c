#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check.py WHAT ARGUMENT...: one check of the tree's structure; prints every finding, exits 1 on any."""
import os
import re
import subprocess
import sys
import tempfile

# A room may include its own headers, the rooms named here, and public headers that its line allows.
LIB = ["base", "kernel", "pages", "sync", "soc", "sources", "tables", "heap"]
MAY_INCLUDE = {
    "base": set(),
    "kernel": {"base"},
    "pages": {"base"},
    "sync": {"base", "kernel"},
    "soc": {"base", "kernel", "sync"},
    "sources": {"base", "kernel", "sync", "soc"},
    "tables": {"base", "kernel"},
    "heap": {"base", "kernel", "pages", "sync", "soc", "sources", "tables"},
}
# The plan places as a heap does, and the tool reads the tables that the library writes, and heap
# strings as the library reads them.
TOOLS_MAY_INCLUDE = {"plan": {"base", "pages"}, "mediaheap": {"base", "heap", "kernel", "tables"}}
# ArtInChip's interface takes buffers of others too, which only the kernel can be asked about.
COMPAT_MAY_INCLUDE = {"artinchip": {"base", "kernel", "sync"}}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
LONGEST_FILE = 500
STRIPPED_LIMIT = 400 * 1000


def tracked(tree):
    """The files of the tree as git knows them; all files where it is no checkout."""
    listed = subprocess.run(["git", "-C", tree, "ls-files"], capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        return [p for p in listed.stdout.splitlines() if os.path.exists(os.path.join(tree, p))]
    found = []
    for folder, folders, names in os.walk(tree):
        folders[:] = [f for f in folders if not f.startswith((".", "build"))]
        found += [os.path.relpath(os.path.join(folder, n), tree) for n in names]
    return found


def read(tree, path):
    with open(os.path.join(tree, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def code_files(tree):
    found = [p for p in tracked(tree) if p.endswith((".cpp", ".h", ".c"))]
    if len(found) < 50:
        sys.exit(f"{tree}: only {len(found)} source files found; is this the tree?")
    return found


def check_includes(tree):
    wrong = []
    for path in code_files(tree):
        parts = path.split("/")
        for bracket, name in INCLUDE.findall(read(tree, path)):
            gst = bracket == "<" and name.startswith(("gst/", "glib", "gio/"))
            if parts[0] == "lib" and gst:
                wrong.append(f"{path}: the core knows neither GLib nor GStreamer, but includes <{name}>")
            if parts[:2] == ["lib", "include"] and bracket == '"':
                wrong.append(f'{path}: a public header includes the private "{name}"')
            if parts[:2] == ["lib", "src"] and bracket == '"':
                room, other = parts[2], name.split("/")[0]
                if other not in LIB:
                    wrong.append(f'{path}: "{name}" names no room of lib/src')
                elif other != room and other not in MAY_INCLUDE[room]:
                    wrong.append(f"{path}: {room} stands under {other} and may not include {name}")
            allowed = COMPAT_MAY_INCLUDE.get(parts[2], set()) if parts[:2] == ["lib", "compat"] else set()
            if parts[:2] == ["lib", "compat"] and bracket == '"' and name.split("/")[0] in set(LIB) - allowed:
                wrong.append(f'{path}: only the public headers of the core, not "{name}"')
            allowed = TOOLS_MAY_INCLUDE.get(parts[1], set()) if parts[0] == "tools" else set()
            if parts[0] in ("gst", "tools") and bracket == '"' and name.split("/")[0] in set(LIB) - allowed:
                wrong.append(f'{path}: only the public headers of the core, not "{name}"')
            if parts[:2] == ["gst", "mediaheap"] and "plugin" in name:
                wrong.append(f"{path}: the library stands under the plugin and may not include {name}")
            if parts[0] == "tools" and parts[1] == "mediaheap" and gst:
                wrong.append(f"{path}: the tool needs no GStreamer, but includes <{name}>")
    return wrong


def check_lines(tree):
    return [
        f"{path}: {count} lines, more than {LONGEST_FILE}; look for two rooms in it"
        for path in code_files(tree)
        if (count := read(tree, path).count("\n")) > LONGEST_FILE
    ]


def check_licence(tree):
    wrong = []
    for path in tracked(tree):
        name = os.path.basename(path)
        known = name.endswith((".cpp", ".h", ".c", ".py", ".sh", ".1", ".build")) or name in (
            "dev", "run", "meson_options.txt")
        # A kernel module uses what the kernel exports to GPL modules only.
        of_kernel = path.startswith("tests/kernel/modules/") and name.endswith((".c", ".h"))
        licence = "GPL-2.0-only" if of_kernel else "LGPL-2.1-or-later"
        if known and f"SPDX-License-Identifier: {licence}" not in read(tree, path)[:400]:
            wrong.append(f"{path}: no SPDX-License-Identifier: {licence} at its top")
    return wrong


def installed_headers(folder):
    found = []
    for where, _, names in os.walk(folder):
        for name in names:
            inside = os.path.abspath(os.path.join(where, name))
            # Private headers of the GStreamer library are C++ or say so in their name.
            if name.endswith(".h") and "-private" not in name and "_" not in name or (
                    name.endswith(".h") and ("include/mediaheap" in where or
                                             re.search(r"compat/\w+/include", where))):
                found.append(inside)
    return sorted(found)


def check_headers(folder, compiler):
    wrong = []
    headers = installed_headers(folder)
    if len(headers) < 4:
        return [f"{folder}: only {len(headers)} headers found"]
    language = "c++" if "-std=c++17" in compiler else "c"
    for header in headers:
        with tempfile.NamedTemporaryFile("w", suffix="." + language.replace("++", "pp")) as file:
            file.write(f'#include "{header}"\n#include "{header}"\n')
            file.flush()
            done = subprocess.run(
                [*compiler, "-x", language, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", file.name],
                capture_output=True, text=True)
        print(f"{'ok' if done.returncode == 0 else 'no'}   {os.path.basename(header)}")
        if done.returncode != 0:
            wrong.append(f"{header} does not compile alone:\n{done.stderr}")
    return wrong


def check_links(library):
    needed = subprocess.run(["readelf", "-d", library], capture_output=True, text=True,
                            check=True).stdout
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", needed)
    allowed = re.compile(r"lib(c|m|stdc\+\+|gcc_s|pthread|asan|tsan|ubsan)\.so|ld-linux|libclang_rt")
    return [f"{library} links {n}" for n in names if not allowed.match(n)] if names else [
        f"{library}: readelf names no library at all"]


def check_size(library):
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "-o", copy.name, library], check=True)
        size = os.path.getsize(copy.name)
    print(f"{size} bytes stripped, {STRIPPED_LIMIT} allowed")
    return [f"{library}: {size} bytes stripped"] if size > STRIPPED_LIMIT else []


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "headers":
        split = arguments.index("--")
        wrong = check_headers(arguments[0], arguments[split + 1:])
    else:
        wrong = globals()["check_" + what](*arguments)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


sys.exit(main())
