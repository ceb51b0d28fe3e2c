// SPDX-License-Identifier: LGPL-2.1-or-later
#include "artinchip/buffer_table.h"

#include <cerrno>
#include <iterator>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

#include "base/error.h"
#include "kernel/kernel.h"

namespace mediaheap::aic {

namespace {

std::optional<Identity> identityOf(int fd) {
    struct ::stat status;
    if (fd < 0 || ::fstat(fd, &status) != 0)
        return std::nullopt;
    return Identity{status.st_dev, status.st_ino};
}

} // namespace

BufferTable& BufferTable::instance() {
    static BufferTable* const table = new BufferTable;
    return *table;
}

Result<int> BufferTable::addDevice(std::shared_ptr<Heap> heap) {
    // It has to be a file of its own, to be told from any other that gets its number later.
    UniqueFd fd(Kernel::current().memfdCreate("mediaheap-aic", MFD_CLOEXEC));
    const std::optional<Identity> identity = identityOf(fd.get());
    if (!identity)
        return makeError(fd.isValid() ? EBADF : EMFILE, "make a descriptor for the heap", {},
                         "close descriptors or raise the limit (ulimit -n)");
    const std::lock_guard lock(mutex_);
    devices_.push_back({fd.get(), *identity, std::move(heap)});
    return fd.release();
}

std::shared_ptr<Heap> BufferTable::heapOf(int fd) {
    const std::optional<Identity> identity = identityOf(fd);
    const std::lock_guard lock(mutex_);
    for (const Device& device : devices_) {
        if (identity && device.identity == *identity)
            return device.heap;
    }
    return nullptr;
}

bool BufferTable::removeDevice(int fd) {
    const std::optional<Identity> identity = identityOf(fd);
    std::list<Device> dropped;
    const std::lock_guard lock(mutex_);
    for (auto device = devices_.begin(); device != devices_.end(); ++device) {
        if (!identity || !(device->identity == *identity))
            continue;
        dropped.splice(dropped.begin(), devices_, device);
        return true;
    }
    return false;
}

Result<int> BufferTable::addBuffer(Block block) {
    Result<UniqueFd> fd = block.exportFd();
    if (!fd)
        return std::move(fd).error();
    const std::optional<Identity> identity = identityOf(fd->get());
    if (!identity)
        return makeError(EBADF, "look at a new descriptor");
    const std::lock_guard lock(mutex_);
    Buffer buffer{fd->get(), *identity, std::make_shared<const Block>(std::move(block))};
    buffers_.push_back(std::move(buffer));
    return fd->release();
}

BufferTable::Buffer* BufferTable::findLocked(int fd) {
    const std::optional<Identity> identity = identityOf(fd);
    for (Buffer& buffer : buffers_) {
        if (identity && buffer.identity == *identity && !buffer.closed)
            return &buffer;
    }
    return nullptr;
}

void BufferTable::collectLocked(Dropped& dropped) {
    for (auto buffer = buffers_.begin(); buffer != buffers_.end();) {
        const auto next = std::next(buffer);
        if (!buffer->closed) {
            const std::optional<Identity> now = identityOf(buffer->fd);
            buffer->closed = !now || !(*now == buffer->identity);
        }
        if (buffer->closed && buffer->mappings == 0)
            dropped.splice(dropped.end(), buffers_, buffer);
        buffer = next;
    }
}

void BufferTable::collect() {
    Dropped dropped;
    const std::lock_guard lock(mutex_);
    collectLocked(dropped);
}

bool BufferTable::forget(int fd) {
    Dropped dropped;
    const std::lock_guard lock(mutex_);
    Buffer* const buffer = findLocked(fd);
    if (!buffer)
        return false;
    // A duplicate's end is not the buffer's.
    buffer->closed = buffer->fd == fd;
    collectLocked(dropped);
    return true;
}

Result<void*> BufferTable::map(int fd, size_t size) {
    const std::lock_guard lock(mutex_);
    Buffer* const buffer = findLocked(fd);
    if (!buffer)
        return makeError(EBADF, "map a buffer", "the descriptor is none of this heap's");
    if (size > buffer->block->size())
        return makeError(EINVAL, "map a buffer",
                         std::to_string(size) + " bytes are more than its " +
                             std::to_string(buffer->block->size()));
    ++buffer->mappings;
    return buffer->block->data();
}

bool BufferTable::unmap(const void* address) {
    Dropped dropped;
    const std::lock_guard lock(mutex_);
    for (Buffer& buffer : buffers_) {
        if (buffer.mappings == 0 || buffer.block->data() != address)
            continue;
        --buffer.mappings;
        collectLocked(dropped);
        return true;
    }
    return false;
}

std::shared_ptr<const Block> BufferTable::find(int fd) {
    const std::lock_guard lock(mutex_);
    const Buffer* const buffer = findLocked(fd);
    return buffer ? buffer->block : nullptr;
}

} // namespace mediaheap::aic
