// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

namespace mediaheap {
class Kernel;
}

namespace mediaheap::test {

/// What the tests of exporter_facts_test.cpp run on: the real kernel in the virtual machine, and
/// FakeKernel everywhere else, so that the emulation is held to the same facts.
Kernel& exporterKernel();

/// A buffer of @p size bytes from `udmabuf` or a dma-heap's name; fails the test where it cannot.
int newDmaBuf(const char* exporter, size_t size);

} // namespace mediaheap::test
