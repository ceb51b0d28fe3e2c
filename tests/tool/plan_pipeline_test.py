#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""plan_pipeline_test.py TOOL: `mediaheap plan --pipeline` on pipelines that really play."""
import json
import os
import subprocess
import sys
import unittest

TOOL = sys.argv[1]
FRAME = "video/x-raw,format=NV12,width=320,height=240"
BYTES = 320 * 240 * 3 // 2


def plan(pipeline, *arguments, **environment):
    return subprocess.run([TOOL, "plan", "--pipeline", pipeline, *arguments], capture_output=True,
                          text=True, timeout=240, env={**os.environ, **environment})


def measure(pipeline, *arguments):
    done = plan(pipeline, "--json", "--seconds", "120", *arguments)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return json.loads(done.stdout)


def stream(document, pad):
    return next(s for s in document["measured"]["streams"] if s["pad"] == pad)


class InTheHeap(unittest.TestCase):
    def test_what_was_on_its_way_is_what_the_heap_had_at_most(self):
        document = measure(f"videotestsrc name=s num-buffers=30 ! {FRAME} ! "
                           "mediaheapupload heap=memfd ! fakesink")
        source = stream(document, "s:src")
        self.assertTrue(source["in_heap"])
        self.assertEqual(source["pushed"], 30)
        self.assertGreaterEqual(source["buffer_bytes"], BYTES)
        heap = document["measured"]["heaps"][0]
        self.assertIn("memfd", heap["heap"])
        # A pool's idle buffers are the heap's too; each is in whole pages.
        self.assertLessEqual(document["measured"]["peak_heap_bytes"], heap["peak"])
        self.assertEqual(source["peak_bytes"], document["measured"]["peak_heap_bytes"])

    def test_a_full_queue_is_counted(self):
        document = measure(f"videotestsrc name=s num-buffers=30 ! {FRAME} ! mediaheapupload "
                           "heap=memfd ! queue max-size-buffers=10 max-size-bytes=0 "
                           "max-size-time=0 min-threshold-buffers=9 ! fakesink")
        source = stream(document, "s:src")
        self.assertGreaterEqual(source["peak_buffers"], 9)
        self.assertLessEqual(source["peak_buffers"], 14)
        self.assertEqual(document["items"][0]["blocks"][0]["count"], source["peak_buffers"])
        self.assertGreaterEqual(document["heap"], source["peak_buffers"] * BYTES)

    def test_the_minimum_that_the_pool_wanted_is_reserved_even_if_it_was_not_needed(self):
        document = measure(f"videotestsrc name=s num-buffers=3 ! {FRAME} ! "
                           "mediaheapupload heap=memfd ! fakesink enable-last-sample=false")
        source = stream(document, "s:src")
        self.assertEqual(document["items"][0]["blocks"][0]["count"],
                         max(source["pool_min"], source["peak_buffers"]))
        self.assertGreaterEqual(source["pool_min"], 1)

    def test_what_was_copied_into_the_heap_is_the_uploaders(self):
        document = measure(f"videotestsrc num-buffers=5 ! {FRAME} ! identity drop-allocation=true ! "
                           "mediaheapupload name=u heap=memfd ! fakesink")
        self.assertTrue(stream(document, "u:src")["in_heap"])
        self.assertEqual([i["name"] for i in document["items"]], ["u:src"])


class WithoutAHeap(unittest.TestCase):
    def test_raw_video_is_planned_as_if_a_heap_had_it(self):
        document = measure(f"videotestsrc name=s num-buffers=5 ! {FRAME} ! fakesink")
        self.assertFalse(stream(document, "s:src")["in_heap"])
        self.assertEqual(document["measured"]["peak_heap_bytes"], 0)
        self.assertIn("as if a heap had", document["items"][0]["source"])
        self.assertGreaterEqual(document["heap"], BYTES)

    def test_sound_alone_has_nothing_to_plan_for(self):
        done = plan("audiotestsrc num-buffers=3 ! fakesink")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no memory of a heap and no raw video", done.stderr)


class Playing(unittest.TestCase):
    def test_it_stops_after_the_frames_that_were_wanted(self):
        document = measure(f"videotestsrc name=s ! {FRAME} ! fakesink", "--frames", "7")
        self.assertEqual(document["measured"]["ended"], "a pad had seen enough buffers")
        self.assertGreaterEqual(stream(document, "s:src")["pushed"], 7)

    def test_it_stops_when_its_time_is_up(self):
        done = plan(f"videotestsrc is-live=true ! {FRAME},framerate=2/1 ! fakesink", "--json",
                    "--seconds", "1")
        self.assertEqual(json.loads(done.stdout)["measured"]["ended"], "its time was up", done.stderr)

    def test_a_pipeline_that_makes_no_sense_says_why(self):
        done = plan("nosuchelement ! fakesink")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nosuchelement", done.stderr)

    def test_a_pipeline_that_fails_says_why(self):
        done = plan(f"videotestsrc ! {FRAME} ! mediaheapupload heap=nosuch ! fakesink")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nosuch", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_the_elements_own_account_of_a_failure_stands_below_it(self):
        done = plan("filesrc location=/nowhere/clip.h264 ! fakesink")
        self.assertEqual(done.returncode, 1)
        lines = done.stderr.splitlines()
        failed = next(n for n, line in enumerate(lines) if "the pipeline failed: filesrc" in line)
        # Which function of the element gave up, and at which file.
        account = [line for line in lines[failed + 1:] if line.startswith("    ")]
        self.assertIn("gstfilesrc.c", account[0])
        self.assertIn("/nowhere/clip.h264", account[-1])

    def test_without_its_helper_it_says_what_is_missing(self):
        done = plan("fakesrc ! fakesink", MEDIAHEAP_LIBEXEC="/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/mediaheap-measure is not there", done.stderr)

    def test_file_and_pipeline_are_one_too_many_and_neither_is_too_few(self):
        for words in (["board.plan", "--pipeline", "fakesrc ! fakesink"], [], ["--frames", "3", "x"]):
            done = subprocess.run([TOOL, "plan", *words], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, words)


class Lines(unittest.TestCase):
    def test_the_lines_that_it_prints_are_a_plan_of_the_same_size(self):
        text = plan(f"videotestsrc num-buffers=5 ! {FRAME} ! mediaheapupload heap=memfd ! "
                    "fakesink").stdout
        lines = text.split("Lines for a plan file:\n\n")[1].split("\n\n")[0] + "\n"
        done = subprocess.run([TOOL, "plan", "-"], input=lines, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        heap = [line for line in text.splitlines() if line.startswith("Heap    ")]
        self.assertEqual(heap, [line for line in done.stdout.splitlines()
                                if line.startswith("Heap    ")])

    def test_it_says_what_it_cannot_see(self):
        text = plan(f"videotestsrc num-buffers=5 ! {FRAME} ! fakesink").stdout
        self.assertIn("Not seen:", text)


unittest.main(argv=[sys.argv[0]], verbosity=2)
