// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/file_system.h"

#include <atomic>

#include "kernel/system_file_system.h"

namespace mediaheap {

namespace {

std::atomic<FileSystem*> replacement{nullptr};

} // namespace

FileSystem::~FileSystem() = default;

FileSystem& FileSystem::system() noexcept {
    // Never destroyed: heaps may outlive the static objects of the program.
    static SystemFileSystem* const files = new SystemFileSystem;
    return *files;
}

FileSystem& FileSystem::current() noexcept {
    FileSystem* const files = replacement.load();
    return files ? *files : system();
}

FileSystem* FileSystem::replace(FileSystem* files) noexcept { return replacement.exchange(files); }

} // namespace mediaheap
