// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <mediaheap/export.h>
#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap::simulated {

/// What a Device does in one go. A block is named by its descriptor, as an importer gets it.
///
/// Since: 0.1
struct Operation {
    enum class Kind {
        Fill,     ///< writes @ref value to every byte
        Invert,   ///< reads, and writes the complement
        Checksum, ///< reads; Device::lastChecksum() has the result
        Copy,     ///< reads here, writes to @ref target
    };
    Kind kind = Kind::Checksum;
    int fd = -1;
    uint64_t offset = 0;
    uint64_t size = 0;
    uint8_t value = 0;
    int target = -1; ///< descriptor of the block that a copy goes to
    uint64_t targetOffset = 0;
};

/// A device of the simulated SoC: it reaches the memory of heaps of source `simulated` by their
/// descriptors, and of that only the device's view. The CPU's caches are not coherent with it: what
/// the CPU has written it sees once an END for writing has cleaned the lines, or when the caches
/// evict them; and what it writes the CPU sees once a START for reading has invalidated them.
///
/// An operation that collides with the CPU is carried out all the same, with the data that a real
/// device would have met, and recorded as a Violation of the block's heap.
///
/// Thread safety: all members from any thread; the destructor needs the only user, and waits for
/// what was started. Since: 0.1
class MEDIAHEAP_API Device {
public:
    /// @p name is for people: `encoder`.
    explicit Device(std::string name);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const std::string& name() const noexcept;
    /// Unique in the process, never 0; Violation::deviceId.
    uint64_t id() const noexcept;

    // ---- At once, on the caller's thread. Errors: EBADF; EOPNOTSUPP for memory that is not of a
    // simulated heap of this process; EINVAL for a range beyond the block.

    Result<void> read(int fd, uint64_t offset, void* to, size_t size);
    Result<void> write(int fd, uint64_t offset, const void* from, size_t size);
    Result<void> fill(int fd, uint64_t offset, uint64_t size, uint8_t value);
    Result<void> invert(int fd, uint64_t offset, uint64_t size);
    /// CRC-32 (ISO-HDLC, as zlib's) of what the device sees.
    Result<uint32_t> checksum(int fd, uint64_t offset, uint64_t size);
    Result<void> copy(int fromFd, uint64_t fromOffset, int toFd, uint64_t toOffset, uint64_t size);

    // ---- On the device's own thread.

    /// Queues @p operation behind those that were started before, and returns its fence, which the
    /// caller owns: poll(2) says POLLIN once the operation is done. Until then the memory is the
    /// device's: a CPU access that collides with it waits for the fence, no longer than the heap's
    /// `wait`, and the heap gives the memory to nobody else.
    ///
    /// Errors: as above, and EMFILE.
    Result<UniqueFd> start(const Operation& operation);

    /// Waits until everything that was started is done.
    void finish();

    /// While it is paused a device begins no started operation; its fences stay pending.
    void pause();
    void resume();

    /// The result of the last checksum that was started and is done; 0 where there is none.
    uint32_t lastChecksum() const;

private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

} // namespace mediaheap::simulated
