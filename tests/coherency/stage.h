// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rehearsal.h"
#include "sync_kernel.h"

namespace mediaheap::test {

/// Where a mistake is played, and the same without it: a rehearsal with two blocks, `frame` and
/// `result`, and the kernel underneath.
class Stage : public Rehearsal {
public:
    static constexpr uint64_t line = 64;
    static constexpr uint64_t framePages = 2;

    Stage(const std::string& heap, SyncKernel& syncKernel, bool makesMistake)
        : Rehearsal(heap), kernel(syncKernel), mistaken(makesMistake) {}

    static Part bytes(size_t block, uint64_t offset, uint64_t size) {
        return {block, offset, size};
    }
    static Part lines(size_t block, uint64_t first, uint64_t count) {
        return {block, first * line, count * line};
    }

    /// begin() by whoever the report is to name: see isOffender().
    void beginAsOffender(Part part, Access access);
    /// Whether a backtrace comes through beginAsOffender().
    static bool isOffender(const std::vector<void*>& backtrace);

    void write(Part part, Access access = Access::Write) {
        begin(part, access);
        cpuWrite(part);
        end(part.block);
    }
    void read(Part part) {
        begin(part, Access::Read);
        cpuRead(part);
        end(part.block);
    }

    /// Runs @p work on a thread of its own, to its end.
    static void elsewhere(const std::function<void()>& work);

    SyncKernel& kernel;
    const bool mistaken;
    const size_t frame = allocate(framePages * heapPage(), "frame");
    const size_t result = allocate(framePages * heapPage(), "result");

private:
    size_t heapPage() { return kernel.pageSize(); }
};

} // namespace mediaheap::test
