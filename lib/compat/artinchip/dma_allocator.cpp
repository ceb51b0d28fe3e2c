// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The C boundary of libmediaheap-aic: no exception, no C++ type, and errno tells what went wrong.
#include <dma_allocator.h>

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <optional>
#include <string>
#include <utility>

#include <mediaheap/export.h>
#include <mediaheap/heap.h>
#include <mediaheap/unique_fd.h>

#include "artinchip/buffer_table.h"
#include "artinchip/foreign_buffer.h"
#include "base/error.h"
#include "base/log.h"

namespace mediaheap::aic {

namespace {

/// What a failed call does beside returning: errno, and a line for people.
int failed(const char* call, const Error& error) {
    log(LogLevel::Error, std::string(call) + ": " + error.message());
    errno = error.code;
    return -1;
}

/// What a failed call has returned; theirs lets it pass where a descriptor is given back.
bool isNone(int fd) {
    if (fd < 0)
        errno = EBADF;
    return fd < 0;
}

Error noHeap() {
    return makeError(EBADF, "look the descriptor up", "it stands for no heap",
                     "hand over what dmabuf_device_open() has returned, until it is closed");
}

/// Freed memory goes back at once, as that of the node does, for other processes to have. Where the
/// process has the heap open with a cache already, that stays.
Result<std::shared_ptr<Heap>> openHeap() {
    Result<std::shared_ptr<Heap>> heap = Heap::open("auto,cache=0");
    if (!heap && heap.error().code == EBUSY)
        heap = Heap::open("auto");
    if (!heap)
        return heap;
    const std::string& name = heap.value()->description();
    if (!heap.value()->hasDescriptors())
        return makeError(EOPNOTSUPP, "use heap '" + name + "'", "its memory has no descriptors",
                         "choose another in MEDIAHEAP_DEFAULT");
    if (name.find(",sanitize=1") != std::string::npos)
        return makeError(EOPNOTSUPP, "use heap '" + name + "'",
                         "sanitize=1: this interface does not say when the CPU may touch memory",
                         "leave sanitize out of MEDIAHEAP_DEFAULT; source simulated finds missing "
                         "syncs here too");
    return heap;
}

std::optional<Access> accessOf(dma_buf_sync_flag flag) {
    switch (flag) {
    case CACHE_CLEAN:
        return Access::Write;
    case CACHE_INVALID:
        return Access::Read;
    case CACHE_FLUSH:
        return Access::ReadWrite;
    }
    return std::nullopt;
}

Error noFlag(int flag) {
    return makeError(EINVAL, "sync a buffer", "there is no flag " + std::to_string(flag),
                     "use CACHE_CLEAN, CACHE_INVALID or CACHE_FLUSH");
}

Result<void> syncRange(int fd, const unsigned char* start, int size, Access access) {
    if (size <= 0)
        return makeError(EINVAL, "sync a part of a buffer", "it has no bytes");
    const auto length = static_cast<size_t>(size);
    const std::shared_ptr<const Block> block = BufferTable::instance().find(fd);
    if (!block)
        return syncForeign(fd, access, start, length);
    const auto begin = reinterpret_cast<uintptr_t>(block->data());
    const auto at = reinterpret_cast<uintptr_t>(start);
    if (at < begin || at - begin >= block->size())
        return makeError(EINVAL, "sync a part of a buffer",
                         "its address is not in the mapping of this buffer",
                         "hand over an address in what dmabuf_mmap() has returned");
    return block->maintainCaches(access, at - begin, length);
}

} // namespace

} // namespace mediaheap::aic

using namespace mediaheap;
using namespace mediaheap::aic;

