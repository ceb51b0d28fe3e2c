// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Start reading here.
//
//     auto heap = mediaheap::Heap::open("udmabuf,size=64M,zone=camera");
//     if (!heap)
//         return fail(heap.error().message());
//     auto block = (*heap)->allocate(1920 * 1080 * 3 / 2, {.name = "preview"});
//     auto mapping = block->map(mediaheap::Access::Write);   // the caches are right from here ...
//     memset(mapping->data(), 0x80, mapping->size());        // ... until the mapping goes
//     importIntoHardware(block->fd());
//
// (Designated initialisers are C++20 or a compiler extension; name the members one by one in
// C++17.)
//
// Invariants
// - One block is one file descriptor with its data at offset 0.
// - used + largest possible allocation never exceed the zone's budget; cached bytes count as free.
// - Memory that an importer still holds is never handed out again.
// - Memory that goes from one client to another is zeroed in between.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mediaheap/block.h>
#include <mediaheap/export.h>
#include <mediaheap/result.h>
#include <mediaheap/simulated/violation.h>
#include <mediaheap/source_info.h>
#include <mediaheap/stats.h>

namespace mediaheap {

class HeapCore;
struct HeapString;

/// What a block must be like. What the heap's source cannot honour is refused with EOPNOTSUPP and
/// the reason, never ignored.
///
/// Since: 0.1
struct AllocOptions {
    /// For people: shown in reports and given to the kernel with DMA_BUF_SET_NAME (31 bytes at
    /// most, longer names are cut). A kernel that cannot name the buffer is no failure.
    std::string name;
    /// Power of two in bytes, 0 for a page: of the block's address in its zone and of its CPU
    /// mapping. Physical alignment beyond a page is what only a source with physical addresses of
    /// its own can promise.
    size_t alignment = 0;
    /// Whether the CPU mapping goes through the caches; unset takes the heap's own way.
    std::optional<bool> cached;
    /// True needs physically contiguous memory.
    bool contiguous = false;
    /// True clears the memory. False leaves it undefined, yet never another client's data.
    bool zero = false;
    /// Whoever allocates, from Heap::newClient(): memory that the same client gave back may come
    /// to it again without being cleared. 0 is a client of its own in every call.
    uint64_t client = 0;
    /// The zone to take it from, by name and gfp, where the heap has several (`mmz=` in its heap
    /// string): empty and 0 match any. Zones are searched from the last configured to the first;
    /// the first that matches and has room gives the block.
    std::string zone;
    uint64_t gfp = 0;
    /// Takes the highest free place of the zone instead of the one that fits best: HiSilicon's
    /// order "high to low", which keeps a long-lived block away from what comes and goes. Needs a
    /// heap with places: one of `udmabuf`, or with `mmz=` in its heap string.
    bool fromTop = false;
    /// The CPU may touch the block's memory at any time, without opening accesses, and whoever
    /// works with it calls Block::flush() as vendors' systems want it (HI_MPI_SYS_MmzFlushCache()):
    /// after writing and before the hardware reads, after the hardware wrote and before reading.
    bool manualSync = false;
};

enum class ReportFormat {
    Text, ///< the format of HiSilicon's /proc/media-mem, byte for byte
    Json, ///< everything known, for programs
};

/// Memory set aside for frames that hardware and CPU both touch.
///
/// Thread safety: all members may be called from any thread. Since: 0.1
class MEDIAHEAP_API Heap : public std::enable_shared_from_this<Heap> {
public:
    /// Opens the heap that @p string describes: `<source>[:<name>][,key=value...]`, for example
    /// `dma-heap:system,size=64M,zone=camera` (docs/heap-string.md has the whole grammar). In one
    /// process the same facility (source, name and zone) is one heap: a second open shares it, or
    /// is refused with EBUSY when a key that it gives says otherwise than the first.
    ///
    /// Errors, each with cause and remedy: EINVAL malformed, unknown source or key, bad value;
    /// EOPNOTSUPP a wish that the source cannot honour; EBUSY contradiction; ENOENT, EACCES,
    /// ENOMEM, EMFILE and others from the system.
    static Result<std::shared_ptr<Heap>> open(std::string_view string);

    /// Every source on this machine, tried one by one; in the order in which `auto` prefers them.
    /// Costs a page allocation each.
    static std::vector<SourceInfo> sources();

    ~Heap();
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    /// The heap string in canonical form, with the source that `auto` resolved to.
    const std::string& description() const noexcept;

