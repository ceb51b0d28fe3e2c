// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <linux/dma-heap.h>
#include <string>

#include <mediaheap/unique_fd.h>

namespace mediaheap {
class Kernel;
}

namespace mediaheap::test {

/// What the tests of exporter_facts_test.cpp run on: the real kernel in the virtual machine, and
/// FakeKernel everywhere else, so that the emulation is held to the same facts.
Kernel& exporterKernel();

/// A memfd of @p size bytes with @p seals.
UniqueFd memfdOf(uint64_t size, int seals);

/// UDMABUF_CREATE: a descriptor or a negative errno.
int createUdmabuf(int memfd, uint64_t offset, uint64_t size);
int createUdmabuf(const UniqueFd& memfd, uint64_t offset, uint64_t size);

/// What a well-behaved program asks a dma-heap for.
dma_heap_allocation_data heapRequest(uint64_t length);

/// DMA_HEAP_IOCTL_ALLOC on /dev/dma_heap/@p heap.
int allocateFrom(const std::string& heap, dma_heap_allocation_data& request);

/// A buffer of @p size bytes from `udmabuf` or a dma-heap's name; fails the test where it cannot.
int newDmaBuf(const char* exporter, size_t size);

} // namespace mediaheap::test
