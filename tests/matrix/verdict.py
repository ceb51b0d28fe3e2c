# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a cell of docs/matrix.md is, by what was measured while it was played."""

import dataclasses
import re

import reasons

# Whose memcpy() moves the two views of simulated memory, as its hardware would.
OURS = "libmediaheap.so"
LOG = re.compile(r"^(ERROR|WARN)\s+(\S+:\d+) (\w+): (.*)$")
# What is logged in every run, with or without a heap.
NOISE = re.compile(r"GstAllocationParams|pad not activated yet|Failed to get default (crop|compose)|"
                   r"VIDIOC_CROPCAP|uncertain or not implemented|error: Internal data stream error")


@dataclasses.dataclass
class Cell:
    """The facts of one run."""
    values: dict
    copied: dict  # bytes that memcpy() carried into or out of the heap, by library
    log: list  # (level, file:line, function, message)

    def number(self, key):
        return int(self.values.get(key, 0))

    @property
    def ended(self):
        return self.values.get("ended") == "1"


@dataclasses.dataclass(frozen=True)
class Verdict:
    kind: str  # zero-copy, copies, refused; or wrong, with what it was that should not be
    why: str = ""
    where: str = ""  # file:line that says so


def parse(output):
    """The cells of one consumer by source."""
    cells, cell = {}, None
    for line in output.splitlines():
        key, _, value = line.partition(" ")
        if key == "cell":
            cell = cells[value] = Cell({}, {}, [])
        elif cell is None:
            continue
        elif key == "over":
            cell.values["over"] = "1"
        elif key == "copied":
            library, into, out_of = value.split()
            cell.copied[library] = int(into) + int(out_of)
        elif key == "log":
            if match := LOG.match(value):
                cell.log.append(match.groups())
        else:
            cell.values.setdefault(key, value)
    return cells


def plain(message):
    """Without addresses, names and numbers of this one run."""
    message = re.sub(r"0x[0-9a-f]+", "...", message)
    message = re.sub(r"<[^>]*> ", "", message)
    return message.strip().rstrip(".").replace("|", "/")


def refusal(cell):
    told = [entry for entry in cell.log if not NOISE.search(entry[3])]
    for level in ("ERROR", "WARN"):
        for entry in told:
            if entry[0] == level:
                return Verdict("refused", plain(entry[3]), entry[1])
    details = cell.values.get("details", "")
    place = re.search(r"([\w.]+)\((\d+)\): (.*)$", details)
    why = cell.values.get("error", "played without a word to no end")
    return Verdict("refused", plain(why), f"{place[1]}:{place[2]}" if place else "")


def judge(consumer, cell, reference, version):
    if cell is not None and "unmappable" in cell.values and not cell.ended:
        return Verdict("refused", *reasons.UNMAPPABLE)
    if cell is None or "over" not in cell.values:
        return Verdict("wrong", "the program ended in the middle of it")
    frames = cell.number("frames")
    if not cell.ended or frames == 0:
        return refusal(cell)
    if reference is None or not reference.ended:
        return Verdict("wrong", "the same without a heap did not play")
    if cell.values["sum"] != reference.values["sum"]:
        return Verdict("wrong", f"the bytes are not those of a run without a heap"
                                f" ({cell.values['sum']}, {reference.values['sum']})")
    libraries = {name: bytes for name, bytes in cell.copied.items()
                 if not name.startswith(OURS) and bytes * 2 >= cell.number("bytes")}
    if libraries:
        if known := reasons.of_copy(consumer.name, sorted(libraries), version):
            return Verdict("copies", *known)
        return Verdict("wrong", "a copy without a known place, in " + ", ".join(sorted(libraries)))
    if cell.number("buffers-copied") or cell.number("in-heap") < frames:
        return Verdict("copies", f"into the heap, by mediaheapupload: {cell.number('in-heap')} of"
                                 f" {frames} frames came in memory of the heap")
    if consumer.taken and cell.number(consumer.taken) == 0:
        return Verdict("wrong", f"nothing was {consumer.taken}")
    if consumer.once and cell.number(consumer.taken) > cell.number("memories"):
        return Verdict("wrong", f"{cell.number(consumer.taken)} imports of {cell.number('memories')}"
                                " memories: each is to be imported once")
    return Verdict("zero-copy")
