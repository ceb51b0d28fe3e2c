# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of docs/matrix.md: who meets heap memory, and how the meeting is played."""

import dataclasses

SOURCES = ("memfd", "udmabuf", "dma-heap:system", "simulated")
FRAMES = 4


@dataclasses.dataclass(frozen=True)
class Consumer:
    """One row: `pipeline` is played once for each source, with @HEAP@ in the place of its element.

    `meter` is the pad where the frames are looked at. `taken` is what the witness has to have seen
    where a driver or another process takes the memory itself: without that it is no zero-copy. With
    `once` it takes each memory one time only, however often the memory comes back with a frame.
    Consumers of the same `device` are played one after another: whoever opens a DRM card first is its
    master, and another one may not set a mode meanwhile.
    """
    name: str
    meter: str
    pipeline: str
    then: str = ""
    taken: str = ""
    environment: str = ""
    once: bool = False
    device: str = ""


def painted(caps, frames=FRAMES):
    return f"videotestsrc num-buffers={frames} ! video/x-raw,{caps} ! @HEAP@"


def reader(name, element, caps="format=I420,width=320,height=240", after="! fakesink name=checked",
           frames=FRAMES, **more):
    return Consumer(name, "consumer.sink", f"{painted(caps, frames)} ! {element} {after}", **more)


def decoder(element, clip, before):
    return Consumer(element, "upload.sink",
                    f"filesrc location=@CLIPS@/{clip} ! {before} ! {element} ! @HEAP@"
                    " ! fakesink name=checked")


CONSUMERS = (
    Consumer("v4l2src, import", "upload.sink",
             f"v4l2src device=@CAMERA@ io-mode=dmabuf-import num-buffers={FRAMES}"
             " ! video/x-raw,format=YUY2,width=320,height=180,framerate=30/1"
             " ! @HEAP@ ! fakesink name=checked", taken="queued-capture"),
    reader("v4l2sink, import", "v4l2sink name=consumer device=@OUTPUT@ io-mode=dmabuf-import sync=false",
           "format=YUY2,width=640,height=360", after="", taken="queued-output"),
    reader("v4l2convert (vim2m), output queue",
           "v4l2convert name=consumer output-io-mode=dmabuf-import", "format=RGB,width=320,height=240",
           after="! video/x-raw,format=BGR ! fakesink name=checked", taken="queued-output"),
    Consumer("v4l2convert (vim2m), capture queue", "upload.sink",
             f"videotestsrc num-buffers={FRAMES} ! video/x-raw,format=RGB,width=320,height=240"
             " ! v4l2convert capture-io-mode=dmabuf-import ! video/x-raw,format=BGR"
             " ! @HEAP@ ! fakesink name=checked", taken="queued-capture"),
    # vicodec wants whole macroblocks; v4l2videoenc asks upstream for those of the caps alone. At any
    # other size than the driver's first one, GStreamer 1.26 on kernel 6.12 expects coded buffers of that.
    reader("v4l2fwhtenc (vicodec)", "v4l2fwhtenc name=consumer output-io-mode=dmabuf-import",
           "format=NV12,width=1280,height=720",
           taken="queued-output"),
    reader("kmssink (vkms)", "kmssink name=consumer driver-name=vkms force-modesetting=true sync=false",
           "format=RGB16,width=640,height=480", after="", frames=10, taken="imported", once=True,
           device="vkms"),
    reader("glupload (Mesa, software)", "glupload name=consumer", "format=RGBA,width=320,height=240",
           after="! gleffects effect=identity ! gldownload ! fakesink name=checked", frames=10,
           taken="imported", once=True,
           environment="@GL@", device="vkms"),
    reader("waylandsink (weston)", "waylandsink name=consumer sync=false",
           "format=BGRx,width=320,height=240", after="", taken="sent",
           environment="XDG_RUNTIME_DIR=/run/matrix WAYLAND_DISPLAY=matrix"),
    reader("unixfdsink",
           "unixfdsink name=consumer socket-path=@SOCKET@ wait-for-connection=true sync=false", after="",
           then="unixfdsrc socket-path=@SOCKET@ ! fakesink name=checked", taken="sent"),
    reader("videoconvert", "videoconvert name=consumer",
           after="! video/x-raw,format=RGB ! fakesink name=checked"),
    reader("videoscale", "videoscale name=consumer",
           after="! video/x-raw,width=160,height=120 ! fakesink name=checked"),
    # Half transparent, so that it blends; opaque pictures it would put together with memcpy().
    reader("compositor", "compositor name=consumer sink_0::alpha=0.5"),
    reader("appsink", "appsink name=consumer wait-on-eos=false sync=false", after=""),
    reader("jpegenc", "jpegenc name=consumer"),
    # Without its assembler, so that its copies are calls that can be seen.
    reader("x264enc", "x264enc name=consumer option-string=asm=0 speed-preset=ultrafast"),
    # Its other deadlines depend on how fast the machine is.
    reader("vp8enc", "vp8enc name=consumer deadline=0"),
    decoder("jpegdec", "mjpeg.avi", "avidemux"),
    decoder("vp8dec", "vp8.mkv", "matroskademux"),
    decoder("vp9dec", "vp9.mkv", "matroskademux"),
    decoder("theoradec", "theora.ogg", "oggdemux"),
    decoder("avdec_mjpeg", "mjpeg.avi", "avidemux"),
    decoder("avdec_h264", "h264.mkv", "matroskademux ! h264parse"),
)

# Where Mesa's software driver comes up differs from release to release; the first that plays is taken.
GL = tuple("GST_GL_PLATFORM=egl GST_GL_API=gles2 LIBGL_ALWAYS_SOFTWARE=1 " + window for window in (
    "GST_GL_WINDOW=gbm GST_GL_GBM_DRM_DEVICE=@VKMS@",
    "GST_GL_WINDOW=surfaceless",
    "GST_GL_WINDOW=egl-device",
    "GST_GL_WINDOW=wayland XDG_RUNTIME_DIR=/run/matrix WAYLAND_DISPLAY=matrix",
))

# How the clips for the decoders are made.
CLIPS = {
    "mjpeg.avi": "jpegenc ! avimux",
    "vp8.mkv": "vp8enc deadline=1 ! matroskamux",
    "vp9.mkv": "vp9enc deadline=1 cpu-used=8 ! matroskamux",
    "theora.ogg": "theoraenc ! oggmux",
    "h264.mkv": "x264enc speed-preset=ultrafast ! matroskamux",
}
