// SPDX-License-Identifier: LGPL-2.1-or-later
#include "raw_mapping.h"

#include <cerrno>
#include <cstring>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

namespace mediaheap::tool {

namespace {

Error systemError(int code, const char* step) {
    Error error;
    error.code = code;
    error.step = step;
    return error;
}

} // namespace

Result<RawMapping> RawMapping::map(int fd, size_t size, bool isDmaBuf) {
    void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    if (address == MAP_FAILED)
        return systemError(errno, "map the exported descriptor");
    return RawMapping(fd, static_cast<const uint8_t*>(address), size, isDmaBuf);
}

RawMapping::RawMapping(int fd, const uint8_t* data, size_t size, bool isDmaBuf)
    : fd_(fd), data_(data), size_(size), isDmaBuf_(isDmaBuf) {}

RawMapping::RawMapping(RawMapping&& other) noexcept
    : fd_(other.fd_), data_(other.data_), size_(other.size_), isDmaBuf_(other.isDmaBuf_) {
    other.data_ = nullptr;
}

RawMapping::~RawMapping() {
    if (data_)
        ::munmap(const_cast<uint8_t*>(data_), size_);
}

Result<void> RawMapping::begin() const { return sync(DMA_BUF_SYNC_START, "DMA_BUF_SYNC_START"); }

Result<void> RawMapping::end() const { return sync(DMA_BUF_SYNC_END, "DMA_BUF_SYNC_END"); }

Result<void> RawMapping::sync(uint64_t flags, const char* what) const {
    if (!isDmaBuf_)
        return {};
    dma_buf_sync argument{};
    argument.flags = flags | DMA_BUF_SYNC_READ;
    int result = 0;
    do {
        result = ::ioctl(fd_, DMA_BUF_IOCTL_SYNC, &argument);
    } while (result != 0 && (errno == EINTR || errno == EAGAIN));
    return result == 0 ? Result<void>() : systemError(errno, what);
}

} // namespace mediaheap::tool
