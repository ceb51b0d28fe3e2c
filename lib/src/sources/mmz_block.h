// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

#include "sources/mmz_uapi.h"
#include "sources/source.h"

namespace mediaheap {

class Kernel;

/// A block of the MMZ and the mapping of it; unmaps and frees it at its end.
///
/// Thread safety: none needed; nothing changes after make().
class MmzBlock : public SourceMapping {
public:
    /// @p node is kept open: the driver frees the blocks of a descriptor that is closed.
    ///
    /// Errors: ENOMEM no zone of that name, or none with room; what mapping answers.
    static Result<std::unique_ptr<MmzBlock>> make(Kernel& kernel,
                                                  std::shared_ptr<const UniqueFd> node,
                                                  const std::string& zone, size_t size,
                                                  const CreateOptions& options);
    ~MmzBlock() override;
    MmzBlock(const MmzBlock&) = delete;
    MmzBlock& operator=(const MmzBlock&) = delete;

    void* data() const noexcept override { return reinterpret_cast<void*>(info_.mapped); }
    uint64_t physical() const noexcept { return info_.physical; }

private:
    MmzBlock(Kernel& kernel, std::shared_ptr<const UniqueFd> node);
    int call(unsigned long request);
    int insist(unsigned long request);

    Kernel& kernel_;
    const std::shared_ptr<const UniqueFd> node_;
    MmbInfo<uintptr_t> info_{};
    bool allocated_ = false;
};

} // namespace mediaheap
