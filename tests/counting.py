# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the test cases of one program by what it printed and how it ended."""

import re

EXIT_SKIPPED = 77

# GoogleTest's own printer. Its XML would not do: a program that crashes leaves none.
GTEST_CASE = re.compile(r"\[\s*(OK|FAILED|SKIPPED)\s*\] (\S+?),?(?: .*)? \(\d+ ms\)$", re.M)
GTEST_START = re.compile(r"\[ RUN      \] (\S+)$", re.M)
GTEST_SKIP_REASON = re.compile(r": Skipped\n(.+)$", re.M)
TAP_PLAN = re.compile(r"^1\.\.(\d+)", re.M)
TAP_CASE = re.compile(r"^(ok|not ok)\b.*?(#\s*(?:SKIP|TODO)\b.*)?$", re.M | re.I)


class Counts:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = int(passed), int(failed), int(skipped)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def total(self):
        return self.passed + self.failed + self.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_gtest(output):
    counts, ended = Counts(), set()
    for kind, name in GTEST_CASE.findall(output):
        counts += Counts(kind == "OK", kind == "FAILED", kind == "SKIPPED")
        ended.add(name)
    # A case that began and never ended took the program down with it.
    counts.failed += len(set(GTEST_START.findall(output)) - ended)
    return counts


def count_tap(output):
    counts = Counts()
    for kind, directive in TAP_CASE.findall(output):
        passed, skipped = kind.lower() == "ok", bool(directive)
        counts += Counts(passed and not skipped, not passed and not skipped, skipped)
    planned = int(TAP_PLAN.search(output).group(1))
    counts.failed += max(0, planned - counts.total())
    return counts if planned else Counts(skipped=1)


def count_program(output, status):
    """The cases of a program with this output and exit status (negative: killed by that signal).

    What is neither GoogleTest's nor TAP is one case. A status that is not 0 is at least one failure
    (a leak report, a sanitizer, a failure outside any case), except the one that means skipped.
    """
    if GTEST_START.search(output):
        counts = count_gtest(output)
    elif TAP_PLAN.search(output):
        counts = count_tap(output)
    else:
        counts = Counts(passed=status == 0)
    if status == EXIT_SKIPPED and counts.passed + counts.failed == 0:
        return Counts(skipped=max(counts.skipped, 1))
    if status != 0 and counts.failed == 0:
        counts.failed = 1
    return counts
