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


BOARD = """
[plan]
page = 4K
[display fb0]
size = 1024x600
format = ARGB8888
buffers = 2
[audio]
i2s = yes
[camera hd]
size = 1920x1080
format = NV12
buffers = 3
[camera uhd]
size = 3840x2160
format = NV12
buffers = 2
[codec still]
type = jpeg
size = 3840x2160
quality = 90
[mode 1080p]
items = hd
[mode 4k]
items = uhd
[mode capture]
items = uhd, still
"""


def plan(text, *arguments):
    return subprocess.run([TOOL, "plan", "-", *arguments], input=text, capture_output=True,
                          text=True, timeout=120)


class PlanCommand(unittest.TestCase):
    def test_the_numbers_of_the_vendors_document_come_out(self):
        text = plan(BOARD).stdout
        self.assertIn("fb0 (display, beside the heap): 4915200 bytes", text)
        self.assertIn("2 x 1024 * 600 * (32 / 8)", text)
        self.assertIn("audio (audio, beside the heap): 2621440 bytes", text)

    def test_every_item_has_its_formula_and_its_source(self):
        for item in json.loads(plan(BOARD, "--json").stdout)["items"]:
            self.assertTrue(item["formula"] and item["source"], item)

    def test_the_sum_is_a_multiple_of_4_mib_and_holds_everything(self):
        document = json.loads(plan(BOARD, "--json").stdout)
        self.assertEqual(document["cma"] % (4 << 20), 0)
        self.assertGreaterEqual(document["cma"],
                                document["heap"] + document["others"] + document["margin"])

    def test_a_heap_too_tight_for_the_modes_is_shown_with_the_order_and_a_larger_one_is_found(self):
        done = plan(BOARD)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"does not fit a heap of \d+ bytes under best fit")
        self.assertRegex(done.stdout, r"there is no place for \w+ \w+ of \d+ bytes")
        self.assertRegex(done.stdout, r"  fits a heap of \d+ bytes under best fit: every order")

    def test_a_heap_that_the_file_gives_and_that_is_too_small_is_answered_with_one_that_fits(self):
        given = BOARD.replace("[plan]", "[plan]\nheap = 32M")
        done = plan(given)
        self.assertEqual(done.returncode, 1)
        self.assertIn("An order that does not fit:", done.stdout)
        cma, heap = re.search(r"boot with cma=(\d+)M, for a heap of (\d+)M\n", done.stdout).groups()
        fitting = plan(BOARD.replace("[plan]", f"[plan]\nheap = {heap}M"))
        self.assertEqual(fitting.returncode, 0, fitting.stdout)
        self.assertIn(f"boot with cma={cma}M\n", fitting.stdout)
        document = json.loads(plan(given, "--json").stdout)
        self.assertEqual((document["heap_given"], document["heap"], document["cma"], document["fits"]),
                         (32 << 20, int(heap) << 20, int(cma) << 20, False))
        self.assertEqual([s["fits"] for s in document["searches"]], [False, True])

    def test_a_mode_that_needs_more_than_the_whole_heap_is_said_first_and_not_searched(self):
        given = BOARD.replace("[plan]", "[plan]\nheap = 4M")
        done = plan(given)
        self.assertEqual(done.returncode, 1)
        self.assertIn("too small: mode 4k by itself needs 24887296 bytes", done.stdout)
        self.assertNotIn("An order that does not fit", done.stdout)
        self.assertRegex(done.stdout, r"boot with cma=\d+M, for a heap of \d+M\n")
        document = json.loads(plan(given, "--json").stdout)
        self.assertEqual([m["mode"] for m in document["too_large"]], ["1080p", "4k", "capture"])
        self.assertEqual([s["fits"] for s in document["searches"]], [True])

    def test_where_nothing_is_in_the_heap_there_is_no_sequence(self):
        done = plan("[audio]\n")
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("Sequence", done.stdout)
        self.assertEqual(json.loads(plan("[audio]\n", "--json").stdout)["searches"], [])

    def test_what_is_sampled_says_so_with_its_seed_and_count(self):
        done = plan(BOARD, "--states", "5", "--samples", "50", "--seed", "7")
        self.assertIn("SAMPLED, not proved: 50 orders", done.stdout)
        self.assertIn("drawn with seed 7", done.stdout)

    def test_a_mistake_is_named_with_its_line(self):
        done = plan("[audio]\nvolume = 3\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard input:2: [audio] takes no key 'volume'", done.stderr)

    def test_a_file_that_is_not_there_is_named(self):
        done = run("plan", "/nowhere/board.plan")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/board.plan", done.stderr)
        self.assertEqual(run("plan", "/").returncode, 1)

    def test_the_examples_of_the_manual_are_plans(self):
        with open(MANUAL, encoding="utf-8") as file:
            page = file.read().replace("\\-", "-")
        example = re.search(r"(?ms)^# A player.*?(?=^\.fi)", page).group(0)
        done = plan(example)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def steps(*arguments):
    done = run("selftest", "--json", *arguments)
    return done.returncode, {s["step"]: s for s in json.loads(done.stdout)["steps"]}