extern "C" {

MEDIAHEAP_API int dmabuf_device_open(void) {
    Result<std::shared_ptr<Heap>> heap = openHeap();
    if (!heap)
        return failed("dmabuf_device_open", heap.error());
    const Result<int> fd = BufferTable::instance().addDevice(std::move(heap).value());
    return fd ? fd.value() : failed("dmabuf_device_open", fd.error());
}

MEDIAHEAP_API void dmabuf_device_close(int dma_fd) {
    if (isNone(dma_fd))
        return;
    if (!BufferTable::instance().removeDevice(dma_fd)) {
        failed("dmabuf_device_close", noHeap());
        return;
    }
    UniqueFd(dma_fd).reset();
}

MEDIAHEAP_API void dmabuf_device_destroy(int dma_fd) {
    if (isNone(dma_fd))
        return;
    const std::shared_ptr<Heap> heap = BufferTable::instance().heapOf(dma_fd);
    if (!heap) {
        failed("dmabuf_device_destroy", noHeap());
        return;
    }
    BufferTable::instance().collect();
    if (const Result<void> destroyed = heap->destroy(); !destroyed)
        failed("dmabuf_device_destroy", destroyed.error());
}

MEDIAHEAP_API int dmabuf_alloc(int dma_fd, int size) {
    const std::shared_ptr<Heap> heap = BufferTable::instance().heapOf(dma_fd);
    if (!heap)
        return failed("dmabuf_alloc", noHeap());
    if (size <= 0)
        return failed("dmabuf_alloc",
                      makeError(EINVAL, "allocate " + std::to_string(size) + " bytes"));
    BufferTable::instance().collect();
    AllocOptions options;
    options.name = "dmabuf_alloc";
    Result<Block> block = heap->allocate(static_cast<size_t>(size), options);
    if (!block)
        return failed("dmabuf_alloc", block.error());
    const Result<int> fd = BufferTable::instance().addBuffer(std::move(block).value());
    return fd ? fd.value() : failed("dmabuf_alloc", fd.error());
}

MEDIAHEAP_API void dmabuf_free(int buf_fd) {
    if (isNone(buf_fd))
        return;
    // The block goes after the descriptor: the heap looks whether anybody else has the memory.
    const std::shared_ptr<const Block> block = BufferTable::instance().find(buf_fd);
    if (!block && ::fcntl(buf_fd, F_GETFD) < 0) {
        failed("dmabuf_free", makeError(EBADF, "close a buffer"));
        return;
    }
    BufferTable::instance().forget(buf_fd);
    UniqueFd(buf_fd).reset();
}

MEDIAHEAP_API unsigned char* dmabuf_mmap(int buf_fd, int size) {
    Result<void*> address = makeError(EINVAL, "map a buffer", "no bytes");
    if (size > 0) {
        address = BufferTable::instance().find(buf_fd)
                      ? BufferTable::instance().map(buf_fd, static_cast<size_t>(size))
                      : mapForeign(buf_fd, static_cast<size_t>(size));
    }
    if (address)
        return static_cast<unsigned char*>(address.value());
    failed("dmabuf_mmap", address.error());
    return nullptr;
}

MEDIAHEAP_API void dmabuf_munmap(unsigned char* addr, int size) {
    Result<void> unmapped = makeError(EINVAL, "unmap a buffer", "no address, or no bytes");
    if (addr && size > 0) {
        unmapped = BufferTable::instance().unmap(addr)
                       ? Result<void>()
                       : unmapForeign(addr, static_cast<size_t>(size));
    }
    if (!unmapped)
        failed("dmabuf_munmap", unmapped.error());
}

MEDIAHEAP_API int dmabuf_sync(int buf_fd, enum dma_buf_sync_flag flag) {
    const std::optional<Access> access = accessOf(flag);
    if (!access)
        return failed("dmabuf_sync", noFlag(flag));
    const std::shared_ptr<const Block> block = BufferTable::instance().find(buf_fd);
    const Result<void> synced =
        block ? block->maintainCaches(*access, 0, block->size()) : syncForeign(buf_fd, *access);
    return synced ? 0 : failed("dmabuf_sync", synced.error());
}

MEDIAHEAP_API int dmabuf_sync_range(int buf_fd, unsigned char* start_addr, int size,
                                    enum dma_buf_sync_flag flag) {
    const std::optional<Access> access = accessOf(flag);
    if (!access)
        return failed("dmabuf_sync_range", noFlag(flag));
    const Result<void> synced = syncRange(buf_fd, start_addr, size, *access);
    return synced ? 0 : failed("dmabuf_sync_range", synced.error());
}

} // extern "C"
