// SPDX-License-Identifier: LGPL-2.1-or-later
#include <mediaheap/simulated/violation.h>

#include "base/backtrace.h"

namespace mediaheap::simulated {

namespace {

std::string describe(const Party& party, const char* unknown) {
    if (party.sequence == 0)
        return unknown;
    return party.who + ", " + party.what + " (#" + std::to_string(party.sequence) + ")";
}

} // namespace

const char* describe(ViolationKind kind) noexcept {
    switch (kind) {
    case ViolationKind::DeviceReadDirty:
        return "a device read lines that the CPU had dirty";
    case ViolationKind::DeviceReadDuringWrite:
        return "a device read lines while the CPU had them open for writing";
    case ViolationKind::DeviceWriteDuringAccess:
        return "a device wrote lines while the CPU had them open";
    case ViolationKind::DeviceWriteOverDirty:
        return "a device wrote lines that the CPU had dirty";
    case ViolationKind::StaleRead:
        return "the CPU read lines that a device had written since, without a START for reading";
    case ViolationKind::WriteBackOverDeviceWrite:
        return "the CPU's write-back put old bytes over what a device had written";
    case ViolationKind::StartReadOverDirty:
        return "a START for reading came over lines that the CPU had dirty";
    case ViolationKind::WriteOutsideAccess:
        return "the CPU wrote outside any access";
    case ViolationKind::WriteInReadAccess:
        return "the CPU wrote in an access for reading";
    }
    return "an unknown mistake";
}

std::string Violation::summary() const {
    std::string line = "block '" + block + "', bytes " + std::to_string(offset) + " to " +
                       std::to_string(offset + size - 1) + ": " + describe(kind) +
                       "; CPU: " + describe(cpu, "no access known");
    if (deviceId != 0)
        line += "; device: " + describe(device, "none known");
    return line;
}

std::string Violation::text() const {
    std::string lines = summary();
    if (!cpu.backtrace.empty())
        lines += "\nthe CPU's access was opened here:\n" + describeBacktrace(cpu.backtrace);
    return lines;
}

} // namespace mediaheap::simulated
