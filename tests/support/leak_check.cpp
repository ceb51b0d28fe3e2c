// SPDX-License-Identifier: LGPL-2.1-or-later
#include "leak_check.h"

#include <climits>
#include <cstdlib>
#include <dirent.h>
#include <fstream>
#include <string_view>
#include <unistd.h>

namespace mediaheap::test {

namespace {

bool isOfInterest(std::string_view path) {
    for (const std::string_view start : {"/memfd:", "/dmabuf", "/dev/", "anon_inode:"}) {
        if (path.substr(0, start.size()) == start)
            return true;
    }
    return false;
}

} // namespace

LeakCheck::LeakCheck() : before_(now()) {}

LeakCheck::Entries LeakCheck::now() {
    Entries entries;

    DIR* const directory = ::opendir("/proc/self/fd");
    if (!directory)
        std::abort();
    while (const dirent* const entry = ::readdir(directory)) {
        const std::string name = entry->d_name;
        if (name == "." || name == ".." || std::atoi(name.c_str()) == ::dirfd(directory))
            continue;
        char target[PATH_MAX];
        const ssize_t length = ::readlink(("/proc/self/fd/" + name).c_str(), target, sizeof target);
        if (length >= 0)
            ++entries["fd " + name + " " + std::string(target, static_cast<size_t>(length))];
    }
    ::closedir(directory);

    // "start-end permissions offset device inode   path". Mappings come and go at changing
    // addresses, so the path and the length tell them apart; neighbours that the kernel joins are
    // seen as one.
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        size_t path = line.find('/');
        if (path == std::string::npos)
            path = line.find("anon_inode:");
        if (path == std::string::npos || !isOfInterest(std::string_view(line).substr(path)))
            continue;
        char* after = nullptr;
        const unsigned long long start = std::strtoull(line.c_str(), &after, 16);
        const unsigned long long end = std::strtoull(after + 1, nullptr, 16);
        ++entries["mapping of " + std::to_string(end - start) + " bytes of " + line.substr(path)];
    }
    return entries;
}

std::string LeakCheck::difference() const {
    const Entries after = now();
    std::string text;
    for (const auto& [what, count] : after) {
        const auto old = before_.find(what);
        for (int extra = count - (old == before_.end() ? 0 : old->second); extra > 0; --extra)
            text += "+ " + what + "\n";
    }
    for (const auto& [what, count] : before_) {
        const auto left = after.find(what);
        for (int gone = count - (left == after.end() ? 0 : left->second); gone > 0; --gone)
            text += "- " + what + "\n";
    }
    return text;
}

} // namespace mediaheap::test
