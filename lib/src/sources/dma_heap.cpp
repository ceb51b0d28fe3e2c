// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/dma_heap.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string_view>

#include "base/error.h"
#include "kernel/kernel.h"
#include "sources/cma.h"
#include "sources/dma_heap_node.h"
#include "sources/node.h"
#include "sync/dmabuf_side.h"

namespace mediaheap {

namespace {

// The kernel's CMA heaps: `default_cma_region` since 6.17, before that (and with the legacy option)
// the name of the region in the device tree.
constexpr std::array<std::string_view, 4> cmaHeaps = {"default_cma_region", "linux,cma", "reserved",
                                                      "default-pool"};

bool isCma(const std::string& name) {
    return std::find(cmaHeaps.begin(), cmaHeaps.end(), name) != cmaHeaps.end();
}

bool endsWith(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string existingHeaps(Kernel& kernel) {
    std::vector<std::string> names;
    if (kernel.listDirectory(DmaHeapSource::directory, names) < 0 || names.empty())
        return "this kernel offers no dma-heap at all (CONFIG_DMABUF_HEAPS)";
    std::sort(names.begin(), names.end());
    std::string text = "this machine has";
    const char* separator = " dma-heap:";
    for (const std::string& name : names) {
        text += separator + name;
        separator = ", dma-heap:";
    }
    return text;
}

} // namespace

DmaHeapSource::DmaHeapSource(Kernel& kernel, UniqueFd node, std::string name, uint64_t zoneSize)
    : kernel_(kernel), node_(std::move(node)), name_(std::move(name)), zoneSize_(zoneSize),
      traits_(traitsOf(name_)), zeroed_(name_ == "system" || isCma(name_)) {}

SourceTraits DmaHeapSource::traitsOf(const std::string& name) {
    SourceTraits traits;
    traits.dmabuf = true;
    traits.contiguous = isCma(name) || name == "mpp";
    traits.cached = !endsWith(name, "-uncached");
    return traits;
}

Result<std::unique_ptr<Source>> DmaHeapSource::open(Kernel& kernel, const SourceOptions& options) {
    if (options.prefault)
        return makeError(EOPNOTSUPP, "open source dma-heap:" + options.name,
                         "prefault=1: it allocates block by block and reserves nothing at open",
                         "leave prefault out, or use udmabuf");
    const std::string path = std::string(directory) + "/" + options.name;
    Result<UniqueFd> node = openNode(kernel, path, O_RDONLY, {});
    if (!node) {
        Error error = std::move(node).error();
        if (error.code == ENOENT)
            error.remedy = existingHeaps(kernel);
        return error;
    }
    return std::unique_ptr<Source>(
        new DmaHeapSource(kernel, std::move(node).value(), options.name, options.size));
}

Result<SourceMemory> DmaHeapSource::create(uint64_t, size_t size, const CreateOptions&) {
    const int result = allocateFromNode(kernel_, node_.get(), size);
    if (result >= 0)
        return SourceMemory{
            UniqueFd(result), {}, std::make_unique<DmabufSide>(kernel_, result, size, abilities_)};

    const std::string step =
        "allocate " + std::to_string(size) + " bytes from " + directory + "/" + name_;
    if (-result == ENOMEM && traits_.contiguous)
        return explainLackOfCma(kernel_, step, size, zoneSize_);
    if (-result == ENOMEM)
        return makeError(ENOMEM, step, {}, "MemAvailable in /proc/meminfo tells what is left");
    if (-result == EMFILE)
        return makeError(EMFILE, step, {}, "close descriptors or raise the limit (ulimit -n)");
    return makeError(-result, step);
}

} // namespace mediaheap