class SelftestCommand(unittest.TestCase):
    STEPS = ["open", "allocate", "map", "sync", "export", "import", "coherence", "recycle",
             "exhaust", "speed cached", "speed uncached"]

    def test_memfd_does_what_it_can_and_says_why_not_the_rest(self):
        status, found = steps("memfd")
        self.assertEqual(status, 0)
        self.assertEqual(list(found), self.STEPS)
        for step in ("open", "allocate", "map", "export", "recycle", "exhaust", "speed cached"):
            self.assertEqual(found[step]["outcome"], "ok", found[step])
        for step in ("sync", "import", "coherence", "speed uncached"):
            self.assertEqual(found[step]["outcome"], "not possible", found[step])
        self.assertIn("no driver imports it", found["import"]["text"])

    def test_the_simulated_machine_is_not_coherent_and_shows_it(self):
        status, found = steps("simulated,size=4M")
        self.assertEqual(status, 0)
        for step in self.STEPS:
            self.assertEqual(found[step]["outcome"], "ok", found[step])
        self.assertIn("262144 of 262144 bytes were stale without a sync, 0 with one",
                      found["coherence"]["text"])
        self.assertRegex(found["speed uncached"]["text"], r"write [\d.]+ MB/s \([\d.]+\.\.[\d.]+\)")

    def test_what_it_does_wrong_on_purpose_is_not_in_the_output(self):
        self.assertEqual(run("selftest", "simulated,size=4M").stderr, "")

    def test_the_exhaustion_says_who_has_the_memory(self):
        _, found = steps("memfd,size=1M")
        self.assertRegex(found["exhaust"]["text"], r"'selftest-exhaust-\d+' 1024 KiB in 8 blocks")

    def test_the_systems_blocks_are_not_taken_for_its_own(self):
        board = "memfd,mmz=anonymous,0,0x44000000,4M:+selftest-exhaust,0x44000000,3M"
        _, found = steps(board)
        self.assertEqual(found["exhaust"]["outcome"], "ok", found["exhaust"])
        self.assertRegex(found["exhaust"]["text"], r"'selftest-exhaust-\d+' 1024 KiB in 8 blocks")

    def test_where_too_many_others_have_more_it_cannot_tell_whether_it_is_named(self):
        others = "".join(f":+{n},{0x44000000 + i * 0x100000:#x},1M" for i, n in enumerate("abcd"))
        _, found = steps("memfd,mmz=anonymous,0,0x44000000,4608K" + others)
        self.assertEqual(found["exhaust"]["outcome"], "not possible", found["exhaust"])

    def test_more_than_its_limit_it_does_not_take(self):
        status, found = steps("memfd,size=8M", "--limit", "4M")
        self.assertEqual((status, found["exhaust"]["outcome"]), (0, "not possible"))
        self.assertIn("--limit", found["exhaust"]["text"])
        self.assertEqual(run("selftest", "memfd", "--limit", "much").returncode, 2)

    def test_a_heap_that_does_not_open_is_one_failed_line_and_the_rest_is_not_tried(self):
        status, found = steps("memfd,size=0")
        self.assertEqual(status, 1)
        self.assertEqual(list(found), self.STEPS)
        self.assertEqual(found["open"]["outcome"], "failed")
        for step in self.STEPS[1:]:
            self.assertEqual((found[step]["outcome"], found[step]["needs"], found[step]["text"]),
                             ("not tried", "open", ""), step)

    def test_a_heap_that_has_no_memory_left_says_so_once(self):
        done = run("selftest", "memfd,mmz=anonymous,0,0x44000000,4M:+sys,0x44000000,4M")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("zone 'anonymous' has 0 KiB"), 1, done.stdout)
        self.assertRegex(done.stdout, r"\nnot tried +map, sync, .*\n +'allocate' failed\n")
        self.assertIn("\nVerdict: 1 ok, 1 failed, 0 not possible here, 9 not tried\n", done.stdout)

    def test_a_heap_without_a_cache_recycles_nothing_and_says_so(self):
        _, found = steps("memfd,size=4M,cache=0")
        self.assertEqual(found["recycle"]["outcome"], "not possible")
        self.assertIn("cache=", found["recycle"]["text"])

    def test_a_heap_of_one_page_is_no_mistake(self):
        status, found = steps("memfd,size=1")
        self.assertEqual(status, 0)
        self.assertEqual(found["exhaust"]["outcome"], "ok", found["exhaust"])
        self.assertEqual(found["recycle"]["outcome"], "not possible", found["recycle"])

    def test_its_page_can_be_pasted(self):
        text = run("selftest", "memfd,size=4M").stdout
        self.assertTrue(text.startswith("mediaheap selftest\nkernel        Linux "), text)
        self.assertIn("library       " + VERSION, text)
        self.assertIn("heap          memfd,size=4M", text)
        self.assertRegex(text, r"\nVerdict: \d+ ok, 0 failed, 4 not possible here, 0 not tried\n$")
        self.assertLessEqual(max(map(len, text.splitlines())), 100)


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
