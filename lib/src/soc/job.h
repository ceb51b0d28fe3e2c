// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>

#include <mediaheap/result.h>
#include <mediaheap/simulated/device.h>
#include <mediaheap/unique_fd.h>

#include "soc/simulated_buffer.h"

namespace mediaheap {

/// One operation of a simulated device with the buffers it has imported. Move-only.
///
/// Thread safety: none; it has one owner at a time.
class Job {
public:
    /// A part of a block as a device has it.
    struct Import {
        std::shared_ptr<SimulatedBuffer> buffer;
        ByteRange range;
        Access access = Access::Read;
        bool announced = false;
    };

    /// Errors: as for import().
    static Result<Import> importRange(int fd, ByteRange range, Access access);

    /// Imports what @p operation names.
    ///
    /// Errors: EBADF, EOPNOTSUPP, EINVAL as simulated::Device documents them.
    static Result<Job> import(const simulated::Operation& operation);

    /// Reports what it collides with if it is started now; run() then reports nothing again.
    void announce(const DeviceParty& device);
    /// Lets the CPU and the heap wait for @p fence, of which each buffer takes a duplicate.
    ///
    /// Errors: EMFILE; what FenceList::add() answers. A buffer may have the fence all the same.
    Result<void> addFence(int fence);

    /// Does it. The checksum where it is one, else 0.
    uint32_t run(const DeviceParty& device) const;

    bool isChecksum() const noexcept {
        return operation_.kind == simulated::Operation::Kind::Checksum;
    }

private:
    void copy(const DeviceParty& device) const;

    simulated::Operation operation_;
    Import main_;
    Import target_; // of a copy
};

} // namespace mediaheap
