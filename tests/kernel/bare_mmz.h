// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {

/// A program that knows HiSilicon's node by its ioctls alone, with a layout of its own: what every
/// 64-bit program has. Calls return a negative errno where they fail.
class BareMmz {
public:
    struct Info {
        uint64_t physical = 0;
        uint64_t alignment = 0;
        uint64_t size = 0;
        uint32_t order = 0;
        uint64_t mapped = 0;
        uint64_t access = 3 | 1 << 8; // readable and writable, shared
        char block[16] = {};
        char zone[32] = {};
        uint64_t gfp = 0;

        unsigned char* data() const { return reinterpret_cast<unsigned char*>(mapped); }
    };
    static_assert(sizeof(Info) == 104);

    BareMmz();
    bool isOpen() const { return node_.isValid(); }
    int descriptor() const { return node_.get(); }
    void close() { node_.reset(); }

    static Info describe(uint64_t size, const std::string& name, const std::string& zone = {});
    int allocate(Info& info, bool version2 = false) const;
    int attributes(Info& info) const;
    int map(Info& info, bool cached) const;
    int unmap(Info& info) const;
    int free(Info& info) const;
    int findPhysical(Info& info) const;
    int flush(uint64_t physical, uint64_t mapped, uint64_t size) const;
    int flushBlock(uint64_t physical) const; ///< 0 all of them

private:
    UniqueFd node_;
};

/// What a 32-bit program passes, through the kernel's entry for 32-bit programs. The structs have
/// to lie in the lowest 4 GiB: newArgument() has room for one.
class ShortMmz {
public:
    struct Info {
        uint32_t physical, alignment, size, order, mapped, access;
        char block[16];
        char zone[32];
        uint32_t gfp;
    } __attribute__((aligned(8)));
    static_assert(sizeof(Info) == 80);

    explicit ShortMmz(const BareMmz& node) : descriptor_(node.descriptor()) {}
    static Info* newArgument();
    /// @p number of type 'm', for reading and writing.
    int call(unsigned number, Info* argument) const;

private:
    int descriptor_;
};

} // namespace mediaheap::test
