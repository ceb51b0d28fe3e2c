// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/mmz_block.h"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"

namespace mediaheap {

namespace {

using Ioctl = MmzIoctl<uintptr_t>;

constexpr int attempts = 3;

/// Cut where it does not fit, as the vendor's library does.
template <size_t Size> void copyName(const std::string& name, char (&field)[Size]) {
    const size_t length = std::min(name.size(), Size - 1);
    std::copy_n(name.data(), length, field);
    field[length] = '\0';
}

} // namespace

MmzBlock::MmzBlock(Kernel& kernel, std::shared_ptr<const UniqueFd> node)
    : kernel_(kernel), node_(std::move(node)) {}

int MmzBlock::call(unsigned long request) {
    return uninterrupted([&] { return kernel_.ioctl(node_->get(), request, &info_); });
}

/// What only gives back may have been in want of something for a moment.
int MmzBlock::insist(unsigned long request) {
    int result = -EINTR;
    for (int attempt = 0; attempt < attempts && result < 0; attempt++)
        result = call(request);
    return result;
}

Result<std::unique_ptr<MmzBlock>> MmzBlock::make(Kernel& kernel,
                                                 std::shared_ptr<const UniqueFd> node,
                                                 const std::string& zone, size_t size,
                                                 const CreateOptions& options) {
    std::unique_ptr<MmzBlock> block(new MmzBlock(kernel, std::move(node)));
    MmbInfo<uintptr_t>& info = block->info_;
    info.size = size;
    info.alignment = std::max(options.alignment, kernel.pageSize());
    copyName(options.name, info.blockName);
    copyName(zone, info.zoneName);
    int result = block->call(Ioctl::allocate);
    if (result < 0)
        return makeError(-result,
                         "allocate " + std::to_string(size) + " bytes from MMZ zone '" + zone + "'",
                         result == -ENOMEM ? "no zone of that name has so much in one piece" : "",
                         "/proc/media-mem shows the zones and who holds what");
    block->allocated_ = true;

    info.access = PROT_READ | PROT_WRITE | MAP_SHARED << 8;
    result = block->call(options.cached ? Ioctl::mapCached : Ioctl::map);
    if (result < 0) {
        info.mapped = 0;
        return makeError(-result,
                         "map " + std::to_string(size) + " bytes of MMZ zone '" + zone + "'");
    }
    return block;
}

MmzBlock::~MmzBlock() {
    if (!allocated_)
        return;
    const int unmapped = info_.mapped ? insist(Ioctl::unmap) : 0;
    // Of a block that is still mapped this says EBUSY, and the driver frees it with its last unmap.
    const int freed = insist(Ioctl::free);
    if (unmapped < 0 || freed < 0)
        log(LogLevel::Error, std::string("give a block back to the MMZ: ") +
                                 errnoText(unmapped < 0 ? -unmapped : -freed) +
                                 "; the driver frees it when the process ends");
}

} // namespace mediaheap
