// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <mediaheap/export.h>

namespace mediaheap::simulated {

/// A way to break the rules of cache maintenance (Linux, Documentation/core-api/dma-api.rst,
/// "Memory coherency"; Documentation/driver-api/dma-buf.rst, "CPU Access to DMA Buffer Objects").
///
/// Since: 0.1
enum class ViolationKind {
    /// A device read lines that the CPU had written and that no END for writing had cleaned. What
    /// the device saw depends on what the caches happened to have evicted.
    DeviceReadDirty,
    /// A device read lines while a CPU access for writing was open over them.
    DeviceReadDuringWrite,
    /// A device wrote lines while a CPU access was open over them.
    DeviceWriteDuringAccess,
    /// A device wrote lines that the CPU had written and not cleaned: the caches will write the
    /// CPU's over the device's at a time of their own.
    DeviceWriteOverDirty,
    /// The CPU ended an access for reading that no START for reading had begun, over lines that a
    /// device had written since the CPU last fetched them: it may have read old data.
    StaleRead,
    /// The write-back of a line that the CPU had written in part put old bytes over what a device
    /// had written since: the access was for writing only, or its START was missing, or two parties
    /// shared a line at the edge of what they own.
    WriteBackOverDeviceWrite,
    /// A START for reading came over lines that the CPU had written in an access for writing and
    /// that nothing had cleaned: it invalidates them, and the write may be lost.
    StartReadOverDirty,
    /// The CPU wrote where no access was open.
    WriteOutsideAccess,
    /// The CPU wrote in an access that was for reading only.
    WriteInReadAccess,
};

/// The name of the kind in words: `device read a line that the CPU had dirty`.
MEDIAHEAP_API const char* describe(ViolationKind kind) noexcept;

/// One of the two who collided.
///
/// Since: 0.1
struct Party {
    /// When it acted, counted over all accesses and device operations of the process; 0: it is not
    /// known, or there was none.
    uint64_t sequence = 0;
    std::string who;              ///< `CPU thread 4711`, `device 'encoder'`
    std::string what;             ///< `access for writing`, `read`
    std::vector<void*> backtrace; ///< of where a CPU access was opened; empty where it is not known
};

/// A mistake that the simulated SoC has seen.
///
/// Since: 0.1
struct MEDIAHEAP_API Violation {
    ViolationKind kind = ViolationKind::DeviceReadDirty;
    std::string block;   ///< name of the block
    uint64_t offset = 0; ///< first byte of the lines concerned
    uint64_t size = 0;   ///< their length in bytes
    Party cpu;
    Party device;
    uint64_t deviceId = 0; ///< Device::id(); 0 where no device took part

    /// One line that says all but the backtrace.
    std::string summary() const;
    /// The same with the backtrace: function, file and line where the debug information is there
    /// (addr2line is asked where it is installed), else module and offset.
    std::string text() const;
};

} // namespace mediaheap::simulated
