#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaps_test.py TOOL USER BOARD TUTORIAL: the commands that look into other processes, and ask them for memory."""
import glob
import json
import mmap
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

TOOL, USER, BOARD, TUTORIAL = sys.argv[1:5]
REPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/report.md")
LISTING = """\
+---ZONE: PHYS(0x44000000, 0x47FFFFFF), GFP=0, nBYTES=65536KB,    NAME="anonymous"
   |-MMB: phys(0x44000000, 0x44007FFF), kvirt=0x00000000, flags=0x00000000, length=32KB,    name="sys_scale_coef"
   |-MMB: phys(0x44008000, 0x44107FFF), kvirt=0x00000000, flags=0x00000000, length=1024KB,    name="test"

---MMZ_USE_INFO:
 total size=65536KB(64MB),used=1056KB(1MB + 32KB),remain=64480KB(62MB + 992KB),zone_number=1,block_number=2
"""
NO_PROCESS = str((1 << 22) + 1)  # beyond PID_MAX_LIMIT
BLOCKS = ("sys_scale_coef", "32", "test", "1024")


class HeapsTest(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="mediaheap-test-")
        self.directory = os.path.join(self.work, "run")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("MEDIAHEAP_")}
        self.environment["MEDIAHEAP_RUNTIME_DIR"] = self.directory
        self.users = []

    def tearDown(self):
        for user in self.users:
            if user.poll() is None:
                user.kill()
            user.wait(timeout=60)
            for stream in (user.stdin, user.stdout):
                if stream:
                    stream.close()
        shutil.rmtree(self.work)

    def use(self, *arguments):
        """A process that has a heap open."""
        user = subprocess.Popen([USER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True, env=self.environment)
        self.users.append(user)
        self.assertEqual(user.stdout.readline(), "ready\n")
        return user

    def tell(self, user, line):
        user.stdin.write(line + "\n")
        user.stdin.flush()
        self.assertEqual(user.stdout.readline(), "done\n")

    def finish(self, user):
        user.stdin.close()
        self.assertEqual(user.wait(timeout=60), 0)

    def crash(self, user):
        user.send_signal(signal.SIGKILL)
        user.wait(timeout=60)

    def run_tool(self, *arguments, **options):
        return subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=60,
                              env=self.environment, **options)

    def show(self, *arguments):
        done = self.run_tool("show", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class ShowCommand(HeapsTest):
    def test_the_text_is_the_vendors_byte_for_byte(self):
        self.use("memfd,size=64M,base=0x44000000", *BLOCKS)
        self.assertEqual(self.show("--media-mem"), LISTING)

    def test_each_process_has_its_section_under_its_name(self):
        first = self.use("memfd,size=64M,base=0x44000000", *BLOCKS)
        second = self.use("simulated,size=1M", "preview", "8")
        text = self.show()
        self.assertIn(f"# process {first.pid} (heap_user)\n"
                      "# heap memfd,size=64M,base=0x44000000\n" + LISTING, text)
        self.assertIn(f"# process {second.pid} (heap_user)\n# heap simulated,size=1M\n", text)
        self.assertRegex(text, r"(?m)^# machine: MemAvailable=\d+KB, CmaTotal=\S+, CmaFree=\S+$")

    def test_one_process_can_be_asked_for(self):
        first = self.use("memfd,size=64M,base=0x44000000", *BLOCKS)
        self.use("simulated,size=1M", "preview", "8")
        self.assertEqual(self.show("--media-mem", str(first.pid)), LISTING)
        self.assertIn("preview", self.show("heap_user"))

    def test_of_a_process_without_a_heap_it_says_whether_it_is_there_and_how_many_others_have_one(self):
        for number in (0, 1, 2):
            others = ("no other process has a heap open", "1 other process has a heap open",
                      "2 other processes have a heap open")[number]
            for asked, answer in ((NO_PROCESS, f"there is no process {NO_PROCESS}"),
                                  (str(os.getpid()), rf"process {os.getpid()} \(.+\) has no heap open"),
                                  ("nobody", "no process called nobody has a heap open")):
                for form in ((), ("--json",), ("--media-mem",)):
                    done = self.run_tool("show", asked, *form)
                    self.assertEqual(done.returncode, 1)
                    self.assertRegex(done.stderr, f"mediaheap: {answer}; {others}")
                    self.assertNotIn("no process", done.stdout)
            self.use("memfd,size=1M")

    def test_crashed_processes_are_none_of_the_others(self):
        self.crash(self.use("memfd,size=1M"))
        self.assertIn("no other process has", self.run_tool("show", NO_PROCESS).stderr)

    def test_what_was_given_back_is_gone(self):
        user = self.use("memfd,size=64M", *BLOCKS)
        self.tell(user, "free")
        text = self.show()
        self.assertNotIn("MMB", text)
        self.assertIn("used=0KB", text)

    def test_nothing_is_left_of_a_process_that_ended_in_order(self):
        user = self.use("memfd,size=64M,offer=1", *BLOCKS)
        self.finish(user)
        self.assertIn("no process has a heap open", self.show())
        self.assertEqual(os.listdir(self.directory), [])

    def test_a_crashed_process_is_shown_until_it_is_swept(self):
        live = self.use("memfd,size=1M", "live", "4")
        dead = self.use("memfd,size=64M,base=0x44000000,offer=1", *BLOCKS)
        self.crash(dead)
        text = self.show()
        self.assertIn(f"# process {dead.pid} (heap_user), crashed", text)
        self.assertIn(LISTING, text)
        swept = self.run_tool("show", "--sweep")
        self.assertEqual(swept.returncode, 0)
        self.assertIn(LISTING, swept.stdout)
        self.assertIn("tables of 1 heap ", swept.stderr)
        text = self.show()
        self.assertNotIn("crashed", text)
        self.assertIn(f"# process {live.pid} (heap_user)\n", text)
        self.assertEqual(len(os.listdir(self.directory)), 1)

    def test_a_damaged_table_is_named_and_the_others_are_shown(self):
        damaged = self.use("memfd,size=1M", "damaged", "4")
        [path] = glob.glob(self.directory + "/*.heap")
        self.use("memfd,size=64M,base=0x44000000", *BLOCKS)
        for offset, byte in ((0, b"X"), (8, b"\x63"), (36, b"\xff"), (1024 + 48, b"\0" * 8)):
            with self.subTest(offset=offset), open(path, "r+b") as file:
                file.seek(offset)
                before = file.read(len(byte))
                file.seek(offset)
                file.write(byte)
                file.flush()
                done = self.run_tool("show")
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"{path} is unreadable: ", done.stderr)
                self.assertIn(LISTING, done.stdout)
                file.seek(offset)
                file.write(before)
        self.assertIn(str(damaged.pid), self.show())

    def test_json_has_everything(self):
        user = self.use("memfd,size=64M,base=0x44000000", *BLOCKS)
        document = json.loads(self.show("--json"))
        [process] = document["processes"]
        self.assertEqual((process["pid"], process["name"], process["state"]),
                         (user.pid, "heap_user", "live"))
        [heap] = process["heaps"]
        self.assertEqual(heap["heap"], "memfd,size=64M,base=0x44000000")
        self.assertEqual((heap["dmabuf"], heap["addresses"], heap["offered"]),
                         (False, "labels", False))
        [zone] = heap["zones"]
        self.assertEqual((zone["size"], zone["used"], zone["block_number"]),
                         (64 << 20, 1056 << 10, 2))
        self.assertEqual([(b["name"], b["address"], b["state"]) for b in zone["blocks"]],
                         [("sys_scale_coef", 0x44000000, "live"), ("test", 0x44008000, "live")])
        self.assertGreater(document["machine"]["mem_available_kb"], 0)
        self.assertEqual(document["unreadable"], [])

    def test_the_map_is_sound_and_the_same_each_time(self):
        names = ["<&\"'>", "caf\u00e9", "preview"]
        self.use("memfd,size=1M,zone=a<&>b", names[0], "100", names[1], "50", names[2], "200")
        path = os.path.join(self.work, "map.svg")
        self.show("--svg", path)
        with open(path, encoding="utf-8") as file:
            picture = file.read()
        self.assertEqual(self.show("--svg", "-"), picture)
        space = "{http://www.w3.org/2000/svg}"
        root = ElementTree.fromstring(picture)
        texts = ["".join(t.itertext()) for t in root.iter(space + "text")]
        for name in names:
            self.assertIn(name, texts)
        self.assertTrue(any("zone a<&>b" in text for text in texts), texts)
        titles = ["".join(t.itertext()) for t in root.iter(space + "title")]
        self.assertEqual(len(titles), 3)
        right = float(root.get("width"))
        for rect in root.iter(space + "rect"):
            if rect.find(space + "title") is not None:
                self.assertLessEqual(float(rect.get("x")) + float(rect.get("width")), right)

    def test_a_map_that_cannot_be_written_is_a_failure(self):
        done = self.run_tool("show", "--svg", self.work + "/no/such/place.svg")
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be written", done.stderr)

    def test_what_excludes_each_other_is_refused(self):
        for arguments in (("--json", "--media-mem"), ("1", "--sweep")):
            self.assertEqual(self.run_tool("show", *arguments).returncode, 2, arguments)


