// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/udmabuf.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/udmabuf.h>

#include "base/error.h"
#include "base/log.h"
#include "kernel/files.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "sources/memfd.h"
#include "sources/node.h"
#include "sync/dmabuf_side.h"

namespace mediaheap {

namespace {

constexpr const char* limitPath = "/sys/module/udmabuf/parameters/size_limit_mb";
constexpr uint64_t defaultLimitMb = 64; // drivers/dma-buf/udmabuf.c

uint64_t limitMb(Kernel& kernel) {
    const Result<std::string> text = readSmallFile(kernel, limitPath);
    if (!text)
        return defaultLimitMb;
    const uint64_t value = std::strtoull(text.value().c_str(), nullptr, 10);
    return value ? value : defaultLimitMb;
}

} // namespace

UdmabufSource::UdmabufSource(Kernel& kernel, UniqueFd device, UniqueFd arena, uint64_t size)
    : kernel_(kernel), device_(std::move(device)), arena_(std::move(arena)),
      page_(kernel.pageSize()), used_(static_cast<size_t>(size / page_)) {
    const uint64_t limit = limitMb(kernel);
    traits_.dmabuf = true;
    traits_.places = true;
    traits_.zones = true;
    traits_.largestBlock = static_cast<size_t>(std::min<uint64_t>(limit << 20, SIZE_MAX));
    traits_.largestBlockLimit = std::string(limitPath) + " is " + std::to_string(limit) +
                                "; raise it (udmabuf.size_limit_mb= on the kernel command line)";
}

Result<std::unique_ptr<Source>> UdmabufSource::open(Kernel& kernel, const SourceOptions& options) {
    Result<UniqueFd> device =
        openNode(kernel, node, O_RDWR,
                 "use a kernel with CONFIG_UDMABUF, or load it with `modprobe udmabuf`");
    if (!device)
        return std::move(device).error();

    Result<UniqueFd> arena = createSealedMemfd(kernel, "mediaheap-" + options.zone, options.size);
    if (!arena)
        return std::move(arena).error();

    if (options.prefault) {
        const int filled =
            uninterrupted([&] { return kernel.allocateRange(arena->get(), 0, 0, options.size); });
        if (filled < 0)
            return makeError(-filled, "prefault " + std::to_string(options.size) + " bytes", {},
                             "ask for a smaller size=, or leave prefault out");
    }
    return std::unique_ptr<Source>(new UdmabufSource(kernel, std::move(device).value(),
                                                     std::move(arena).value(), options.size));
}

Result<SourceMemory> UdmabufSource::create(uint64_t offset, size_t size, const CreateOptions&) {
    udmabuf_create request{};
    request.memfd = static_cast<uint32_t>(arena_.get());
    request.flags = UDMABUF_FLAGS_CLOEXEC;
    request.offset = offset;
    request.size = size;
    const int created =
        uninterrupted([&] { return kernel_.ioctl(device_.get(), UDMABUF_CREATE, &request); });
    if (created < 0)
        return makeError(
            -created, "create a udmabuf of " + std::to_string(size) + " bytes (UDMABUF_CREATE)", {},
            created == -EMFILE ? "close descriptors or raise the limit (ulimit -n)" : "");

    const std::lock_guard lock(mutex_);
    const auto first = used_.begin() + static_cast<std::ptrdiff_t>(offset / page_);
    std::fill(first, first + static_cast<std::ptrdiff_t>(size / page_), true);
    return SourceMemory{
        UniqueFd(created), {}, std::make_unique<DmabufSide>(kernel_, created, size, abilities_)};
}

bool UdmabufSource::isFresh(uint64_t offset, size_t size) const {
    const std::lock_guard lock(mutex_);
    const auto first = used_.begin() + static_cast<std::ptrdiff_t>(offset / page_);
    const auto last = first + static_cast<std::ptrdiff_t>(size / page_);
    return std::find(first, last, true) == last;
}

uint64_t UdmabufSource::discard(uint64_t offset, uint64_t size) {
    const std::lock_guard lock(mutex_);
    const auto first = used_.begin() + static_cast<std::ptrdiff_t>(offset / page_);
    const auto last = first + static_cast<std::ptrdiff_t>(size / page_);
    const auto pages = std::count(first, last, true);
    if (pages == 0)
        return 0;
    const int punched = uninterrupted([&] {
        return kernel_.allocateRange(arena_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                     offset, size);
    });
    if (punched < 0) {
        log(LogLevel::Warning, "give back the pages of a udmabuf arena: " + errnoText(-punched));
        return 0;
    }
    std::fill(first, last, false);
    return static_cast<uint64_t>(pages) * page_;
}

} // namespace mediaheap
