// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/cma.h"

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/cma.h"
#include "base/error.h"
#include "kernel/files.h"

namespace mediaheap {

namespace {

/// The number behind `CmaFree:` and the like, in KiB (proc(5)); nothing where there is no such
/// line.
std::optional<uint64_t> readKib(const std::string& meminfo, const std::string& line) {
    const size_t at = ("\n" + meminfo).find("\n" + line + ":");
    if (at == std::string::npos)
        return std::nullopt;
    return std::strtoull(meminfo.c_str() + at + line.size() + 1, nullptr, 10);
}

std::string describeCma(Kernel& kernel, uint64_t size) {
    const Result<std::string> meminfo = readSmallFile(kernel, "/proc/meminfo");
    if (!meminfo)
        return "CMA has too little left, and how much cannot be told: " + meminfo.error().message();
    const auto total = readKib(meminfo.value(), "CmaTotal");
    const auto free = readKib(meminfo.value(), "CmaFree");
    if (!total || !free || *total == 0)
        return "this kernel has no CMA (CmaTotal in /proc/meminfo)";
    std::string text = "CMA has " + std::to_string(*free) + " KiB free of " +
                       std::to_string(*total) + " KiB (CmaFree and CmaTotal in /proc/meminfo)";
    if (*free >= size / 1024)
        text += ", but not in one piece, or in pages that others hold just now";
    return text;
}

} // namespace

Error explainLackOfCma(Kernel& kernel, std::string step, uint64_t size, uint64_t heap) {
    std::string remedy;
    if (const auto reservation = cmaReservation(heap)) {
        const std::string wanted = std::to_string(*reservation >> 20) + "M";
        remedy = "for this heap of " + std::to_string(heap / 1024) +
                 " KiB alone `mediaheap plan` reserves " + wanted + " (a margin of " +
                 std::to_string(cmaMargin) +
                 " %, 4 MiB aligned), and what display, audio and other drivers need comes on top; "
                 "boot with cma=" +
                 wanted +
                 " or more, or give the device tree's reserved-memory node (linux,cma-default) "
                 "that size";
    }
    return makeError(ENOMEM, std::move(step), describeCma(kernel, size), std::move(remedy));
}

} // namespace mediaheap
