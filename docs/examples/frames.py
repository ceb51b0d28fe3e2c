#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames of a media heap as arrays of numpy, without a copy: appsrc is fed from a pool of the heap, and
what appsink gives is looked at where it lies. Wants python3-gst-1.0 and python3-numpy."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstMediaHeap", "1.0")
from gi.repository import Gst, GstApp, GstMediaHeap  # noqa: E402, F401
import numpy  # noqa: E402

WIDTH, HEIGHT, FRAMES = 640, 360, 10
CAPS = f"video/x-raw,format=RGBA,width={WIDTH},height={HEIGHT},framerate=30/1"


def new_pool(heap):
    pool = GstMediaHeap.MediaHeapBufferPool.new(heap)
    # Heap string, cause and remedy.
    pool.connect("allocation-failed", lambda pool, reason: print(reason, file=sys.stderr))
    config = pool.get_config()
    Gst.BufferPool.config_set_params(config, Gst.Caps.from_string(CAPS), 0, 3, 3)
    if not pool.set_config(config) or not pool.set_active(True):
        raise RuntimeError("the pool does not start")
    return pool


def pixels(info):
    """The mapped frame as rows of RGBA; a view, valid as long as the map."""
    return numpy.frombuffer(info.data, numpy.uint8).reshape(HEIGHT, WIDTH, 4)


def draw(buffer, number):
    # The map does the cache maintenance, once, however often the array is touched meanwhile.
    with buffer.map(Gst.MapFlags.READ | Gst.MapFlags.WRITE) as info:
        picture = pixels(info)
        picture[:, :, 0] = number
        picture[:, :, 1] = numpy.arange(WIDTH, dtype=numpy.uint16) % 256


def is_right(buffer, number):
    with buffer.map(Gst.MapFlags.READ) as info:
        picture = pixels(info)
        return (
            not picture.flags.owndata
            and not picture.flags.writeable
            and GstMediaHeap.is_media_heap_memory(buffer.peek_memory(0))
            and bool((picture[:, :, 0] == number).all())
            and picture[0, 300, 1] == 300 % 256
        )


def main():
    Gst.init(None)
    heap = GstMediaHeap.MediaHeap.open("auto,size=16M,zone=frames")
    pool = new_pool(heap)
    pipeline = Gst.parse_launch("appsrc name=in format=time ! appsink name=out sync=false")
    source, sink = pipeline.get_by_name("in"), pipeline.get_by_name("out")
    source.set_caps(Gst.Caps.from_string(CAPS))
    pipeline.set_state(Gst.State.PLAYING)
    right = 0
    for number in range(FRAMES):
        flow, buffer = pool.acquire_buffer(None)
        if flow != Gst.FlowReturn.OK:
            raise RuntimeError(f"no buffer: {flow.value_nick}")
        draw(buffer, number)
        buffer.pts = number * Gst.SECOND // 30
        source.push_buffer(buffer)
        del buffer  # the pool has three; whoever keeps one keeps it from coming back
        right += is_right(sink.pull_sample().get_buffer(), number)
    pipeline.set_state(Gst.State.NULL)
    pool.set_active(False)
    print(f"{right} of {FRAMES} frames came through {heap.get_description()} as arrays without a copy")
    return 0 if right == FRAMES else 1


if __name__ == "__main__":
    sys.exit(main())
