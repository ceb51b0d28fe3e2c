// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "kernel/files.h"

namespace mediaheap::tool {

namespace {

std::optional<uint64_t> field(const std::string& text, const std::string& name) {
    const size_t at = ("\n" + text).find("\n" + name + ":");
    if (at == std::string::npos)
        return std::nullopt;
    return std::strtoull(text.c_str() + at + name.size() + 1, nullptr, 10);
}

} // namespace

Machine Machine::look(Kernel& kernel) {
    Machine machine;
    if (const Result<std::string> meminfo = readSmallFile(kernel, "/proc/meminfo")) {
        machine.memAvailable = field(meminfo.value(), "MemAvailable");
        machine.cmaTotal = field(meminfo.value(), "CmaTotal");
        machine.cmaFree = field(meminfo.value(), "CmaFree");
    }
    // It can be long: a line for every block.
    std::ifstream mediaMem("/proc/media-mem");
    machine.mediaMem.assign(std::istreambuf_iterator<char>(mediaMem), {});
    return machine;
}

} // namespace mediaheap::tool
