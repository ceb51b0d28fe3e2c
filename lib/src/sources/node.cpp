// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/node.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"

namespace mediaheap {

namespace {

std::string userName(uid_t uid) {
    std::array<char, 1024> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found)
        return found->pw_name;
    return "uid " + std::to_string(uid);
}

std::string groupName(gid_t gid) {
    std::array<char, 1024> buffer;
    group entry{};
    group* found = nullptr;
    if (getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) == 0 && found)
        return found->gr_name;
    return "gid " + std::to_string(gid);
}

Error explainPermission(Kernel& kernel, const std::string& path, int code) {
    const std::string step = "open " + path;
    const std::string asker = userName(geteuid());
    NodeInfo info;
    if (kernel.stat(path.c_str(), info) < 0)
        return makeError(code, step, errnoText(code) + " for " + asker, "run as root");

    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(info.mode & 07777));
    const std::string owner = userName(info.uid) + ":" + groupName(info.gid);
    std::string remedy;
    if (info.gid != 0 && (info.mode & S_IRGRP))
        remedy = "add the user to the group '" + groupName(info.gid) + "' and log in again";
    else
        remedy = "give the node to a group with a udev rule, for example KERNEL==\"" +
                 path.substr(path.rfind('/') + 1) + "\", GROUP=\"video\", MODE=\"0660\"";
    return makeError(code, step,
                     errnoText(code) + ": the node belongs to " + owner + " with mode " + mode +
                         ", this process runs as " + asker,
                     remedy + ", or run as root");
}

} // namespace

Result<UniqueFd> openNode(Kernel& kernel, const std::string& path, int flags,
                          const std::string& absentRemedy) {
    const int fd = uninterrupted([&] { return kernel.open(path.c_str(), flags | O_CLOEXEC); });
    switch (fd) {
    case -ENOENT:
    case -ENOTDIR:
        return makeError(ENOENT, "open " + path, "no such device node", absentRemedy);
    case -ENODEV:
    case -ENXIO:
        return makeError(-fd, "open " + path, "the node has no driver behind it", absentRemedy);
    case -EACCES:
    case -EPERM:
        return explainPermission(kernel, path, -fd);
    case -EMFILE:
        return makeError(EMFILE, "open " + path, {},
                         "close descriptors or raise the limit (ulimit -n)");
    default:
        if (fd < 0)
            return makeError(-fd, "open " + path);
        return UniqueFd(fd);
    }
}

} // namespace mediaheap
