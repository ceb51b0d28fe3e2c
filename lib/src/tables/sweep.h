// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace mediaheap {

class FileSystem;
class Kernel;
class RuntimeDirectory;

/// How many heaps of processes that died stay on show, so that a program that dies every second
/// does not fill the file system of the runtime directory.
constexpr size_t crashedTablesKept = 16;

/// Removes what dead processes have left in @p directory: sockets, and tables but for the @p kept
/// last ones. What is not called as our files are stays, and so does what belongs to a process of
/// which nobody can tell whether it runs. Returns how many tables were removed.
size_t sweep(Kernel& kernel, FileSystem& files, const RuntimeDirectory& directory, size_t kept);

} // namespace mediaheap
