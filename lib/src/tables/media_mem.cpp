// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/media_mem.h"

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

namespace mediaheap {

namespace {

__attribute__((format(printf, 2, 3))) void append(std::string& text, const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    char line[512];
    const int length = std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length > 0)
        text.append(line, std::min(static_cast<size_t>(length), sizeof line - 1));
}

} // namespace

std::string mediaMemText(const std::vector<MediaMemZone>& zones) {
    std::string text;
    uint64_t total = 0;
    uint64_t used = 0;
    uint64_t blocks = 0;
    for (const MediaMemZone& zone : zones) {
        append(text,
               "+---ZONE: PHYS(0x%08" PRIX64 ", 0x%08" PRIX64 "), GFP=%" PRIu64 ", nBYTES=%" PRIu64
               "KB,    NAME=\"%s\"\n",
               zone.base, zone.base + zone.size - 1, zone.gfp, zone.size / 1024, zone.name.c_str());
        for (const MediaMemBlock& block : zone.blocks)
            append(text,
                   "   |-MMB: phys(0x%08" PRIX64 ", 0x%08" PRIX64 "), kvirt=0x%08" PRIX64
                   ", flags=0x%08" PRIX64 ", length=%" PRIu64 "KB,    name=\"%s\"\n",
                   block.address, block.address + block.size - 1, block.kvirt, block.flags,
                   block.size / 1024, block.name.empty() ? "<null>" : block.name.c_str());
        total += zone.size / 1024;
        used += zone.used / 1024;
        blocks += zone.blockCount;
    }
    if (zones.empty())
        return text;
    const uint64_t remain = total - std::min(used, total);
    append(text,
           "\n---MMZ_USE_INFO:\n total size=%" PRIu64 "KB(%" PRIu64 "MB),used=%" PRIu64
           "KB(%" PRIu64 "MB + %" PRIu64 "KB),remain=%" PRIu64 "KB(%" PRIu64 "MB + %" PRIu64
           "KB),zone_number=%zu,block_number=%" PRIu64 "\n",
           total, total / 1024, used, used / 1024, used % 1024, remain, remain / 1024,
           remain % 1024, zones.size(), blocks);
    return text;
}

} // namespace mediaheap