    /// For a heap opened as `auto`: what was passed over before the chosen source, and why. Empty
    /// otherwise.
    const std::vector<SourceInfo>& passedOver() const noexcept;

    bool isDmaBuf() const noexcept;           ///< blocks are DMA-BUFs
    bool hasDescriptors() const noexcept;     ///< blocks have one; false: Block::fd() is -1
    bool isCached() const noexcept;           ///< CPU mappings go through the caches
    bool isContiguous() const noexcept;       ///< blocks are physically contiguous
    bool addressesAreLabels() const noexcept; ///< Block::address() means nothing to hardware
    bool isDestroyed() const noexcept;

    /// How long a CPU access waits for devices at most: the heap string's `wait`.
    std::chrono::milliseconds longestWait() const noexcept;

    /// An identity for AllocOptions::client, never 0, unique in the process.
    static uint64_t newClient() noexcept;

    /// A block of at least @p size bytes, rounded up to whole pages.
    ///
    /// Errors: EINVAL size 0, an alignment that is no power of two, or more than the source makes
    /// in one piece (udmabuf's size_limit_mb); EOVERFLOW a size that cannot be rounded; ENOMEM more
    /// than the zone has free, or has in one piece (the message says which and who holds how much);
    /// ENOENT no such zone; EOPNOTSUPP; ENODEV after destroy(); EMFILE, ENFILE and others from the
    /// system. A failed call leaves nothing behind.
    Result<Block> allocate(size_t size, const AllocOptions& options = {});

    /// A block around memory from elsewhere: a DMA-BUF of whatever exporter, or a memfd. Accesses
    /// to it are counted, synced and waited for as those to a block of the heap are, show in the
    /// heap's counts of syncs, and are guarded where the heap has sanitize=1. The memory is not the
    /// zone's: it takes nothing of the budget, is in no report, does not stand in the way of
    /// destroy(), and goes when the block goes, never to the next client.
    ///
    /// @p fd becomes the block's in any case, under its number, and close-on-exec. Its file has at
    /// least @p size bytes, and the block has all of them. Where it cannot be mapped for writing
    /// (it was opened read-only, or is sealed), the block is for reading. Whoever can shrink a
    /// memfd under the mapping makes accesses fault (mmap(2), SIGBUS): F_SEAL_SHRINK rules that
    /// out.
    ///
    /// @p name is for messages, and the kernel's name of the DMA-BUF stays as it is.
    ///
    /// Errors: EBADF no descriptor; EINVAL smaller than @p size, empty, or neither a DMA-BUF nor a
    /// regular file; EACCES not open for reading; EOPNOTSUPP on a simulated heap, whose devices
    /// reach nothing from elsewhere; ENODEV after destroy(); what the exporter answers to a map.
    Result<Block> wrap(UniqueFd fd, size_t size, const std::string& name = {});

    Stats stats() const;

    /// Gives idle memory back to the system: cached blocks, and memory that importers have let go
    /// since. Returns the bytes given back.
    uint64_t trim();

    /// Gives everything back and refuses further allocations with ENODEV; opening the same string
    /// again makes a new heap. Memory that an importer holds stays valid for it.
    ///
    /// Where the memory is a reserve of the kernel's that can be given back to the system (`mpp`),
    /// that is done, for all processes: then nobody gets memory of it until the machine reboots.
    ///
    /// Errors: EBUSY while blocks live, with their number and names, or while another process has
    /// memory of such a reserve.
    Result<void> destroy();

    /// Checks every internal structure against the others; for tests and bug reports.
    ///
    /// Errors: EUCLEAN with what does not fit.
    Result<void> validate() const;

    std::string report(ReportFormat format) const;

    /// Takes what the simulated SoC has seen go wrong on this heap since the last call, in the
    /// order in which it happened; always empty for any other source. @p device takes only what
    /// that simulated::Device was a party to (its id()), 0 everything. Each is also logged as a
    /// warning when it happens. At most 1024 wait here; Stats::violations counts them all.
    std::vector<simulated::Violation> takeViolations(uint64_t device = 0);

private:
    friend class HeapRegistry;
    explicit Heap(std::unique_ptr<HeapCore> core);
    static Result<std::shared_ptr<Heap>> openOne(const HeapString& wanted,
                                                 std::vector<SourceInfo> passedOver);
    static Result<std::shared_ptr<Heap>> openAuto(const HeapString& wanted);
    Result<void> checkShared(const HeapString& wanted) const;

    std::unique_ptr<HeapCore> core_;
};

} // namespace mediaheap
