// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/table_scan.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <tuple>

#include "base/error.h"
#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "tables/runtime_directory.h"
#include "tables/sweep.h"
#include "tables/table_name.h"
#include "tables/table_reader.h"

namespace mediaheap {

namespace {

/// A look at one directory.
class DirectoryScan {
public:
    DirectoryScan(Kernel& kernel, FileSystem& files, const RuntimeDirectory& directory,
                  TableScan& scan)
        : kernel_(kernel), files_(files), directory_(directory), scan_(scan),
          namespace_(pidNamespace(files)),
          seesProcesses_(identify(kernel, files.processId()).ok()) {}

    void read(const std::string& file) {
        const auto name = TableName::parse(file);
        if (!name || !name->number)
            return;
        Result<TableContent> content = readTable(files_, directory_.fd(), file);
        if (!content) {
            if (content.error().code != ENOENT && content.error().code != EAGAIN)
                refuse(file, content.error().message());
            return;
        }
        const ProcessIdentity& owner = content->owner;
        if (owner.pid != name->pid || owner.startTime != name->startTime ||
            content->pidNamespace != name->pidNamespace || content->number != *name->number) {
            refuse(file, "it says that it is of another process than its name says");
            return;
        }
        SharedHeap heap;
        heap.state = stateOf(content.value());
        // A process that went in order took its table along, perhaps after we had opened it.
        if (heap.state == OwnerState::Crashed && !isStillThere(file))
            return;
        heap.directory = directory_.path();
        heap.file = file;
        heap.content = std::move(content).value();
        scan_.heaps.push_back(std::move(heap));
    }

private:
    void refuse(const std::string& file, const std::string& reason) {
        scan_.unreadable.push_back({directory_.path() + "/" + file, reason});
    }

    OwnerState stateOf(const TableContent& content) {
        if (content.pidNamespace != namespace_ || !seesProcesses_)
            return OwnerState::Unknown;
        const auto running = isRunning(kernel_, content.owner);
        return !running ? OwnerState::Unknown : *running ? OwnerState::Live : OwnerState::Crashed;
    }

    bool isStillThere(const std::string& file) {
        FileStatus status;
        return files_.describeAt(directory_.fd(), file.c_str(), /*follow=*/false, status) == 0;
    }

    Kernel& kernel_;
    FileSystem& files_;
    const RuntimeDirectory& directory_;
    TableScan& scan_;
    const uint64_t namespace_;
    const bool seesProcesses_;
};

} // namespace

std::vector<std::string> tableDirectories(Kernel& kernel, FileSystem& files) {
    std::vector<std::string> directories;
    const auto add = [&](const std::string& path) {
        if (!path.empty() &&
            std::find(directories.begin(), directories.end(), path) == directories.end())
            directories.push_back(path);
    };
    add(RuntimeDirectory::path(files));
    if (const char* const named = ::secure_getenv(RuntimeDirectory::variable); named && *named)
        return directories;

    const uid_t user = files.userId();
    if (user != 0) {
        add("/run/user/" + std::to_string(user) + "/mediaheap");
        add("/tmp/mediaheap-" + std::to_string(user));
        return directories;
    }
    add("/run/mediaheap");
    std::vector<std::string> names;
    (void)kernel.listDirectory("/run/user", names);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names)
        add("/run/user/" + name + "/mediaheap");
    names.clear();
    (void)kernel.listDirectory("/tmp", names);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        if (name.rfind("mediaheap-", 0) == 0 &&
            name.find_first_not_of("0123456789", 10) == std::string::npos)
            add("/tmp/" + name);
    }
    return directories;
}

TableScan scanTables(Kernel& kernel, FileSystem& files,
                     const std::vector<std::string>& directories) {
    TableScan scan;
    for (const std::string& path : directories) {
        const Result<RuntimeDirectory> directory = RuntimeDirectory::look(files, path);
        std::vector<std::string> names;
        if (!directory) {
            if (directory.error().code != ENOENT)
                scan.unreadable.push_back({path, directory.error().message()});
            continue;
        }
        if (const int listed = kernel.listDirectory(path.c_str(), names); listed < 0)
            scan.unreadable.push_back({path, errnoText(-listed)});
        DirectoryScan one(kernel, files, directory.value(), scan);
        for (const std::string& name : names)
            one.read(name);
    }
    std::sort(scan.heaps.begin(), scan.heaps.end(), [](const auto& a, const auto& b) {
        return std::tie(a.content.owner.pid, a.content.owner.startTime, a.content.number) <
               std::tie(b.content.owner.pid, b.content.owner.startTime, b.content.number);
    });
    return scan;
}

size_t sweepTables(Kernel& kernel, FileSystem& files, const std::vector<std::string>& directories) {
    size_t removed = 0;
    for (const std::string& path : directories) {
        const Result<RuntimeDirectory> directory = RuntimeDirectory::look(files, path);
        if (directory)
            removed += sweep(kernel, files, directory.value(), 0);
    }
    return removed;
}

} // namespace mediaheap
