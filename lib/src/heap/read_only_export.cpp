// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/read_only_export.h"

#include <cerrno>
#include <fcntl.h>
#include <string>

#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"

#ifndef F_SEAL_FUTURE_WRITE // Linux 5.1
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace mediaheap {

namespace {

constexpr const char* step = "export a read-only descriptor";

Error opened(int code) {
    return makeError(code, step, {},
                     code == EMFILE ? "close descriptors or raise the limit (ulimit -n)" : "");
}

/// All descriptors of a DMA-BUF are of the mode that it was made with: its file cannot be opened
/// anew (Linux, drivers/dma-buf/dma-buf.c, dma_buf_getfile()).
Result<UniqueFd> exportDmaBuf(Kernel& kernel, int fd) {
    const int mode = kernel.control(fd, F_GETFL, 0);
    if (mode < 0)
        return makeError(-mode, step);
    if ((mode & O_ACCMODE) != O_RDONLY)
        return makeError(EOPNOTSUPP, step,
                         "every descriptor of a DMA-BUF can write that was made to be written to",
                         "copy the frame into a heap of source memfd, and export that");
    const int copy = uninterrupted([&] { return kernel.duplicate(fd); });
    return copy < 0 ? Result<UniqueFd>(opened(-copy)) : Result<UniqueFd>(UniqueFd(copy));
}

} // namespace

Result<UniqueFd> exportReadOnly(Kernel& kernel, int fd, bool dmabuf) {
    if (dmabuf)
        return exportDmaBuf(kernel, fd);
    // A descriptor that was opened read-only can be opened anew for writing by whoever may open the
    // file, through /proc. The seal is what holds, and it spares the mappings that are there.
    const int seals = kernel.control(fd, F_GET_SEALS, 0);
    const bool sealed = seals >= 0 && (seals & (F_SEAL_FUTURE_WRITE | F_SEAL_WRITE)) != 0;
    if (!sealed) {
        const int result = uninterrupted([&] { return kernel.addSeals(fd, F_SEAL_FUTURE_WRITE); });
        if (result < 0)
            return makeError(
                EOPNOTSUPP, step,
                "its file cannot be sealed against writing: " + errnoText(-result),
                "copy the frame into a heap of source memfd on Linux 5.1 or newer, and "
                "export that");
    }
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const int opening =
        uninterrupted([&] { return kernel.open(path.c_str(), O_RDONLY | O_CLOEXEC); });
    return opening < 0 ? Result<UniqueFd>(opened(-opening)) : Result<UniqueFd>(UniqueFd(opening));
}

} // namespace mediaheap
