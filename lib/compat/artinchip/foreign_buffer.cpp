// SPDX-License-Identifier: LGPL-2.1-or-later
#include "artinchip/foreign_buffer.h"

#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/error.h"
#include "kernel/kernel.h"
#include "sync/dmabuf_uapi.h"

namespace mediaheap::aic {

namespace {

int insistentIoctl(int fd, unsigned long request, void* argument) {
    int result = 0;
    do
        result = Kernel::current().ioctl(fd, request, argument);
    while (result == -EINTR || result == -EAGAIN);
    return result;
}

Result<void> syncOnce(int fd, uint64_t flags) {
    dma_buf_sync sync{flags};
    const int result = insistentIoctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
    return result < 0 ? makeError(-result, "sync a buffer (DMA_BUF_IOCTL_SYNC)") : Result<void>();
}

} // namespace

Result<void*> mapForeign(int fd, size_t size) {
    struct ::stat status;
    if (fd < 0 || ::fstat(fd, &status) != 0)
        return makeError(EBADF, "map a buffer");
    if (status.st_size <= 0 || size > static_cast<uint64_t>(status.st_size))
        return makeError(EINVAL, "map a buffer", "it has not so many bytes");
    void* address = nullptr;
    const int result =
        Kernel::current().map(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, &address);
    if (result < 0)
        return makeError(-result, "map a buffer");
    return address;
}

Result<void> unmapForeign(void* address, size_t size) {
    const int result = Kernel::current().unmap(address, size);
    return result < 0 ? makeError(-result, "unmap a buffer") : Result<void>();
}

Result<void> syncForeign(int fd, Access access) {
    if (includes(access, Access::Write)) {
        const uint64_t direction =
            includes(access, Access::Read) ? DMA_BUF_SYNC_RW : DMA_BUF_SYNC_WRITE;
        if (Result<void> written = syncOnce(fd, DMA_BUF_SYNC_END | direction); !written)
            return written;
    }
    if (includes(access, Access::Read))
        return syncOnce(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
    return {};
}

Result<void> syncForeign(int fd, Access access, const void* address, size_t size) {
    for (const Access part : {Access::Write, Access::Read}) {
        if (!includes(access, part))
            continue;
        DmabufRange range{};
        range.start = reinterpret_cast<uintptr_t>(address);
        range.size = size;
        range.flags = part == Access::Write ? DmabufRange::writeBack : DmabufRange::invalidate;
        const int result = insistentIoctl(fd, DmabufRange::ioctl, &range);
        if (result == -ENOTTY)
            return syncForeign(fd, access);
        if (result < 0)
            return makeError(-result, "sync a part of a buffer (DMA_BUF_IOCTL_SYNC_RANGE)");
    }
    return {};
}

} // namespace mediaheap::aic
