// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap {

class FileSystem;

/// Where the processes of one user leave the tables of their heaps.
///
/// Its owner alone may enter it (0700, owned by the effective user), and it is no symbolic link;
/// everything in it is opened relative to its descriptor and without following links. So nobody
/// else can have put anything into it, or in its place.
class RuntimeDirectory {
public:
    static constexpr const char* variable = "MEDIAHEAP_RUNTIME_DIR";
    /// What the variable says where no tables are wanted.
    static constexpr const char* none = "off";

    /// Where it is: MEDIAHEAP_RUNTIME_DIR; else $XDG_RUNTIME_DIR/mediaheap; else /run/mediaheap for
    /// root and /tmp/mediaheap-UID for others. Empty where none is wanted. A program that runs with
    /// more rights than its caller does not look at the caller's environment (secure_getenv(3)).
    static std::string path(FileSystem& files);

    /// Opens it, and makes it where it is missing (its parent must be there).
    ///
    /// Errors: ENOENT none is wanted, or its parent is missing; EPERM somebody else can enter it,
    /// or it is not ours; ELOOP or ENOTDIR it is a link or a file; what open(2) and mkdir(2)
    /// answer.
    static Result<RuntimeDirectory> open(FileSystem& files);

    /// Opens @p path for looking only, whosever it is.
    ///
    /// Errors: what open(2) answers.
    static Result<RuntimeDirectory> look(FileSystem& files, const std::string& path);

    const std::string& path() const noexcept { return path_; }
    int fd() const noexcept { return fd_.get(); }

private:
    RuntimeDirectory(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::string path_;
    UniqueFd fd_;
};

} // namespace mediaheap
