// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <sys/types.h>

#include <mediaheap/heap.h>

namespace mediaheap::aic {

/// Which file a descriptor is; the same for duplicates, never that of another buffer.
struct Identity {
    dev_t device = 0;
    ino_t inode = 0;

    bool operator==(const Identity& other) const noexcept {
        return device == other.device && inode == other.inode;
    }
};

/// The heaps and buffers that a program has by descriptors: it may close(2) each without telling
/// us, so what a number stands for is looked up anew each time, by the file behind it.
///
/// Thread safety: all members from any thread. Nothing waits with the lock but destroy().
class BufferTable {
public:
    /// The process's one. It is never torn down, since a program may come here until its last.
    static BufferTable& instance();

    /// A new descriptor that stands for @p heap.
    Result<int> addDevice(std::shared_ptr<Heap> heap);
    /// Null where @p fd stands for none.
    std::shared_ptr<Heap> heapOf(int fd);
    bool removeDevice(int fd);

    /// Hands the block to the program: a descriptor of it that the program closes.
    Result<int> addBuffer(Block block);
    /// The program has closed @p fd, or is about to: false where it is no buffer of ours.
    bool forget(int fd);
    /// Gives back what programs have closed by themselves.
    void collect();

    /// The block and its mapping, which is now mapped once more; EBADF, EINVAL too large.
    Result<void*> map(int fd, size_t size);
    /// False where there is no such mapping of ours.
    bool unmap(const void* address);

    /// The block behind @p fd; null where it is none of ours.
    std::shared_ptr<const Block> find(int fd);

private:
    struct Device {
        int fd;
        Identity identity;
        std::shared_ptr<Heap> heap;
    };
    struct Buffer {
        int fd;
        Identity identity;
        std::shared_ptr<const Block> block;
        unsigned mappings = 0;
        bool closed = false;
    };
    using Dropped = std::list<Buffer>; // whose blocks go after the lock

    Buffer* findLocked(int fd);
    void collectLocked(Dropped& dropped);

    std::mutex mutex_;
    std::list<Device> devices_;
    std::list<Buffer> buffers_;
};

} // namespace mediaheap::aic
