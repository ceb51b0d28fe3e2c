// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/runtime_directory.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "kernel/file_system.h"
#include "kernel/retry.h"

namespace mediaheap {

namespace {

constexpr const char* remedy = "make it a directory of your own with mode 0700, or name another "
                               "in MEDIAHEAP_RUNTIME_DIR (`off` for none)";

Result<UniqueFd> openDirectory(FileSystem& files, const std::string& path) {
    const int opened = uninterrupted([&] {
        return files.openAt(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    });
    if (opened < 0)
        return makeError(-opened, "open " + path, {}, remedy);
    return UniqueFd(opened);
}

std::string octal(mode_t mode) {
    char text[16];
    std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
    return text;
}

} // namespace

std::string RuntimeDirectory::path(FileSystem& files) {
    if (const char* const named = ::secure_getenv(variable); named && *named)
        return std::string(named) == none ? "" : named;
    if (const char* const xdg = ::secure_getenv("XDG_RUNTIME_DIR"); xdg && *xdg == '/')
        return std::string(xdg) + "/mediaheap";
    const uid_t user = files.userId();
    return user == 0 ? "/run/mediaheap" : "/tmp/mediaheap-" + std::to_string(user);
}

Result<RuntimeDirectory> RuntimeDirectory::open(FileSystem& files) {
    const std::string path = RuntimeDirectory::path(files);
    if (path.empty())
        return makeError(ENOENT, "choose the runtime directory", "MEDIAHEAP_RUNTIME_DIR=off");
    const int made = files.makeDirectory(path.c_str(), 0700);
    if (made < 0 && made != -EEXIST)
        return makeError(-made, "make " + path, {}, remedy);
    Result<UniqueFd> fd = openDirectory(files, path);
    if (!fd)
        return std::move(fd).error();
    FileStatus status;
    if (const int described = files.describe(fd->get(), status); described < 0)
        return makeError(-described, "look at " + path);
    if (status.uid != files.userId() || (status.mode & 077) != 0)
        return makeError(EPERM, "trust " + path,
                         "it belongs to user " + std::to_string(status.uid) + " and has mode " +
                             octal(status.mode),
                         remedy);
    return RuntimeDirectory(path, std::move(fd).value());
}

Result<RuntimeDirectory> RuntimeDirectory::look(FileSystem& files, const std::string& path) {
    Result<UniqueFd> fd = openDirectory(files, path);
    if (!fd)
        return std::move(fd).error();
    return RuntimeDirectory(path, std::move(fd).value());
}

} // namespace mediaheap
