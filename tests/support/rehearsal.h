// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mediaheap/heap.h>
#include <mediaheap/simulated/device.h>

namespace mediaheap::test {

/// Bytes of one block of a Rehearsal.
struct Part {
    size_t block = 0;
    uint64_t offset = 0;
    uint64_t size = 0;

    uint64_t end() const { return offset + size; }
};

/// CPU and devices at work on the blocks of a simulated heap, and beside each block what a machine
/// whose caches are coherent would have in it. Whoever writes writes bytes that were never there
/// before, and every read is compared.
///
/// Thread safety: accesses, reads and writes of the CPU from any thread, to bytes that no other
/// thread writes; all else needs the only user.
class Rehearsal {
public:
    /// @p heap is the heap string. No other heap of its zone may be open.
    explicit Rehearsal(const std::string& heap);
    ~Rehearsal();
    Rehearsal(const Rehearsal&) = delete;
    Rehearsal& operator=(const Rehearsal&) = delete;

    const std::shared_ptr<Heap>& heap() const { return heap_; }
    /// Cleared memory; the number of the block, which is never used again.
    size_t allocate(size_t size, const std::string& name = {}, bool cached = true);
    void free(size_t block);
    const Block& block(size_t number) const { return blocks_[number].block; }
    Part whole(size_t block) const { return {block, 0, blocks_[block].expected.size()}; }

    // ---- The CPU.

    void begin(Part part, Access access);
    void end(size_t block);
    void cpuWrite(Part part);
    void cpuRead(Part part);

    // ---- Devices, at once.

    void deviceWrite(Part part);
    void deviceRead(Part part);
    void deviceFill(Part part);
    void deviceInvert(Part part);
    void deviceChecksum(Part part);
    void deviceCopy(Part from, Part to);

    // ---- The worker, on its own thread. It does nothing before somebody waits for it: begin(),
    // whom its fence holds up, or finish().

    void start(simulated::Operation::Kind kind, Part part, Part target = {});
    void finish();

    // ---- The outcome.

    /// What the devices see of every block there is.
    void readAll();
    /// Reads that gave anything else than a coherent machine would have given.
    uint64_t wrongReads() const { return wrongReads_; }

    simulated::Device camera{"camera"};   ///< writes
    simulated::Device encoder{"encoder"}; ///< reads
    simulated::Device worker{"worker"};   ///< the one with a thread

private:
    struct Modelled {
        Block block;
        std::vector<uint8_t> expected;
    };
    struct Started {
        UniqueFd fence;
        size_t block;
        size_t target;
    };

    uint8_t* expected(Part part) { return blocks_[part.block].expected.data() + part.offset; }
    int fd(Part part) const { return blocks_[part.block].block.fd(); }
    bool isBusy(size_t block) const;
    void settle(size_t block);
    std::vector<uint8_t> fresh(size_t size);
    void compare(bool same) { wrongReads_ += same ? 0 : 1; }

    std::shared_ptr<Heap> heap_;
    std::vector<Modelled> blocks_;
    std::vector<Started> started_;
    std::optional<uint32_t> startedChecksum_; // what the last one must come to
    std::atomic<uint64_t> writes_{0};
    std::atomic<uint64_t> wrongReads_{0};
};

} // namespace mediaheap::test