class TutorialOnItsBoard(HeapsTest):
    LISTING = """\
+---ZONE: PHYS(0x44000000, 0x47FFFFFF), GFP=0, nBYTES=65536KB,    NAME="anonymous"
   |-MMB: phys(0x44000000, 0x44007FFF), kvirt=0xC4B98000, flags=0x00000001, length=32KB,    name="sys_scale_coef"
   |-MMB: phys(0x44008000, 0x4405AFFF), kvirt=0xC4D00000, flags=0x00000001, length=332KB,    name="VGS_NodeBuf"
   |-MMB: phys(0x4405B000, 0x441EFFFF), kvirt=0x00000000, flags=0x00000000, length=1620KB,    name="hifb_layer0"
   |-MMB: phys(0x441F0000, 0x44224FFF), kvirt=0xC5600000, flags=0x00000001, length=212KB,    name="IVE_QUEUE"
   |-MMB: phys(0x44225000, 0x44225FFF), kvirt=0xC4ABA000, flags=0x00000003, length=4KB,    name="IVE_TEMP_NODE"
   |-MMB: phys(0x44226000, 0x44325FFF), kvirt=0x00000000, flags=0x00000000, length=1024KB,    name="test"
   |-MMB: phys(0x44326000, 0x44425FFF), kvirt=0x00000000, flags=0x00000000, length=1024KB,    name="test_cache"

---MMZ_USE_INFO:
 total size=65536KB(64MB),used=4248KB(4MB + 152KB),remain=61288KB(59MB + 872KB),zone_number=1,block_number=7
"""

    def test_the_listing_is_the_vendors_live_and_crashed(self):
        for heap in ("memfd,mmz=@", "simulated,mmz=@"):
            program = subprocess.Popen(
                [TUTORIAL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env={**self.environment, "MEDIAHEAP_DEFAULT": heap + BOARD})
            self.users.append(program)
            while not program.stdout.readline().startswith("phy_addr: 0x44326000"):
                self.assertIsNone(program.poll())
            self.assertEqual(self.show("--media-mem"), self.LISTING)
            self.assertIn(self.LISTING, self.show())
            states = {b["name"]: b["state"] for b in json.loads(self.show("--json"))
                      ["processes"][0]["heaps"][0]["zones"][0]["blocks"]}
            self.assertEqual((states["VGS_NodeBuf"], states["test"]), ("system", "live"))
            self.crash(program)
            self.assertEqual(self.show("--media-mem", "--sweep"), self.LISTING)

    def test_nothing_of_it_is_left_when_it_has_ended(self):
        program = subprocess.run(
            [TUTORIAL], input="\n", capture_output=True, text=True, timeout=60,
            env={**self.environment, "MEDIAHEAP_DEFAULT": "memfd,mmz=@" + BOARD})
        self.assertEqual(program.returncode, 0)
        self.assertEqual(os.listdir(self.directory), [])


class OfferCommands(HeapsTest):
    def test_idle_memory_of_an_offered_heap_comes_back(self):
        user = self.use("memfd,size=64M,offer=1", *BLOCKS)
        self.assertIn(": 0 bytes given back", self.run_tool("trim", "memfd").stdout)
        self.tell(user, "free")
        done = self.run_tool("trim", "memfd")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{user.pid} heap_user: memfd,size=64M,offer=1: {1056 << 10} bytes given back",
                      done.stdout)

    def test_a_heap_in_use_is_not_destroyed_and_says_who_has_it(self):
        user = self.use("memfd,size=64M,offer=1", *BLOCKS)
        done = self.run_tool("destroy", "memfd")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"2 blocks are still allocated; .*'test' 1024 KiB")
        self.assertIn(LISTING.splitlines()[2].split("name=")[1], self.show())
        self.tell(user, "free")
        done = self.run_tool("destroy", "memfd")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("destroyed", done.stdout)
        self.assertIn("no process has a heap open", self.show())
        self.finish(user)

    def test_a_heap_that_is_not_offered_is_left_alone(self):
        self.use("memfd,size=64M", *BLOCKS)
        for command in ("trim", "destroy"):
            done = self.run_tool(command, "memfd")
            self.assertEqual(done.returncode, 1)
            self.assertIn("offer=1", done.stderr)

    def test_a_heap_is_meant_by_as_much_as_tells_which(self):
        a = self.use("memfd,size=1M,zone=a,offer=1")
        b = self.use("memfd,size=2M,zone=b,offer=1")
        for wanted, expected in (("memfd", {a.pid, b.pid}), ("memfd,zone=a", {a.pid}),
                                 ("memfd,size=2M", {b.pid}), ("memfd,size=2M,zone=a", set()),
                                 ("memfd,size=1024K", {a.pid}), ("simulated", set()),
                                 ("memfd,require=dmabuf", set())):
            done = self.run_tool("trim", wanted)
            asked = {int(line.split()[0]) for line in done.stdout.splitlines()}
            self.assertEqual(asked, expected, wanted)
            self.assertEqual(done.returncode, 0 if expected else 1, wanted)
        done = self.run_tool("trim", "memfd", "--pid", str(b.pid))
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()], [str(b.pid)])

    def test_who_has_none_is_told_from_those_who_have(self):
        user = self.use("memfd,size=1M,offer=1")
        for command in ("trim", "destroy"):
            for arguments, answer in (
                    (("memfd", "--pid", NO_PROCESS),
                     f"there is no process {NO_PROCESS}; 1 other process has such a heap open"),
                    (("memfd", "--pid", str(os.getpid())),
                     "has no heap memfd open; 1 other process has such a heap open"),
                    (("simulated", "--pid", str(user.pid)),
                     f"process {user.pid} (heap_user) has no heap simulated open; no other process"),
                    (("simulated",), "1 process has other heaps")):
                done = self.run_tool(command, *arguments)
                self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
                self.assertIn(answer, done.stderr)

    def test_nobody_having_such_a_heap_is_no_failure_where_that_is_said_so(self):
        for command in ("trim", "destroy"):
            for arguments in (("memfd",), ("dma-heap",), ("memfd", "--pid", NO_PROCESS)):
                self.assertEqual(self.run_tool(command, *arguments).returncode, 1, arguments)
                done = self.run_tool(command, "--if-any", *arguments)
                self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        if not glob.glob("/dev/dma*/mpp") and not os.path.exists("/dev/dma_heap/reserved"):
            self.assertEqual(self.run_tool("destroy", "mpp").returncode, 1)
            self.assertEqual(self.run_tool("destroy", "mpp", "--if-any").returncode, 0)

    def test_one_that_refuses_or_offers_nothing_is_a_failure_whoever_else_gave(self):
        self.use("memfd,size=1M,zone=a,offer=1")
        used = self.use("memfd,size=1M,zone=b,offer=1", "used", "8")
        done = self.run_tool("destroy", "memfd", "--if-any")
        self.assertEqual(done.returncode, 1)
        self.assertIn("destroyed", done.stdout)
        self.tell(used, "free")
        self.use("memfd,size=1M,zone=c")
        for command in ("trim", "destroy"):
            done = self.run_tool(command, "memfd", "--if-any")
            self.assertEqual(done.returncode, 1)
            self.assertIn("does not offer it", done.stderr)

    def test_a_table_that_cannot_be_read_may_be_of_such_a_heap(self):
        user = self.use("memfd,size=1M,offer=1")
        [path] = glob.glob(self.directory + "/*.heap")
        with open(path, "r+b") as file:
            file.write(b"X")
        done = self.run_tool("destroy", "memfd", "--if-any")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{path} is unreadable", done.stderr)
        done = self.run_tool("destroy", "memfd", "--if-any", "--pid", str(user.pid))
        self.assertEqual(done.returncode, 1)
        done = self.run_tool("destroy", "memfd", "--if-any", "--pid", str(os.getpid()))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_auto_is_the_source_that_it_would_be(self):
        memfd = self.use("memfd,size=1M,offer=1")
        simulated = self.use("simulated,size=1M,offer=1")
        for default, user in (("memfd,size=8M", memfd), ("simulated", simulated)):
            self.environment["MEDIAHEAP_DEFAULT"] = default
            for wanted in ("auto", "auto,size=1M"):
                done = self.run_tool("trim", wanted)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual([line.split()[0] for line in done.stdout.splitlines()],
                                 [str(user.pid)])
                self.assertIn(f"{wanted} is {default.split(',')[0]}", done.stderr)
        self.environment["MEDIAHEAP_DEFAULT"] = "auto"
        done = self.run_tool("trim", "auto", "--if-any")
        self.assertEqual(done.returncode, 1)
        self.assertIn("MEDIAHEAP_DEFAULT=auto", done.stderr)

    def test_auto_without_a_default_is_what_the_list_says(self):
        heap = json.loads(self.run_tool("list", "--json").stdout)["auto"].split(",size=")[0]
        done = self.run_tool("trim", "auto", "--if-any")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"auto is {heap} here", done.stderr)

    def update(self, heap):
        """The script of docs/report.md, which then says `updating`."""
        with open(REPORT, encoding="utf-8") as file:
            script = re.search(r"(?ms)^```sh\n(#!/bin/sh\n.*?)^```", file.read()).group(1)
        path = os.path.dirname(os.path.abspath(TOOL)) + ":" + self.environment["PATH"]
        return subprocess.run(["sh", "-c", script, "update", "echo", "updating"],
                              capture_output=True, text=True, timeout=60,
                              env={**self.environment, "PATH": path, "HEAP": heap})

    def test_the_update_of_the_documents_begins_when_the_memory_is_there_and_no_earlier(self):
        done = self.update("memfd")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?s)^# machine: .*CmaFree=.*\nupdating\n$")
        user = self.use("memfd,size=64M,offer=1", *BLOCKS)
        done = self.update("memfd")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("memfd is still in use: no update now", done.stderr)
        self.tell(user, "free")
        done = self.update("memfd")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"{user.pid} heap_user: memfd,size=64M,offer=1: destroyed", done.stdout)
        self.assertTrue(done.stdout.endswith("\nupdating\n"), done.stdout)
        self.assertEqual(self.update("mem").returncode, 2)

    def test_wrong_usage_exits_with_2_and_says_what_is_expected(self):
        for command in ("trim", "destroy"):
            for arguments, expected in (((), "HEAP is required"), (("mem",), "the sources are"),
                                        (("",), "no source"), (("memfd,colour=3",), "the keys are"),
                                        (("memfd", "--pid", "-5"), "its number is expected"),
                                        (("memfd", "--pid=-5"), "its number is expected"),
                                        (("memfd", "--pid", "abc"), "its number is expected"),
                                        (("memfd", "--pid", "0"), "its number is expected")):
                done = self.run_tool(command, "--if-any", *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
                self.assertIn(expected, done.stderr)
            self.assertIn("Exit status:", self.run_tool(command, "--help").stdout)

    def test_a_stopped_process_does_not_hang_who_asks_it(self):
        user = self.use("memfd,size=1M,offer=1")
        user.send_signal(signal.SIGSTOP)
        done = self.run_tool("trim", "memfd")
        self.assertEqual(done.returncode, 1)
        self.assertIn("wait for its answer", done.stderr)
        user.send_signal(signal.SIGCONT)

    def test_the_socket_is_its_owners_alone(self):
        self.use("memfd,size=1M,offer=1")
        [path] = glob.glob(self.directory + "/*.sock")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(self.directory).st_mode & 0o777, 0o700)


