// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_importer.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace mediaheap::test {

FakeImporter::FakeImporter(UniqueFd reference, int pages, uint64_t offset, size_t size)
    : reference_(std::move(reference)), size_(size), pages_(pages) {
    void* const address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, pages,
                                 static_cast<off_t>(offset));
    if (address == MAP_FAILED)
        std::abort();
    data_ = static_cast<uint8_t*>(address);
}

FakeImporter::FakeImporter(FakeImporter&& other) noexcept
    : reference_(std::move(other.reference_)), data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)), pages_(std::exchange(other.pages_, -1)) {}

FakeImporter& FakeImporter::operator=(FakeImporter&& other) noexcept {
    if (this != &other) {
        detach();
        reference_ = std::move(other.reference_);
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
        pages_ = std::exchange(other.pages_, -1);
    }
    return *this;
}

FakeImporter::~FakeImporter() { detach(); }

void FakeImporter::fill(uint8_t value) { std::memset(data_, value, size_); }

bool FakeImporter::isFilledWith(uint8_t value) const {
    return data_[0] == value && std::memcmp(data_, data_ + 1, size_ - 1) == 0;
}

void FakeImporter::detach() {
    if (data_)
        ::munmap(data_, size_);
    data_ = nullptr;
    size_ = 0;
    pages_ = -1;
    reference_.reset();
}

} // namespace mediaheap::test
