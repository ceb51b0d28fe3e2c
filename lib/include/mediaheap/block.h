// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <mediaheap/access.h>
#include <mediaheap/export.h>
#include <mediaheap/mapping.h>
#include <mediaheap/result.h>
#include <mediaheap/stats.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap {

class BlockState;

/// One piece of a media heap: a file descriptor whose data begins at offset 0, and the bracket of
/// cache maintenance around every CPU access to it. Move-only; dropping it gives the memory back to
/// the heap, which it keeps alive.
///
/// Thread safety: the const members may be called from any thread at any time; moving, reset() and
/// destruction need the only user. Since: 0.1
class MEDIAHEAP_API Block {
public:
    Block() noexcept;
    Block(Block&&) noexcept;
    Block& operator=(Block&&) noexcept;
    ~Block();

    /// False after a move or reset(); every other member then needs a valid block.
    bool isValid() const noexcept { return state_ != nullptr; }

    /// Usable bytes: the size asked for, rounded up to whole pages; of a wrapped descriptor, the
    /// size of its file.
    size_t size() const noexcept;

    /// The address of the block in its zone as the heap's reports show it: what the device sees
    /// where the source knows it, a label counted from the zone's `base` where it does not
    /// (Heap::addressesAreLabels()). 0 for a wrapped descriptor.
    uint64_t address() const noexcept;

    /// The name given at allocation, cut to 31 bytes as the kernel's DMA_BUF_SET_NAME does.
    const std::string& name() const noexcept;

    /// Whether the CPU mapping goes through the caches; taken to be so where the block was wrapped.
    bool isCached() const noexcept;

    /// Whether it is a DMA-BUF, which drivers import.
    bool isDmaBuf() const noexcept;

    /// Whether the CPU may write to it: of every block that a heap has allocated, and of what was
    /// wrapped where its descriptor allows that.
    bool isWritable() const noexcept;

    /// The descriptor, owned by the block and valid as long as it. Whoever needs it longer, or in
    /// another process, takes exportFd(). -1 where the source's memory has none (`mmz`).
    int fd() const noexcept;

    /// A duplicate with close-on-exec that the caller owns. The memory stays valid as long as it is
    /// open. A source that cannot tell when such duplicates are gone (memfd) never gives the memory
    /// of an exported block to anyone else.
    ///
    /// Errors: EMFILE, ENFILE; EOPNOTSUPP where the memory has no descriptor.
    Result<UniqueFd> exportFd() const;

    /// A descriptor, which the caller owns, with which nobody can write to the block, for a process
    /// that is to read only. Of memfd memory: it is opened read-only, and the block's file is
    /// sealed against future writing for good (F_SEAL_FUTURE_WRITE, fcntl(2)), so that opening it
    /// anew does not help either; the block itself stays writable through its mapping, and nobody
    /// who has another descriptor of it can begin to write any more. Of a DMA-BUF the kernel makes
    /// no such descriptor, unless it was wrapped around one that was made read-only; and devices
    /// write to what they import, whatever the descriptor.
    ///
    /// Errors: EOPNOTSUPP a DMA-BUF that can be written to, a simulated block, Linux before 5.1, or
    /// a wrapped file that cannot be sealed; EMFILE, ENFILE.
    Result<UniqueFd> exportReadOnlyFd() const;

    /// The address of the block's one persistent CPU mapping, page-aligned, size() bytes long.
    /// Touch it only between beginAccess() and endAccess().
    void* data() const noexcept;

    /// Opens a CPU access: waits and does the cache maintenance that the hardware needs, unless an
    /// access that covers it is open already. Accesses nest and may overlap between threads; the
    /// first does DMA_BUF_SYNC_START, the last DMA_BUF_SYNC_END with the union of what was opened.
    /// Interrupted calls (EINTR, EAGAIN) are restarted, as the kernel's documentation of
    /// DMA_BUF_IOCTL_SYNC demands.
    ///
    /// While a device still works on the memory it waits for that, no longer than the heap's
    /// `wait`.
    ///
    /// Errors: what the exporter answers, for example EIO; EACCES for a write to a block that could
    /// only be mapped for reading; ETIMEDOUT where a device is not done in time. After an error
    /// nothing is open.
    Result<void> beginAccess(Access access) const;

    /// The same for a part of the block, @p length bytes from @p offset: a source that can sync
    /// ranges then leaves the rest alone, any other syncs the whole block.
    ///
    /// Errors: EINVAL for no bytes, or bytes beyond the end.
    Result<void> beginAccess(Access access, size_t offset, size_t length) const;

    /// Closes one access opened by beginAccess().
    ///
    /// Errors: EINVAL when none is open; what the exporter answers. The access is closed in any
    /// case.
    Result<void> endAccess() const;

