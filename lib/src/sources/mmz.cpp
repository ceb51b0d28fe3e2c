// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/mmz.h"

#include <cerrno>
#include <fcntl.h>
#include <utility>

#include "base/error.h"
#include "kernel/kernel.h"
#include "sources/mmz_block.h"
#include "sources/mmz_side.h"
#include "sources/node.h"

namespace mediaheap {

MmzSource::MmzSource(Kernel& kernel, UniqueFd opened, const SourceOptions& options)
    : kernel_(kernel), node_(std::make_shared<const UniqueFd>(std::move(opened))),
      zone_(options.name.empty() ? defaultZone : options.name) {
    traits_.contiguous = true;
    traits_.physical = true;
    traits_.descriptors = false;
    traits_.eitherCached = true;
    traits_.cached = options.cached.value_or(true);
}

Result<std::unique_ptr<Source>> MmzSource::open(Kernel& kernel, const SourceOptions& options) {
    if (options.prefault)
        return makeError(EOPNOTSUPP, "open source mmz",
                         "prefault=1: the system has set its memory aside already",
                         "leave prefault out");
    Result<UniqueFd> opened =
        openNode(kernel, node, O_RDWR,
                 "load the vendor's driver (osal.ko or mmz.ko, with its mmz= parameter)");
    if (!opened)
        return std::move(opened).error();
    std::unique_ptr<MmzSource> source(new MmzSource(kernel, std::move(opened).value(), options));
    const Result<SourceMemory> page = source->create(0, kernel.pageSize(), {});
    if (!page)
        return page.error();
    return std::unique_ptr<Source>(std::move(source));
}

Result<SourceMemory> MmzSource::create(uint64_t, size_t size, const CreateOptions& options) {
    Result<std::unique_ptr<MmzBlock>> block = MmzBlock::make(kernel_, node_, zone_, size, options);
    if (!block)
        return std::move(block).error();
    SourceMemory memory;
    memory.address = block.value()->physical();
    memory.side = std::make_unique<MmzSide>(kernel_, node_, *memory.address, size, options.cached);
    memory.mapping = std::move(block).value();
    return memory;
}

} // namespace mediaheap
