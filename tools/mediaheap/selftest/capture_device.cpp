// SPDX-License-Identifier: LGPL-2.1-or-later
#include "capture_device.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <utility>

namespace mediaheap::tool {

namespace {

constexpr int mostDevices = 64;

Error failure(int code, std::string step, std::string cause = {}) {
    Error error;
    error.code = code;
    error.step = std::move(step);
    error.cause = std::move(cause);
    return error;
}

bool isMultiplanar(uint32_t type) { return type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE; }

std::string fourcc(uint32_t code) {
    std::string text;
    for (int byte = 0; byte < 4; byte++) {
        const auto letter = static_cast<char>(code >> (8 * byte) & 0x7f);
        text += letter > ' ' ? letter : '?';
    }
    return text;
}

} // namespace

CaptureDevice::CaptureDevice(UniqueFd fd, std::string path)
    : fd_(std::move(fd)), path_(std::move(path)) {}

Result<CaptureDevice> CaptureDevice::open(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!fd.isValid())
        return failure(errno, "open " + path);
    CaptureDevice device(std::move(fd), path);
    if (Result<void> usable = device.look(); !usable)
        return std::move(usable).error();
    return device;
}

Result<CaptureDevice> CaptureDevice::find() {
    std::string refusals;
    for (int number = 0; number < mostDevices; number++) {
        Result<CaptureDevice> device = open("/dev/video" + std::to_string(number));
        if (device)
            return device;
        if (device.error().code != ENOENT)
            refusals += (refusals.empty() ? "" : "; ") + device.error().message();
    }
    return failure(ENODEV, "find a V4L2 capture device",
                   refusals.empty() ? "there is no /dev/video* here" : refusals);
}

Result<void> CaptureDevice::look() {
    v4l2_capability capability{};
    if (Result<void> known = call(VIDIOC_QUERYCAP, &capability, "VIDIOC_QUERYCAP"); !known)
        return known;
    driver_ = reinterpret_cast<const char*>(capability.driver);
    const uint32_t abilities = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0
                                   ? capability.device_caps
                                   : capability.capabilities;
    if ((abilities & V4L2_CAP_VIDEO_CAPTURE) != 0)
        type_ = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    else if ((abilities & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0)
        type_ = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
    if (type_ == 0 || (abilities & V4L2_CAP_STREAMING) == 0)
        return failure(EOPNOTSUPP, path_, "driver " + driver_ + " does not capture in a stream");

    v4l2_format format{};
    format.type = type_;
    if (Result<void> known = call(VIDIOC_G_FMT, &format, "VIDIOC_G_FMT"); !known)
        return known;
    uint32_t width = format.fmt.pix.width;
    uint32_t height = format.fmt.pix.height;
    uint32_t pixels = format.fmt.pix.pixelformat;
    frameBytes_ = format.fmt.pix.sizeimage;
    if (isMultiplanar(type_)) {
        if (format.fmt.pix_mp.num_planes != 1)
            return failure(EOPNOTSUPP, path_, "its format has more than one plane of memory");
        width = format.fmt.pix_mp.width;
        height = format.fmt.pix_mp.height;
        pixels = format.fmt.pix_mp.pixelformat;
        frameBytes_ = format.fmt.pix_mp.plane_fmt[0].sizeimage;
    }
    format_ = std::to_string(width) + "x" + std::to_string(height) + " " + fourcc(pixels);
    if (frameBytes_ == 0)
        return failure(EOPNOTSUPP, path_, "its format " + format_ + " has frames without bytes");

    Result<unsigned> imports = request(0);
    if (!imports)
        return imports.error();
    return {};
}

Result<void> CaptureDevice::call(unsigned long request, void* argument, const char* name) const {
    int result = 0;
    do {
        result = ::ioctl(fd_.get(), request, argument);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? Result<void>() : failure(errno, path_ + ": " + name);
}

Result<unsigned> CaptureDevice::request(unsigned count) {
    v4l2_requestbuffers buffers{};
    buffers.count = count;
    buffers.type = type_;
    buffers.memory = V4L2_MEMORY_DMABUF;
    if (Result<void> done = call(VIDIOC_REQBUFS, &buffers, "VIDIOC_REQBUFS of DMA-BUFs"); !done)
        return std::move(done).error();
    return static_cast<unsigned>(buffers.count);
}

Result<void> CaptureDevice::queue(unsigned index, int fd, size_t length) {
    v4l2_plane plane{};
    v4l2_buffer buffer{};
    buffer.index = index;
    buffer.type = type_;
    buffer.memory = V4L2_MEMORY_DMABUF;
    if (isMultiplanar(type_)) {
        plane.m.fd = fd;
        plane.length = static_cast<uint32_t>(length);
        buffer.m.planes = &plane;
        buffer.length = 1;
    } else {
        buffer.m.fd = fd;
        buffer.length = static_cast<uint32_t>(length);
    }
    return call(VIDIOC_QBUF, &buffer, "VIDIOC_QBUF");
}

Result<void> CaptureDevice::start() { return call(VIDIOC_STREAMON, &type_, "VIDIOC_STREAMON"); }

Result<void> CaptureDevice::stop() { return call(VIDIOC_STREAMOFF, &type_, "VIDIOC_STREAMOFF"); }

Result<CapturedFrame> CaptureDevice::dequeue(int milliseconds) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    int ready = 0;
    do {
        ready = ::poll(&waiting, 1, milliseconds);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return failure(errno, path_ + ": poll");
    if (ready == 0)
        return failure(ETIMEDOUT, path_ + ": wait for a frame",
                       "none came in " + std::to_string(milliseconds) + " ms");
    v4l2_plane plane{};
    v4l2_buffer buffer{};
    buffer.type = type_;
    buffer.memory = V4L2_MEMORY_DMABUF;
    if (isMultiplanar(type_)) {
        buffer.m.planes = &plane;
        buffer.length = 1;
    }
    if (Result<void> done = call(VIDIOC_DQBUF, &buffer, "VIDIOC_DQBUF"); !done)
        return std::move(done).error();
    const size_t bytes = isMultiplanar(type_) ? plane.bytesused : buffer.bytesused;
    return CapturedFrame{buffer.index, buffer.sequence, bytes == 0 ? frameBytes_ : bytes,
                         (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0};
}

} // namespace mediaheap::tool
