// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/mpp.h"

#include <cerrno>
#include <fcntl.h>
#include <utility>

#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "sources/dma_heap_node.h"
#include "sources/mpp_uapi.h"
#include "sources/node.h"
#include "sync/dmabuf_side.h"

namespace mediaheap {

namespace {

/// `mpp:reserved` stands for /dev/dma_heap/reserved, `mpp:dmabuf/mpp` for /dev/dmabuf/mpp.
std::string pathOf(const std::string& name) {
    const bool hasDirectory = name.find('/') != std::string::npos;
    return std::string(hasDirectory ? "/dev/" : "/dev/dma_heap/") + name;
}

} // namespace

MppSource::MppSource(Kernel& kernel, UniqueFd node, std::string path)
    : kernel_(kernel), node_(std::move(node)), path_(std::move(path)) {
    traits_.dmabuf = true;
    traits_.contiguous = true;
}

bool MppSource::isOnlyCma(Kernel& kernel) {
    NodeInfo info;
    return kernel.stat(nodes[0], info) < 0 && kernel.stat(nodes[1], info) < 0 &&
           kernel.stat(nodes[2], info) >= 0;
}

Result<std::unique_ptr<Source>> MppSource::open(Kernel& kernel, const SourceOptions& options) {
    if (options.prefault)
        return makeError(EOPNOTSUPP, "open source mpp",
                         "prefault=1: the kernel has set its memory aside already",
                         "leave prefault out");
    Result<UniqueFd> node = UniqueFd();
    std::string path;
    if (!options.name.empty()) {
        path = pathOf(options.name);
        node = openNode(kernel, path, O_RDONLY, "leave the name out to have the usual nodes tried");
    } else {
        for (const char* const candidate : nodes) {
            path = candidate;
            node = openNode(kernel, path, O_RDONLY, {});
            if (node || node.error().code != ENOENT)
                break;
        }
        if (!node && node.error().code == ENOENT)
            return makeError(ENOENT, std::string("open ") + nodes[0],
                             std::string("no such device node, nor ") + nodes[1] + ", nor " +
                                 nodes[2],
                             "ArtInChip's kernel has it where its device tree gives the MPP heap "
                             "memory");
    }
    if (!node)
        return std::move(node).error();

    std::unique_ptr<MppSource> source(
        new MppSource(kernel, std::move(node).value(), std::move(path)));
    const Result<SourceMemory> page = source->create(0, kernel.pageSize(), {});
    if (!page)
        return page.error();
    source->traits_.physical = source->physicalAddress(page->fd.get()).has_value();
    return std::unique_ptr<Source>(std::move(source));
}

std::optional<uint64_t> MppSource::physicalAddress(int fd) const {
    uint32_t address = 0;
    const int result =
        uninterrupted([&] { return kernel_.ioctl(fd, MppIoctl::getPhysicalAddress, &address); });
    return result < 0 ? std::nullopt : std::optional<uint64_t>(address);
}

Result<SourceMemory> MppSource::create(uint64_t, size_t size, const CreateOptions&) {
    const std::string step = "allocate " + std::to_string(size) + " bytes from " + path_;
    const int fd = allocateFromNode(kernel_, node_.get(), size);
    switch (fd) {
    case -ENOMEM:
        return makeError(ENOMEM, step, "the MPP heap has no free piece of that size",
                         "all processes share it: free what others hold, or give it more memory "
                         "in the device tree");
    case -ENODEV:
        return makeError(ENODEV, step,
                         "the MPP heap was destroyed, its memory belongs to the system now",
                         "reboot: it cannot be set up again before");
    case -EMFILE:
        return makeError(EMFILE, step, {}, "close descriptors or raise the limit (ulimit -n)");
    default:
        break;
    }
    if (fd < 0)
        return makeError(-fd, step);

    SourceMemory memory{
        UniqueFd(fd), {}, std::make_unique<DmabufSide>(kernel_, fd, size, abilities_)};
    if (!traits_.physical)
        return memory;
    memory.address = physicalAddress(fd);
    if (!memory.address)
        return makeError(EIO, step, "the kernel does not tell the buffer's physical address",
                         "it did when the heap was opened; please report this");
    return memory;
}

Result<bool> MppSource::destroy() {
    unsigned unused = 0; // theirs does not look at it
    const int result =
        uninterrupted([&] { return kernel_.ioctl(node_.get(), MppIoctl::destroy, &unused); });
    if (result >= 0 || result == -ENODEV) // somebody else was first
        return true;
    if (result == -ENOTTY || result == -EINVAL)
        return false;
    const std::string step = "destroy " + path_;
    if (result == -EBUSY)
        return makeError(EBUSY, step, "another process still has memory of it",
                         "end that process; its descriptors of DMA-BUFs are in /proc/<pid>/fd");
    return makeError(-result, step);
}

} // namespace mediaheap
