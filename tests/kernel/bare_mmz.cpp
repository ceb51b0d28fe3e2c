// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bare_mmz.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/ioctl.h>
#include <sys/mman.h>

namespace mediaheap::test {

namespace {

int call(const UniqueFd& node, unsigned long request, void* argument) {
    const int result = ::ioctl(node.get(), request, argument);
    return result < 0 ? -errno : result;
}

} // namespace

BareMmz::BareMmz() : node_(::open("/dev/mmz_userdev", O_RDWR | O_CLOEXEC)) {}

BareMmz::Info BareMmz::describe(uint64_t size, const std::string& name, const std::string& zone) {
    Info info;
    info.size = size;
    std::strncpy(info.block, name.c_str(), sizeof info.block - 1);
    std::strncpy(info.zone, zone.c_str(), sizeof info.zone - 1);
    return info;
}

int BareMmz::allocate(Info& info, bool version2) const {
    return call(node_, version2 ? 0xc0686d0d : 0xc0686d0a, &info);
}
int BareMmz::attributes(Info& info) const { return call(node_, 0x80686d0b, &info); }
int BareMmz::map(Info& info, bool cached) const {
    return call(node_, cached ? 0xc0686d15 : 0xc0686d14, &info);
}
int BareMmz::unmap(Info& info) const { return call(node_, 0xc0686d16, &info); }
int BareMmz::free(Info& info) const { return call(node_, 0x40686d0c, &info); }
int BareMmz::findPhysical(Info& info) const { return call(node_, 0xc0686d17, &info); }

int BareMmz::flush(uint64_t physical, uint64_t mapped, uint64_t size) const {
    uint64_t range[] = {physical, mapped, size};
    return call(node_, 0x40186432, range);
}

int BareMmz::flushBlock(uint64_t physical) const {
    return call(node_, 0x6328, reinterpret_cast<void*>(physical));
}

ShortMmz::Info* ShortMmz::newArgument() {
    void* const place = ::mmap(nullptr, sizeof(Info), PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    return place == MAP_FAILED ? nullptr : new (place) Info{};
}

int ShortMmz::call(unsigned number, Info* argument) const {
    constexpr long ioctlOf32Bit = 54; // arch/x86/entry/syscalls/syscall_32.tbl
    const unsigned long request = 0xc0506d00 | number;
    long result = ioctlOf32Bit;
    asm volatile("int $0x80"
                 : "+a"(result)
                 : "b"(static_cast<long>(descriptor_)), "c"(request), "d"(argument)
                 : "memory", "cc", "r8", "r9", "r10", "r11");
    return static_cast<int>(result);
}

} // namespace mediaheap::test
