// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/simulated.h"

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "kernel/kernel.h"
#include "soc/random.h"
#include "soc/simulated_buffer.h"
#include "soc/simulated_side.h"
#include "sources/memfd.h"

namespace mediaheap {

SimulatedSource::SimulatedSource(Kernel& kernel, const SourceOptions& options)
    : kernel_(kernel), line_(options.line.value_or(defaultLine)),
      seed_(options.evict.value_or(defaultSeed)), violations_(std::make_shared<ViolationLog>()) {
    traits_.simulated = true;
    traits_.zones = true;
    traits_.cached = options.cached.value_or(true);
    traits_.eitherCached = true;
}

Result<std::unique_ptr<Source>> SimulatedSource::open(Kernel& kernel,
                                                      const SourceOptions& options) {
    if (options.prefault)
        return makeError(EOPNOTSUPP, "open source simulated",
                         "prefault=1: it allocates block by block and reserves nothing at open",
                         "leave prefault out, or use udmabuf");
    return std::unique_ptr<Source>(new SimulatedSource(kernel, options));
}

Result<SourceMemory> SimulatedSource::create(uint64_t, size_t size, const CreateOptions& options) {
    SourceMemory memory;
    Result<UniqueFd> fd = createSealedMemfd(kernel_, options.name, size);
    if (!fd)
        return std::move(fd).error();
    memory.fd = std::move(fd).value();
    if (options.cached) {
        fd = createSealedMemfd(kernel_, options.name + "-cpu", size);
        if (!fd)
            return std::move(fd).error();
        memory.cpuView = std::move(fd).value();
    }

    SimulatedBuffer::Setup setup;
    setup.cpuView = memory.cpuView.get();
    setup.deviceView = memory.fd.get();
    setup.size = size;
    setup.line = static_cast<size_t>(line_);
    // Each block evicts in its own order, the same in every run.
    setup.seed = seed_ == 0 ? 0 : Random(seed_ + (++made_ << 32)).next() | 1;
    setup.name = options.name;
    Result<std::shared_ptr<SimulatedBuffer>> buffer =
        SimulatedBuffer::make(kernel_, setup, violations_);
    if (!buffer)
        return std::move(buffer).error();
    memory.side =
        std::make_unique<SimulatedSide>(kernel_, memory.fd.get(), std::move(buffer).value());
    return memory;
}

} // namespace mediaheap
