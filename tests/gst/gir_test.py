#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Uses the library the way a Python application does: through its introspection data alone."""

import os
import sys

try:
    import gi
except ImportError:
    print("python3-gi is not installed")
    sys.exit(77)

gi.require_version("Gst", "1.0")
gi.require_version("GstMediaHeap", "1.0")
from gi.repository import GLib, Gst, GstMediaHeap  # noqa: E402

HEAP = os.environ.get("MEDIAHEAP_TEST_HEAP", "memfd") + ",size=8M"


def test_a_heap_opens_and_describes_itself():
    heap = GstMediaHeap.MediaHeap.open(HEAP)
    assert heap.get_description().startswith(HEAP.split(",")[0])
    assert heap.get_passed_over() == []
    assert heap.get_stats().get_uint64("size") == (True, 8 << 20)
    assert "nBYTES=8192KB" in heap.report(GstMediaHeap.MediaHeapReportFormat.TEXT)


def test_an_error_is_an_exception_with_its_code():
    try:
        GstMediaHeap.MediaHeap.open("nonsense")
    except GLib.Error as error:
        assert error.matches(Gst.ResourceError.quark(), Gst.ResourceError.SETTINGS)
        assert "nonsense" in error.message
    else:
        raise AssertionError("opened")


def test_a_foreign_descriptor_becomes_memory():
    heap = GstMediaHeap.MediaHeap.open(HEAP)
    fd = os.memfd_create("foreign", os.MFD_CLOEXEC)
    os.write(fd, b"from elsewhere")
    memory = heap.wrap_fd(fd, 0)
    mapped, info = memory.map(Gst.MapFlags.READ)
    assert mapped and bytes(info.data) == b"from elsewhere"
    memory.unmap(info)
    try:
        heap.wrap_fd(os.open("/dev/null", os.O_RDONLY), 0)
    except GLib.Error as error:
        assert error.matches(Gst.ResourceError.quark(), Gst.ResourceError.SETTINGS)
    else:
        raise AssertionError("wrapped")


def test_a_pool_lends_buffers():
    heap = GstMediaHeap.MediaHeap.open(HEAP)
    pool = GstMediaHeap.MediaHeapBufferPool.new(heap)
    assert pool.get_heap() == heap
    caps = Gst.Caps.from_string("video/x-raw,format=NV12,width=320,height=240")
    config = pool.get_config()
    Gst.BufferPool.config_set_params(config, caps, 0, 1, 2)
    assert pool.set_config(config)
    assert pool.set_active(True)
    result, buffer = pool.acquire_buffer(None)
    assert result == Gst.FlowReturn.OK
    assert buffer.get_size() == 320 * 240 * 3 // 2
    memory = buffer.peek_memory(0)
    assert GstMediaHeap.is_media_heap_memory(memory)
    assert GstMediaHeap.MediaHeap.memory_get_heap(memory) == heap
    buffer.fill(0, b"through and through")
    assert buffer.extract_dup(0, 7) == b"through"
    assert pool.props.bytes_copied == 0
    del memory, buffer
    assert pool.set_active(False)


def test_a_pool_is_told_how_to_share_its_heap():
    heap = GstMediaHeap.MediaHeap.open(HEAP)
    pool = GstMediaHeap.MediaHeapBufferPool.new(heap)
    config = pool.get_config()
    Type = GstMediaHeap.MediaHeapBufferPool
    assert Type.config_get_when_full(config) == (GstMediaHeap.MediaHeapWhenFull.RECLAIM,
                                                 GstMediaHeap.MEDIA_HEAP_DEFAULT_MAX_WAIT)
    Type.config_set_when_full(config, GstMediaHeap.MediaHeapWhenFull.FAIL, Gst.SECOND)
    Type.config_set_max_bytes(config, 1 << 20)
    Gst.BufferPool.config_set_params(config, Gst.Caps.from_string("test/data"), 1000, 0, 0)
    assert pool.set_config(config)
    kept = pool.get_config()
    assert Type.config_get_max_bytes(kept) == 1 << 20
    assert Type.config_get_when_full(kept) == (GstMediaHeap.MediaHeapWhenFull.FAIL, Gst.SECOND)


def test_an_allocator_allocates():
    heap = GstMediaHeap.MediaHeap.open(HEAP)
    memory = heap.get_allocator().alloc(1000, None)
    assert memory.size == 1000
    assert heap.get_allocator().alloc(9 << 20, None) is None


def test_memory_is_synced_by_hand():
    heap = GstMediaHeap.MediaHeap.open(HEAP)
    memory = heap.get_allocator().alloc(1000, None)
    manual = Gst.MapFlags(int(Gst.MapFlags.READ) | GstMediaHeap.MAP_MEDIA_HEAP_MANUAL_SYNC)
    syncs = heap.get_stats().get_uint64("syncs")
    mapped, info = memory.map(manual)
    assert mapped
    assert heap.get_stats().get_uint64("syncs") == syncs
    assert GstMediaHeap.MediaHeap.memory_begin_access(memory, Gst.MapFlags.READ)
    assert len(info.data) == 1000
    assert GstMediaHeap.MediaHeap.memory_end_access(memory)
    memory.unmap(info)
    try:
        GstMediaHeap.MediaHeap.memory_end_access(memory)
    except GLib.Error as error:
        assert error.matches(Gst.ResourceError.quark(), Gst.ResourceError.SETTINGS)
        assert "no session is open" in error.message
    else:
        raise AssertionError("closed a session that nobody opened")


def test_a_context_carries_a_heap():
    heap = GstMediaHeap.MediaHeap.open(HEAP)
    context = Gst.Context.new(GstMediaHeap.MEDIA_HEAP_CONTEXT_TYPE, True)
    assert GstMediaHeap.context_get_media_heap(context) == (False, None)
    GstMediaHeap.context_set_media_heap(context, heap)
    assert GstMediaHeap.context_get_media_heap(context) == (True, heap)


def main():
    Gst.init(None)
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = False
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name}")
        except Exception as error:  # the next test shall run all the same
            failed = True
            print(f"not ok {number} - {name}: {type(error).__name__}: {error}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
