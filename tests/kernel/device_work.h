// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include <mediaheap/access.h>

namespace mediaheap::test {

/// Work of a device on a buffer, with an implicit fence on it for as long as this lives or until
/// finish().
class DeviceWork {
public:
    virtual ~DeviceWork() = default;
    virtual void finish() = 0;
};

/// A device begins to read or write @p buffer, a DMA-BUF: vgem in the virtual machine, an emulated
/// driver everywhere else. Fails the test and gives null where it cannot.
std::unique_ptr<DeviceWork> beginWork(int buffer, Access access);

} // namespace mediaheap::test