    /// Cache maintenance by itself, without an access: for programs that keep a pointer and say now
    /// and then what they have done or will do, as those of HI_MPI_SYS_MmzFlushCache() and
    /// dmabuf_sync() do. Access::Write: what the CPU has written goes out to memory. Access::Read:
    /// what it has cached is dropped, so that it finds what devices have written; waits for devices
    /// that still write, no longer than the heap's `wait`. Both are done in this order. Accesses
    /// that are open stay so; a block with AllocOptions::manualSync is flushed both ways. With
    /// `sanitize=1` nothing outside an access may touch the memory,
    /// whatever was maintained.
    ///
    /// Errors: EINVAL for no bytes, or bytes beyond the end; ETIMEDOUT; what the exporter answers.
    Result<void> maintainCaches(Access access, size_t offset, size_t length) const;

    /// Who has opened the accesses that are open now, for messages about accesses that nobody
    /// ended: one after the other, each with the calls that led there. The heap remembers that with
    /// `sanitize=1` and where it is simulated; otherwise this says how to learn it. Begins with a
    /// semicolon or a newline, to go on a sentence; empty while none is open.
    std::string describeOpenAccesses() const;

    /// For a block of AllocOptions::manualSync: writes back to the hardware what the CPU has
    /// written to these @p length bytes from @p offset on, and lets it fetch anew what the hardware
    /// has. The whole block where its source knows no ranges.
    ///
    /// Where the source's kernel waits for devices that write, this does so no longer than the
    /// heap's `wait`.
    ///
    /// Errors: EINVAL for any other block, for no bytes, or bytes beyond the end; ETIMEDOUT; what
    /// the exporter answers.
    Result<void> flush(size_t offset, size_t length) const;

    /// beginAccess() and data() in one object that ends the access when it goes.
    Result<Mapping> map(Access access) const;

    /// The same for a part of the block, which is then all that the Mapping shows.
    Result<Mapping> map(Access access, size_t offset, size_t length) const;

    /// Tells the block of work that a device has begun: @p fence is a sync_file (Linux,
    /// Documentation/driver-api/sync_file.rst), as a driver gives one out for its work, and
    /// @p access what the device does with the memory until it is done. CPU accesses wait for it: a
    /// read for devices that write, a write for all. So do importers that look for fences, where
    /// the kernel keeps them (DMA-BUFs since Linux 6.0, DMA_BUF_IOCTL_IMPORT_SYNC_FILE). The memory
    /// is not given to anybody else before it is done, though the block may be gone.
    ///
    /// Where no kernel keeps it (memfd, simulated, an older Linux) the fence stays open beside the
    /// block until it is done, and may be anything that becomes readable then and stays so, as an
    /// eventfd; at most 32 can be pending there, besides sync_files, which are merged.
    ///
    /// The descriptor is closed in any case.
    ///
    /// Errors: EBADF, EINVAL where @p fence is none; EBUSY too many pending. After an error nothing
    /// has changed.
    Result<void> importFence(UniqueFd fence, Access access) const;

    /// A sync_file that is done when everything is that an access of this kind has to wait for now
    /// (DMA_BUF_IOCTL_EXPORT_SYNC_FILE); for a device or an API that takes fences. The caller owns
    /// it.
    ///
    /// Errors: EOPNOTSUPP where the block is no DMA-BUF or Linux older than 6.0; EMFILE, ENFILE.
    Result<UniqueFd> exportFence(Access access) const;

    /// Whether an access of that kind would find all devices done. Never waits. False too where
    /// that cannot be told.
    bool isIdle(Access access) const;

    /// Waits for that, as beginAccess() does, and opens nothing. False when @p longest has passed.
    ///
    /// Errors: what poll(2) answers.
    Result<bool> waitUntilIdle(Access access, std::chrono::milliseconds longest) const;

    /// What the CPU accesses to this block have cost so far.
    SyncCounts syncStats() const noexcept;

    /// Says that the memory begins a new life: what is in it interests nobody any more, and what a
    /// device has written to it nobody will read. For whoever keeps a block and lends it out again,
    /// as a pool does; Heap::allocate() does it itself. The bytes stay as they are. On real
    /// hardware this costs nothing and changes nothing; the simulated SoC then takes a partial
    /// write for what it is in a fresh block, and no mistake. No access may be open.
    void forgetContents() const noexcept;

    /// Gives the memory back now. While accesses are open this is a bug, and is logged; the memory
    /// then goes back when the last Mapping ends.
    void reset();

private:
    friend class Heap;
    explicit Block(std::shared_ptr<BlockState> state) noexcept;

    std::shared_ptr<BlockState> state_;
};

} // namespace mediaheap
