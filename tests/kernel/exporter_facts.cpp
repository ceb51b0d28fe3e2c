// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exporter_facts.h"

#include <cstring>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/mman.h>

#include <gtest/gtest.h>

#include "kernel/kernel.h"

namespace mediaheap::test {

UniqueFd memfdOf(uint64_t size, int seals) {
    UniqueFd memfd(exporterKernel().memfdCreate("facts", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_TRUE(memfd.isValid());
    EXPECT_EQ(exporterKernel().truncate(memfd.get(), size), 0);
    if (seals != 0) {
        EXPECT_EQ(exporterKernel().addSeals(memfd.get(), seals), 0);
    }
    return memfd;
}

int createUdmabuf(int memfd, uint64_t offset, uint64_t size) {
    const UniqueFd device(exporterKernel().open("/dev/udmabuf", O_RDWR | O_CLOEXEC));
    udmabuf_create request{};
    request.memfd = static_cast<uint32_t>(memfd);
    request.flags = UDMABUF_FLAGS_CLOEXEC;
    request.offset = offset;
    request.size = size;
    return exporterKernel().ioctl(device.get(), UDMABUF_CREATE, &request);
}

int createUdmabuf(const UniqueFd& memfd, uint64_t offset, uint64_t size) {
    return createUdmabuf(memfd.get(), offset, size);
}

int allocateFrom(const std::string& heap, dma_heap_allocation_data& request) {
    const UniqueFd device(
        exporterKernel().open(("/dev/dma_heap/" + heap).c_str(), O_RDONLY | O_CLOEXEC));
    return exporterKernel().ioctl(device.get(), DMA_HEAP_IOCTL_ALLOC, &request);
}

dma_heap_allocation_data heapRequest(uint64_t length) {
    dma_heap_allocation_data request{};
    request.len = length;
    request.fd_flags = O_RDWR | O_CLOEXEC;
    return request;
}

int newDmaBuf(const char* exporter, size_t size) {
    int fd = -1;
    if (std::string(exporter) == "udmabuf") {
        fd = createUdmabuf(memfdOf(size, F_SEAL_SHRINK), 0, size);
    } else {
        dma_heap_allocation_data request = heapRequest(size);
        fd = allocateFrom(exporter, request);
        fd = fd < 0 ? fd : static_cast<int>(request.fd);
    }
    if (fd < 0)
        ADD_FAILURE() << "no buffer of " << size << " bytes from " << exporter << ": "
                      << std::strerror(-fd);
    return fd;
}

} // namespace mediaheap::test
