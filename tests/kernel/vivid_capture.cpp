// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vivid_capture.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>

#include <gtest/gtest.h>

namespace mediaheap::test {

namespace {

constexpr unsigned captureType = V4L2_BUF_TYPE_VIDEO_CAPTURE;
constexpr int frameTimeout = 10000; // milliseconds; the emulated machine is slow

UniqueFd findWebcam() {
    for (int number = 0; number < 16; ++number) {
        const std::string path = "/dev/video" + std::to_string(number);
        UniqueFd device(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        v4l2_capability capability{};
        if (device.isValid() && ::ioctl(device.get(), VIDIOC_QUERYCAP, &capability) == 0 &&
            std::strcmp(reinterpret_cast<const char*>(capability.driver), "vivid") == 0 &&
            (capability.device_caps & V4L2_CAP_VIDEO_CAPTURE) != 0)
            return device;
    }
    return UniqueFd();
}

void call(const UniqueFd& device, unsigned long request, void* argument, const char* name) {
    if (::ioctl(device.get(), request, argument) != 0)
        ADD_FAILURE() << name << ": " << std::strerror(errno);
}

} // namespace

VividCapture::VividCapture() : device_(findWebcam()) {
    if (!device_.isValid() &&
        std::system("modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=0 "
                    "num_outputs=1 output_types=1 no_error_inj=1 multiplanar=1 allocators=0") == 0)
        device_ = findWebcam();
    if (!device_.isValid())
        ADD_FAILURE() << "no vivid webcam on this machine";
}

VividCapture::~VividCapture() = default;

size_t VividCapture::setFormat() {
    v4l2_format format{};
    format.type = captureType;
    call(device_, VIDIOC_G_FMT, &format, "VIDIOC_G_FMT");
    format.fmt.pix.width = 640;
    format.fmt.pix.height = 360;
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_NV12;
    format.fmt.pix.bytesperline = 0;
    call(device_, VIDIOC_S_FMT, &format, "VIDIOC_S_FMT");
    EXPECT_EQ(format.fmt.pix.pixelformat, unsigned{V4L2_PIX_FMT_NV12});
    return format.fmt.pix.sizeimage;
}

void VividCapture::request(unsigned count) {
    v4l2_requestbuffers request{};
    request.count = count;
    request.type = captureType;
    request.memory = V4L2_MEMORY_DMABUF;
    call(device_, VIDIOC_REQBUFS, &request, "VIDIOC_REQBUFS");
    EXPECT_GE(request.count, count) << "vivid wants two at least";
}

void VividCapture::queue(unsigned index, int fd, size_t length) {
    v4l2_buffer buffer{};
    buffer.index = index;
    buffer.type = captureType;
    buffer.memory = V4L2_MEMORY_DMABUF;
    buffer.m.fd = fd;
    buffer.length = static_cast<unsigned>(length);
    call(device_, VIDIOC_QBUF, &buffer, "VIDIOC_QBUF");
}

void VividCapture::start() {
    unsigned type = captureType;
    call(device_, VIDIOC_STREAMON, &type, "VIDIOC_STREAMON");
}

void VividCapture::stop() {
    unsigned type = captureType;
    call(device_, VIDIOC_STREAMOFF, &type, "VIDIOC_STREAMOFF");
}

unsigned VividCapture::dequeue() {
    pollfd waiting{device_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&waiting, 1, frameTimeout), 1) << "no frame came";
    v4l2_buffer buffer{};
    buffer.type = captureType;
    buffer.memory = V4L2_MEMORY_DMABUF;
    call(device_, VIDIOC_DQBUF, &buffer, "VIDIOC_DQBUF");
    EXPECT_EQ(buffer.flags & V4L2_BUF_FLAG_ERROR, 0u);
    return buffer.index;
}

} // namespace mediaheap::test
