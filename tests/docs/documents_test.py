#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""documents_test.py TREE: holds the documents to the tree.

A fenced block marked `sh` is run, line by line, or as a whole where it is a script and begins with #!.
One marked `sh ci` takes too long or needs the whole
machine: each of its lines must stand in .ci/run or tests/install/run, which run it. `c` and `cpp` blocks must be excerpts
of the programs in docs/examples, which are compiled and run.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

TREE = os.path.abspath(sys.argv[1])
DOCUMENTS = sorted(
    [os.path.join(TREE, name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    + glob.glob(os.path.join(TREE, "docs", "*.md")))
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)#]+?)(#[^)]*)?\)")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def blocks(kind):
    return [(path, body) for path in DOCUMENTS for info, body in BLOCK.findall(read(path))
            if info.strip() == kind]


def links(path):
    targets = [target for target, _ in LINK.findall(read(path)) if "://" not in target]
    return [os.path.normpath(os.path.join(os.path.dirname(path), t)) for t in targets]


def commands(body):
    """How a block is run."""
    if body.startswith("#!"):
        interpreter = body.splitlines()[0][2:].split()
        return [(body, [*interpreter, "-c", body])]
    return [(line, ["bash", "-ec", line]) for line in body.splitlines() if line]


class Commands(unittest.TestCase):
    def setUp(self):
        # Of the machine's own processes none is looked at, nor asked for its heap.
        self.runtime = tempfile.TemporaryDirectory(prefix="mediaheap-test-")
        self.addCleanup(self.runtime.cleanup)

    def test_every_command_runs(self):
        found = [(path, *command) for path, body in blocks("sh") for command in commands(body)]
        self.assertGreater(len(found), 4)
        for path, text, command in found:
            with self.subTest(command=text):
                done = subprocess.run(
                    command, cwd=TREE, capture_output=True, text=True, timeout=60,
                    env={**os.environ, "MEDIAHEAP_RUNTIME_DIR": self.runtime.name + "/heaps"})
                self.assertEqual(done.returncode, 0, f"{path}: {text}\n{done.stdout}{done.stderr}")

    def test_what_is_too_large_to_run_here_is_run_by_ci(self):
        script = "".join(read(os.path.join(TREE, p)) for p in (".ci/run", "tests/install/run"))
        for path, body in blocks("sh ci"):
            for line in filter(None, body.splitlines()):
                with self.subTest(command=line):
                    self.assertIn(line, script, path)

    def test_no_block_of_commands_escapes_by_its_mark(self):
        known = {"sh", "sh ci", "c", "cpp", ""}
        for path in DOCUMENTS:
            for info, _ in BLOCK.findall(read(path)):
                self.assertIn(info.strip(), known, path)


class Excerpts(unittest.TestCase):
    def test_every_excerpt_is_of_a_program_that_runs(self):
        programs = {"c": "*.c", "cpp": "*.cpp"}
        for kind, pattern in programs.items():
            sources = [read(p) for p in glob.glob(os.path.join(TREE, "docs/examples", pattern))]
            self.assertTrue(sources)
            for path, body in blocks(kind):
                self.assertTrue(any(body in source for source in sources), f"{path}:\n{body}")


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for path in DOCUMENTS:
            for target in links(path):
                self.assertTrue(os.path.exists(target), f"{path} links to {target}")

    def test_every_document_and_example_is_two_hops_from_the_readme(self):
        first = set(links(os.path.join(TREE, "README.md")))
        second = {t for hop in first if hop.endswith(".md") for t in links(hop)}
        wanted = set(DOCUMENTS) - {os.path.join(TREE, "README.md")}
        wanted |= set(glob.glob(os.path.join(TREE, "docs/examples/hello*")))
        self.assertEqual(wanted - first - second, set())


unittest.main(argv=[sys.argv[0]], verbosity=2)