class HoldersCommand(HeapsTest):
    def test_everybody_who_has_a_buffer_is_found_by_its_inode(self):
        name = f"shared-{os.getpid()}"
        buffer = os.memfd_create(name)
        os.ftruncate(buffer, 8192)
        with mmap.mmap(buffer, 8192):
            other = subprocess.Popen(["sleep", "60"], pass_fds=[buffer])
            self.users.append(other)
            document = json.loads(self.run_tool("holders", name, "--json").stdout)
            [found] = document["buffers"]
            self.assertEqual(found["inode"], os.fstat(buffer).st_ino)
            self.assertEqual((found["kind"], found["size"]), ("memfd", 8192))
            by_pid = {p["pid"]: p for p in found["processes"]}
            self.assertEqual(set(by_pid), {os.getpid(), other.pid})
            self.assertIn(buffer, by_pid[os.getpid()]["fds"])
            self.assertEqual(by_pid[os.getpid()]["mappings"], 1)
            self.assertEqual(by_pid[other.pid]["fds"], [buffer])
            for what in (f"inode={os.fstat(buffer).st_ino}", str(other.pid), "shared-*"):
                self.assertIn(name, self.run_tool("holders", what).stdout, what)
        os.close(buffer)

    def test_blocks_of_a_heap_are_found_by_their_names(self):
        user = self.use("memfd,size=64M", "a block of its own", "8")
        done = self.run_tool("holders", "a block of its own")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("a block of its own: memfd", done.stdout)
        self.assertRegex(done.stdout, rf"process {user.pid} \(heap_user\): fd \d+; 1 mapping")

    def test_what_nobody_holds_is_a_failure_that_names_it(self):
        done = self.run_tool("holders", "no such buffer")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no such buffer", done.stderr)

    def test_an_inode_that_is_no_number_is_wrong_usage(self):
        for what in ("inode=abc", "inode=", "inode=-1", "inode=0x10", "inode=1 ",
                     "inode=18446744073709551616", ""):
            done = self.run_tool("holders", what)
            self.assertEqual((done.returncode, done.stdout), (2, ""), what)
            self.assertIn("number", done.stderr)
        self.assertEqual(self.run_tool("holders", "inode=18446744073709551615").returncode, 1)

    def test_it_says_what_it_was_not_allowed_to_see(self):
        if os.geteuid() != 0:
            self.skipTest("takes root to become somebody else")
        self.use("memfd,size=1M", "hidden", "8")
        done = self.run_tool("holders", "hidden", user=65534, group=65534, extra_groups=[])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"may not look into \d+ process(es)? of others")


unittest.main(argv=[sys.argv[0]], verbosity=2)
