# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a consumer takes its copy, read in GStreamer's sources of the two releases that are tested.

A copy tells nobody that it happens, so its place cannot come out of a log. What is measured is the
library whose memcpy() it is; a row here is used only where that library was seen to copy."""

# (consumer, library): (what it does, {GStreamer: file:line})
COPIES = {
    ("glupload", "libgstgl-1.0"): (
        "plain memory is carried into a pixel buffer object",
        {"1.22": "gstglmemorypbo.c:237", "1.26": "gstglmemorypbo.c:237"}),
    ("kmssink", "libgstvideo-1.0"): (
        "what is no DMA-BUF is copied into a dumb buffer",
        {"1.22": "gstkmssink.c:1812", "1.26": "gstkmssink.c:2051"}),
    ("waylandsink", "libgstvideo-1.0"): (
        "a frame that the compositor takes neither as DMA-BUF nor as wl_shm is copied into its pool",
        {"1.22": "gstwaylandsink.c:894", "1.26": "gstwaylandsink.c:1007"}),
    ("x264enc", "libx264"): (
        "libx264 copies the frames that it looks ahead at; the element hands them over in place",
        {"1.22": "gstx264enc.c:2654", "1.26": "gstx264enc.c:2767"}),
    ("vp8enc", "libvpx"): (
        "libvpx copies the frames that it looks ahead at; the element hands them over in place",
        {"1.22": "gstvpxenc.c:2338", "1.26": "gstvpxenc.c:2318"}),
    ("vp8dec", "libgstvpx"): (
        "libvpx decodes into memory of its own, and the element copies that into the frame",
        {"1.22": "gstvpxdec.c:565", "1.26": "gstvpxdec.c:565"}),
    ("vp9dec", "libgstvpx"): (
        "libvpx decodes into memory of its own, and the element copies that into the frame",
        {"1.22": "gstvpxdec.c:565", "1.26": "gstvpxdec.c:565"}),
    ("theoradec", "libgsttheora"): (
        "libtheora decodes into memory of its own, and the element copies that into the frame",
        {"1.22": "gsttheoradec.c:748", "1.26": "gsttheoradec.c:701"}),
    ("avdec_mjpeg", "libavutil"): (
        "decoded into libav's own memory, not directly into the frame, then copied",
        {"1.22": "gstavviddec.c:1713", "1.26": "gstavviddec.c:1870"}),
    ("avdec_h264", "libavutil"): (
        "decoded into libav's own memory, not directly into the frame, then copied",
        {"1.22": "gstavviddec.c:1713", "1.26": "gstavviddec.c:1870"}),
}

# Linux 6.12, drivers/gpu/drm. Mesa's software driver dies of it at the first pixel.
UNMAPPABLE = ("imported, but Mesa's software driver reaches it through the DRM device, and the kernel"
              " lets no imported memory be mapped there: DRM_IOCTL_MODE_MAP_DUMB, EINVAL",
              "drm_gem.c:374")


def of_copy(consumer, libraries, version):
    """(what, file:line) for a copy that was seen, or None where nobody has read the place yet."""
    for library in libraries:
        for (name, prefix), (what, places) in COPIES.items():
            if consumer.split()[0].strip(",") == name and library.startswith(prefix):
                return what, places.get(version, "")
    return None
