// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/sweep.h"

#include <algorithm>
#include <string>
#include <vector>

#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "tables/process_identity.h"
#include "tables/runtime_directory.h"
#include "tables/table_name.h"

namespace mediaheap {

namespace {

bool isLeft(Kernel& kernel, const TableName& name) {
    ProcessIdentity owner;
    owner.pid = name.pid;
    owner.startTime = name.startTime;
    return isRunning(kernel, owner) == false;
}

} // namespace

size_t sweep(Kernel& kernel, FileSystem& files, const RuntimeDirectory& directory, size_t kept) {
    struct Left {
        std::string name;
        int64_t modified;
    };
    // Without /proc every process looks dead, and so does one of another PID namespace. A kernel
    // without namespaces has one, number 0.
    const uint64_t ours = pidNamespace(files);
    std::vector<std::string> names;
    if (!identify(kernel, files.processId()) ||
        kernel.listDirectory(directory.path().c_str(), names) < 0)
        return 0;
    std::vector<Left> tables;
    for (const std::string& text : names) {
        const auto name = TableName::parse(text);
        FileStatus status;
        if (!name || name->pidNamespace != ours || !isLeft(kernel, *name) ||
            files.describeAt(directory.fd(), text.c_str(), /*follow=*/false, status) < 0)
            continue;
        if (name->number)
            tables.push_back({text, status.modified});
        else
            (void)files.removeAt(directory.fd(), text.c_str());
    }
    // The last to die first.
    std::sort(tables.begin(), tables.end(), [](const Left& a, const Left& b) {
        return a.modified != b.modified ? a.modified > b.modified : a.name > b.name;
    });
    size_t removed = 0;
    for (size_t n = kept; n < tables.size(); n++)
        removed += files.removeAt(directory.fd(), tables[n].name.c_str()) == 0 ? 1 : 0;
    return removed;
}

} // namespace mediaheap
