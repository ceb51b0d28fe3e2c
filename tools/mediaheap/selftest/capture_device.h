// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap::tool {

/// A frame that a device has written.
struct CapturedFrame {
    unsigned index = 0; ///< of the buffer
    uint32_t sequence = 0;
    size_t bytes = 0;   ///< that the driver says it has written
    bool error = false; ///< V4L2_BUF_FLAG_ERROR
};

/// A V4L2 device that captures into DMA-BUFs (Linux, Documentation/userspace-api/media/v4l/
/// dmabuf.rst), in the format that it has, of one plane of memory. Single- and multi-planar API.
class CaptureDevice {
public:
    /// Opens @p path.
    ///
    /// Errors: the system's; EOPNOTSUPP what does not capture, stream or import.
    static Result<CaptureDevice> open(const std::string& path);
    /// The first of /dev/video* that open() takes.
    ///
    /// Errors: ENODEV, with what each of them said.
    static Result<CaptureDevice> find();

    const std::string& path() const { return path_; }
    const std::string& driver() const { return driver_; }
    size_t frameBytes() const { return frameBytes_; }
    /// `640x360 NV12`.
    const std::string& format() const { return format_; }

    /// Announces @p count DMA-BUFs; 0 lets go of all. The count that the driver wants.
    Result<unsigned> request(unsigned count);
    Result<void> queue(unsigned index, int fd, size_t length);
    Result<void> start();
    Result<void> stop();
    /// Waits for a frame, at most @p milliseconds.
    ///
    /// Errors: ETIMEDOUT and the driver's.
    Result<CapturedFrame> dequeue(int milliseconds);

private:
    CaptureDevice(UniqueFd fd, std::string path);
    Result<void> look();
    Result<void> call(unsigned long request, void* argument, const char* name) const;

    UniqueFd fd_;
    std::string path_;
    std::string driver_;
    std::string format_;
    uint32_t type_ = 0;
    size_t frameBytes_ = 0;
};

} // namespace mediaheap::tool
