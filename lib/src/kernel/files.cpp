// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>

#include <mediaheap/unique_fd.h>

#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"

namespace mediaheap {

Result<std::string> readSmallFile(Kernel& kernel, const std::string& path, size_t most) {
    const int opened =
        uninterrupted([&] { return kernel.open(path.c_str(), O_RDONLY | O_CLOEXEC); });
    if (opened < 0)
        return makeError(-opened, "open " + path);
    const UniqueFd fd(opened);
    std::array<char, 4095> buffer;
    std::string text;
    while (text.size() < most) {
        const size_t wanted = std::min(buffer.size(), most - text.size());
        const ssize_t got =
            uninterrupted([&] { return kernel.read(fd.get(), buffer.data(), wanted); });
        if (got < 0)
            return makeError(static_cast<int>(-got), "read " + path);
        if (got == 0)
            break;
        text.append(buffer.data(), static_cast<size_t>(got));
    }
    return text;
}

} // namespace mediaheap
