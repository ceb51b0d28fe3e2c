// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bare_mpp.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>

namespace mediaheap::test {

namespace {

int call(int fd, unsigned long request, void* argument) {
    const int result = ::ioctl(fd, request, argument);
    return result < 0 ? -errno : result;
}

} // namespace

BareMpp::BareMpp(const std::string& node) : node_(::open(node.c_str(), O_RDWR | O_CLOEXEC)) {}

int BareMpp::allocate(uint64_t size, uint32_t fd, uint32_t flags, uint64_t heapFlags) const {
    struct {
        uint64_t length;
        uint32_t fd;
        uint32_t flags;
        uint64_t heapFlags;
    } data{size, fd, flags, heapFlags};
    const int result = call(node_.get(), 0xC0184800, &data);
    return result < 0 ? result : static_cast<int>(data.fd);
}

int BareMpp::destroy() const {
    unsigned unused = 0;
    return call(node_.get(), 0x40044801, &unused);
}

int BareMpp::sync(int fd, uint64_t flags) { return call(fd, 0x40086200, &flags); }

int BareMpp::syncRange(int fd, uint64_t start, uint64_t size, uint64_t flags) {
    uint64_t range[] = {start, size, flags};
    return call(fd, 0x40186202, range);
}

uint32_t BareMpp::physical(int fd) {
    uint32_t address = 0;
    return call(fd, 0x80046203, &address) < 0 ? 0 : address;
}

} // namespace mediaheap::test
