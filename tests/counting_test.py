#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""That every way a test program can end is counted for what it is."""

import unittest

from counting import count_program

PASSED = "[ RUN      ] Heap.Opens\n[       OK ] Heap.Opens (0 ms)\n"
SKIPPED = "[ RUN      ] Heap.Maps\na.cpp:3: Skipped\nno node\n\n[  SKIPPED ] Heap.Maps (1 ms)\n"
FAILED = ("[ RUN      ] All/Heap.Frees/0\nnoise[  FAILED  ] All/Heap.Frees/0, where GetParam() = 3 (12 ms)\n"
          "[  FAILED  ] 1 test, listed below:\n[  FAILED  ] All/Heap.Frees/0, where GetParam() = 3\n")
BEGUN = "[ RUN      ] Heap.Crashes\n"


class Counting(unittest.TestCase):
    def check(self, output, status, passed, failed, skipped):
        counts = count_program(output, status)
        self.assertEqual((counts.passed, counts.failed, counts.skipped), (passed, failed, skipped))

    def test_cases_of_googletest(self):
        self.check(PASSED, 0, 1, 0, 0)
        self.check(PASSED + SKIPPED, 0, 1, 0, 1)
        self.check(PASSED + FAILED + SKIPPED, 1, 1, 1, 1)

    def test_a_crash_fails_the_case_it_happened_in(self):
        self.check(PASSED + BEGUN, -11, 1, 1, 0)
        self.check(BEGUN, -6, 0, 1, 0)

    def test_a_failure_outside_all_cases_is_one(self):
        self.check(PASSED, 1, 1, 1, 0)
        self.check("1..1\nok 1\n", 1, 1, 1, 0)

    def test_all_skipped_is_never_passed(self):
        self.check(SKIPPED, 77, 0, 0, 1)
        self.check("", 77, 0, 0, 1)
        self.check("1..0 # SKIP no kernel\n", 0, 0, 0, 1)
        self.check("1..1\nok 1 # skip no kernel\n", 0, 0, 0, 1)

    def test_skipped_beside_a_failure_does_not_hide_it(self):
        self.check(SKIPPED + FAILED, 77, 0, 1, 1)

    def test_cases_of_tap(self):
        self.check("1..3\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP c\n", 1, 1, 1, 1)
        self.check("ok - a\nok - b\n1..2\n", 0, 2, 0, 0)

    def test_a_tap_case_that_never_came_has_failed(self):
        self.check("1..3\nok 1\n", 0, 1, 2, 0)

    def test_any_other_program_is_one_case(self):
        self.check("OK\n", 0, 1, 0, 0)
        self.check("", 3, 0, 1, 0)
        self.check("ok what I say\n", -9, 0, 1, 0)


if __name__ == "__main__":
    unittest.main()
