// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <mediaheap/access.h>
#include <mediaheap/result.h>

#include "soc/cache_model.h"
#include "soc/violation_log.h"
#include "sync/byte_range.h"
#include "sync/device_side.h"
#include "sync/fence_list.h"

namespace mediaheap {

class Kernel;

/// A device as the other party of a violation.
struct DeviceParty {
    uint64_t id;
    std::string name;
};

/// The memory of one simulated block with both its views, as the SoC has it. Devices find it by a
/// descriptor of its device view, from wherever they got that.
///
/// Thread safety: all members from any thread.
class SimulatedBuffer {
public:
    struct Setup {
        int cpuView = -1; ///< descriptor of the CPU's view; -1 where the CPU sees the device's
        int deviceView = -1;
        size_t size = 0;
        size_t line = 0;
        uint64_t seed = 0;
        std::string name;
    };

    /// Maps both views for the SoC, and lets devices find them by @p setup.deviceView.
    static Result<std::shared_ptr<SimulatedBuffer>> make(Kernel& kernel, const Setup& setup,
                                                         std::shared_ptr<ViolationLog> violations);
    ~SimulatedBuffer();
    SimulatedBuffer(const SimulatedBuffer&) = delete;
    SimulatedBuffer& operator=(const SimulatedBuffer&) = delete;

    /// The buffer whose device view @p fd is.
    ///
    /// Errors: EBADF; EOPNOTSUPP for any other memory.
    static Result<std::shared_ptr<SimulatedBuffer>> find(int fd);

    size_t size() const noexcept { return size_; }
    bool isCached() const noexcept { return caches_ != nullptr; }
    ByteRange reach(ByteRange range) const noexcept;

    // ---- The CPU's caches.

    /// @p asked: what the caches are told to do; nothing where the sync never reached them. The
    /// CPU's access is for @p access all the same.
    void sync(SyncEdge edge, Access access, std::optional<Access> asked, ByteRange range);
    /// The CPU's accesses are not bracketed: only flush() moves lines.
    void setManual(bool manual);
    void flush(ByteRange range);
    /// The memory's next user calls it @p name, and does not care for what is in it.
    void beginLife(const std::string& name);

    // ---- Devices. A range must lie within the block.

    using Touch = std::function<void(uint8_t*)>;
    /// What a device does to the bytes of @p range; @p touch does it. @p announced: collisions were
    /// reported when it was started.
    void deviceAccess(const DeviceParty& device, Access access, ByteRange range, bool announced,
                      const Touch& touch);
    /// Reports what an operation that is started now collides with; true where it does.
    bool announce(const DeviceParty& device, Access access, ByteRange range);

    /// The operations that devices have not finished.
    FenceList& fences() noexcept { return fences_; }

private:
    SimulatedBuffer(Kernel& kernel, std::shared_ptr<ViolationLog> violations)
        : kernel_(kernel), violations_(std::move(violations)), fences_(kernel) {}

    void report(const CacheModel::Findings& findings);

    Kernel& kernel_;
    const std::shared_ptr<ViolationLog> violations_;
    size_t size_ = 0;
    uint8_t* cpuView_ = nullptr;
    uint8_t* deviceView_ = nullptr;
    FenceList fences_;
    mutable std::mutex mutex_;
    std::string name_;
    std::unique_ptr<CacheModel> caches_; // null where the CPU sees the device's view
};

} // namespace mediaheap
