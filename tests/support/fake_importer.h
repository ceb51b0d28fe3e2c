// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {

/// A stand-in for hardware that has imported a buffer: as long as it lives it holds a reference,
/// which the kernel's count shows, and it reads and writes the memory behind everybody's back.
class FakeImporter {
public:
    FakeImporter() = default;
    /// Takes a reference by @p reference, and the memory from @p offset of @p pages. Both are
    /// descriptors of memfds; see FakeKernel::import().
    FakeImporter(UniqueFd reference, int pages, uint64_t offset, size_t size);
    FakeImporter(FakeImporter&& other) noexcept;
    FakeImporter& operator=(FakeImporter&& other) noexcept;
    ~FakeImporter();

    bool isAttached() const { return reference_.isValid(); }
    size_t size() const { return size_; }
    /// The memfd that has the memory: of a udmabuf, its arena. Valid as long as the buffer.
    int pages() const { return pages_; }
    void fill(uint8_t value);
    /// Whether every byte is @p value.
    bool isFilledWith(uint8_t value) const;
    /// Lets go.
    void detach();

private:
    UniqueFd reference_;
    uint8_t* data_ = nullptr;
    size_t size_ = 0;
    int pages_ = -1;
};

} // namespace mediaheap::test
