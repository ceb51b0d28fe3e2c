# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/matrix.md: one table for each GStreamer, and under it the reasons that its cells name."""

import re

from cells import SOURCES


def told(verdicts):
    """What the cells of one row say, by source: the kind, and where it is no zero-copy why and where."""
    return {source: v.kind if v.kind == "zero-copy" else f"{v.kind}: {v.why} ({v.where})"
            for source, v in verdicts.items()}


def section(version, rows):
    lines = [f"## GStreamer {version}", "", "| | " + " | ".join(f"`{s}`" for s in SOURCES) + " |",
             "|---" * (len(SOURCES) + 1) + "|"]
    notes = []
    for name, verdicts in rows.items():
        cells = []
        for source in SOURCES:
            text = told(verdicts)[source]
            if text == "zero-copy":
                cells.append(text)
                continue
            kind, _, note = text.partition(": ")
            if note not in notes:
                notes.append(note)
            cells.append(f"{kind} [{notes.index(note) + 1}]")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("")
    lines += [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n".join(lines) + "\n"


def span(document, version):
    found = re.search(rf"^## GStreamer {re.escape(version)}\n(?:(?!^## ).*\n?)*", document, re.M)
    return found.span() if found else None


def replaced(document, version, rows):
    fresh = section(version, rows)
    if (where := span(document, version)) is None:
        return document.rstrip("\n") + "\n\n" + fresh
    rest = document[where[1]:]
    return document[:where[0]] + fresh + ("\n" + rest if rest else "")


def rows(document, version):
    """The same as told(), by consumer, read back out of the document."""
    if (where := span(document, version)) is None:
        return {}
    text = document[where[0]:where[1]]
    notes = dict(re.findall(r"^(\d+)\. (.*)$", text, re.M))
    kept = {}
    for line in re.findall(r"^\| (.+) \|$", text, re.M):
        name, *cells = [cell.strip() for cell in line.split(" | ")]
        if name in ("", "|") or len(cells) != len(SOURCES):
            continue
        kept[name] = {}
        for source, cell in zip(SOURCES, cells):
            match = re.fullmatch(r"(\S+) \[(\d+)\]", cell)
            kept[name][source] = f"{match[1]}: {notes.get(match[2])}" if match else cell
    return kept
