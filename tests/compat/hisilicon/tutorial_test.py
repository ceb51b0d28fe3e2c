#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tutorial_test.py BOARD PROGRAM... LEAKY: the tutorial's program prints what it prints on its board."""
import os
import subprocess
import sys
import unittest

BOARD, PROGRAMS, LEAKY = sys.argv[1], sys.argv[2:-1], sys.argv[-1]


def run(program, heap, **more):
    environment = {**os.environ, "MEDIAHEAP_DEFAULT": heap}
    return subprocess.run([program], input="\n", capture_output=True, text=True, env=environment,
                          timeout=60, **more)


class Tutorial(unittest.TestCase):
    def check(self, heap):
        for program in PROGRAMS:
            with self.subTest(program=program, heap=heap):
                done = run(program, heap)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stderr, "")
                lines = done.stdout.splitlines()
                self.assertIn("phy: 0x44226000", lines)
                self.assertIn("phy_cache: 0x44326000", lines)
                self.assertIn("phy_addr: 0x44326000 cache: 1", lines)

    def test_prints_the_addresses_of_its_board_on_a_simulated_one(self):
        self.check("simulated,mmz=@" + BOARD)

    def test_prints_them_on_shared_memory(self):
        self.check("memfd,mmz=@" + BOARD)

    def test_goes_on_without_any_heap_as_it_would_without_the_device(self):
        for program in PROGRAMS:
            done = run(program, "udmabuf,mmz=@/no/such/file")
            self.assertEqual(done.returncode, 0)
            self.assertIn("phy: 0", done.stdout.splitlines())
            self.assertIn("get vir mem info failed.", done.stdout.splitlines())
            self.assertIn("HI_MPI_SYS_MmzAlloc: heap 'auto'", done.stderr)


class Leaks(unittest.TestCase):
    def test_are_named_at_exit_with_process_address_size_and_name(self):
        environment = {**os.environ, "MEDIAHEAP_DEFAULT": "memfd,mmz=@" + BOARD}
        process = subprocess.Popen([LEAKY], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=environment)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(errors, "".join(
            f"mediaheap: MMB LEAK(pid={process.pid}): {what}\n" for what in (
                "0x44226000, 8192 bytes, 'preview'", "0x44228000, 4096 bytes, '<null>'")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
