// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/fence_list.h"

#include <algorithm>
#include <cerrno>
#include <linux/sync_file.h>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <utility>

#include "base/deadline.h"
#include "base/error.h"
#include "kernel/await.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"

namespace mediaheap {

namespace {

using std::chrono::milliseconds;

constexpr const char* importing = "import a fence";

/// poll(2) calls files and directories readable at any time: a fence that is one would be no fence.
bool isAlwaysReadable(Kernel& kernel, int fd) {
    NodeInfo info;
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    return kernel.stat(path.c_str(), info) == 0 && (S_ISREG(info.mode) || S_ISDIR(info.mode));
}

} // namespace

Result<void> FenceList::add(UniqueFd fd, Access access) {
    if (!fd.isValid())
        return makeError(EBADF, importing, "no descriptor", "hand over an open sync_file");
    Result<bool> done = await(kernel_, fd.get(), POLLIN, Deadline(milliseconds::zero()));
    if (!done) {
        Error error = std::move(done).error();
        error.step = importing;
        return error;
    }
    if (done.value()) {
        if (isAlwaysReadable(kernel_, fd.get()))
            return makeError(EINVAL, importing, "the descriptor is a file and no fence",
                             "hand over a sync_file, or an eventfd that its device writes to");
        return {};
    }

    prune();
    Fence fence{std::move(fd), includes(access, Access::Write)};
    const std::lock_guard lock(mutex_);
    if (merge(fence))
        return {};
    if (fences_.size() >= limit)
        return makeError(EBUSY, importing,
                         "devices have " + std::to_string(limit) +
                             " pieces of work with this memory to do already",
                         "wait until it is idle, then hand it to the next");
    fences_.push_back(std::make_shared<const Fence>(std::move(fence)));
    return {};
}

/// One sync_file for two (SYNC_IOC_MERGE). False where either is none.
bool FenceList::merge(const Fence& fence) {
    for (std::shared_ptr<const Fence>& kept : fences_) {
        if (kept->writes != fence.writes)
            continue;
        sync_merge_data data{};
        const int merged = uninterrupted([&] {
            data = {"mediaheap", fence.fd.get(), -1, 0, 0};
            return kernel_.ioctl(kept->fd.get(), SYNC_IOC_MERGE, &data);
        });
        if (merged >= 0) {
            kept = std::make_shared<const Fence>(Fence{UniqueFd(data.fence), fence.writes});
            return true;
        }
    }
    return false;
}

Result<bool> FenceList::waitUntilIdle(Access access, milliseconds longest) {
    const Deadline deadline(longest);
    while (const std::shared_ptr<const Fence> fence = firstInTheWayOf(access)) {
        Result<bool> done = await(kernel_, fence->fd.get(), POLLIN, deadline);
        // A descriptor that somebody has closed under us will never be ready.
        if (!done && done.error().code == EBADF)
            remove(fence);
        if (!done || !done.value())
            return done;
        remove(fence);
    }
    return true;
}

std::shared_ptr<const FenceList::Fence> FenceList::firstInTheWayOf(Access access) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(fences_.begin(), fences_.end(), [access](const auto& fence) {
        return fence->writes || includes(access, Access::Write);
    });
    return found == fences_.end() ? nullptr : *found;
}

void FenceList::remove(const std::shared_ptr<const Fence>& fence) {
    const std::lock_guard lock(mutex_);
    fences_.erase(std::remove(fences_.begin(), fences_.end(), fence), fences_.end());
}

void FenceList::prune() {
    Fences fences;
    {
        const std::lock_guard lock(mutex_);
        fences = fences_;
    }
    for (const std::shared_ptr<const Fence>& fence : fences) {
        const Result<bool> done =
            await(kernel_, fence->fd.get(), POLLIN, Deadline(milliseconds::zero()));
        if (done && done.value())
            remove(fence);
    }
}

size_t FenceList::size() const {
    const std::lock_guard lock(mutex_);
    return fences_.size();
}

} // namespace mediaheap
