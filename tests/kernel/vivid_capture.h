// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {

/// The webcam of the kernel's vivid driver, capturing into DMA-BUFs: an importer as real as
/// hardware's (Linux, Documentation/admin-guide/media/vivid.rst). Every member fails the test where
/// the driver refuses.
class VividCapture {
public:
    /// Opens the first single-planar vivid webcam, and loads the driver where there is none.
    VividCapture();
    VividCapture(const VividCapture&) = delete;
    VividCapture& operator=(const VividCapture&) = delete;
    /// Releases what it holds.
    ~VividCapture();

    bool isOpen() const { return device_.isValid(); }
    /// 640x360 in NV12; the bytes that a frame needs.
    size_t setFormat();
    /// Announces @p count DMA-BUFs; 0 lets go of all.
    void request(unsigned count);
    /// Imports a buffer (QBUF).
    void queue(unsigned index, int fd, size_t length);
    void start();
    /// Ends streaming and takes all buffers out of the queue. vivid keeps what it has imported.
    void stop();
    /// Waits for a frame; the index of its buffer.
    unsigned dequeue();

private:
    UniqueFd device_;
};

} // namespace mediaheap::test
