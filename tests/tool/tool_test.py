#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tool_test.py TOOL VERSION MANUAL: runs the mediaheap tool as people do."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

TOOL, VERSION, MANUAL = sys.argv[1:4]


def run(*arguments, **environment):
    clean = {k: v for k, v in os.environ.items() if k != "MEDIAHEAP_DEFAULT"}
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True,
                          env={**clean, **environment}, timeout=60)


class ListCommand(unittest.TestCase):
    def test_every_source_is_usable_or_says_why_not(self):
        done = run("list", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        sources = json.loads(done.stdout)["sources"]
        names = [s["heap"] for s in sources]
        for expected in ("dma-heap:system", "udmabuf", "memfd"):
            self.assertIn(expected, names)
        for source in sources:
            self.assertEqual(source["usable"], source["reason"] == "", source)

    def test_memfd_works_everywhere_and_is_no_dmabuf(self):
        sources = json.loads(run("list", "--json").stdout)["sources"]
        memfd = next(s for s in sources if s["heap"] == "memfd")
        self.assertTrue(memfd["usable"])
        self.assertFalse(memfd["dmabuf"])

    def test_a_missing_node_is_named_with_its_remedy(self):
        if os.path.exists("/dev/udmabuf"):
            self.skipTest("this machine has /dev/udmabuf")
        text = run("list").stdout
        self.assertRegex(text, r"open /dev/udmabuf: no such device node; .*modprobe udmabuf")

    def test_auto_is_the_first_usable_source_that_it_considers(self):
        document = json.loads(run("list", "--json").stdout)
        first = next(s["heap"] for s in document["sources"] if s["usable"] and s["automatic"])
        self.assertEqual(document["auto"].split(",")[0], first.split(",")[0])

    def test_auto_follows_the_environment(self):
        done = run("list", MEDIAHEAP_DEFAULT="memfd,size=8M")
        self.assertIn("auto is memfd,size=8M, as MEDIAHEAP_DEFAULT says", done.stdout)

    def test_an_environment_that_makes_no_sense_fails_with_its_name(self):
        done = run("list", MEDIAHEAP_DEFAULT="auto")
        self.assertEqual(done.returncode, 1)
        self.assertIn("MEDIAHEAP_DEFAULT=auto", done.stdout)

    def test_a_full_disk_is_no_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([TOOL, "list"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be written", done.stderr)


class CommandLine(unittest.TestCase):
    def test_help_names_every_command(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"(?m)^\s+list\s")

    def test_version_is_the_projects(self):
        self.assertEqual(run("--version").stdout.strip(), "mediaheap " + VERSION)

    def test_wrong_words_are_named_and_exit_with_2(self):
        for arguments, word in ((["bogus"], "bogus"), (["list", "--bogus"], "--bogus"),
                                (["list", "extra"], "extra")):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(word, done.stderr)

    def test_without_a_command_it_explains_itself_and_exits_with_2(self):
        done = run()
        self.assertEqual(done.returncode, 2)
        self.assertIn("list", done.stderr)


class Manual(unittest.TestCase):
    def test_it_covers_every_command_and_option(self):
        with open(MANUAL, encoding="utf-8") as file:
            page = file.read().replace("\\-", "-")
        commands = re.findall(r"(?m)^  (\w+)  ", run("--help").stdout.split("Subcommands:")[1])
        self.assertTrue(commands)
        for command in commands:
            self.assertRegex(page, r"(?m)^\.B " + command)
            for option in re.findall(r"--[a-z-]+", run(command, "--help").stdout):
                self.assertIn(option, page)

    def test_it_is_sound_roff(self):
        if not shutil.which("man"):
            self.skipTest("man is not installed")
        done = subprocess.run(["man", "-l", "--warnings", "-E", "UTF-8", MANUAL],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("mediaheap list", done.stdout)


unittest.main(argv=[sys.argv[0]], verbosity=2)
