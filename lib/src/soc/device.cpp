// SPDX-License-Identifier: LGPL-2.1-or-later
#include <mediaheap/simulated/device.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "kernel/kernel.h"
#include "soc/job.h"
#include "soc/simulated_buffer.h"

namespace mediaheap::simulated {

namespace {

uint64_t newId() {
    static std::atomic<uint64_t> last{0};
    return ++last;
}

void signalFence(int fence) {
    const uint64_t one = 1;
    if (::write(fence, &one, sizeof one) != sizeof one)
        log(LogLevel::Error, "signal a simulated device's fence: " + errnoText(errno));
}

Operation operationOn(Operation::Kind kind, int fd, uint64_t offset, uint64_t size) {
    Operation operation;
    operation.kind = kind;
    operation.fd = fd;
    operation.offset = offset;
    operation.size = size;
    return operation;
}

Result<uint32_t> run(const Operation& operation, const DeviceParty& device) {
    Result<Job> job = Job::import(operation);
    if (!job)
        return std::move(job).error();
    return job->run(device);
}

Result<void> done(const Result<uint32_t>& result) {
    return result ? Result<void>() : Result<void>(result.error());
}

Result<void> touch(int fd, ByteRange range, Access access, const DeviceParty& device,
                   const SimulatedBuffer::Touch& touch) {
    Result<Job::Import> import = Job::importRange(fd, range, access);
    if (!import)
        return std::move(import).error();
    import->buffer->deviceAccess(device, access, range, false, touch);
    return {};
}

} // namespace

/// The device's name, and its thread, which begins with the first started operation.
class Device::Worker {
public:
    explicit Worker(std::string name) : party{newId(), std::move(name)} {}

    ~Worker() {
        resume();
        finish();
        {
            const std::lock_guard lock(mutex_);
            ends_ = true;
        }
        changed_.notify_all();
        if (thread_.joinable())
            thread_.join();
    }

    void queue(Job job, UniqueFd fence) {
        const std::lock_guard lock(mutex_);
        queue_.push_back({std::move(job), std::move(fence)});
        if (!thread_.joinable())
            thread_ = std::thread([this] { work(); });
        changed_.notify_all();
    }

    void finish() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return queue_.empty() && !busy_; });
    }

    void pause() {
        const std::lock_guard lock(mutex_);
        paused_ = true;
    }

    void resume() {
        {
            const std::lock_guard lock(mutex_);
            paused_ = false;
        }
        changed_.notify_all();
    }

    uint32_t lastChecksum() const {
        const std::lock_guard lock(mutex_);
        return checksum_;
    }

    const DeviceParty party;

private:
    struct Queued {
        Job job;
        UniqueFd fence;
    };

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return ends_ || (!queue_.empty() && !paused_); });
            if (queue_.empty() || paused_)
                return;
            UniqueFd fence = std::move(queue_.front().fence);
            {
                const Job job = std::move(queue_.front().job);
                queue_.pop_front();
                busy_ = true;
                lock.unlock();
                const uint32_t checksum = job.run(party);
                lock.lock();
                if (job.isChecksum())
                    checksum_ = checksum;
            }
            // Last, without the buffers: whoever waits for it may take their memory away.
            signalFence(fence.get());
            fence.reset();
            busy_ = false;
            changed_.notify_all();
        }
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Queued> queue_;
    bool busy_ = false;
    bool paused_ = false;
    bool ends_ = false;
    uint32_t checksum_ = 0;
    std::thread thread_;
};

Device::Device(std::string name) : worker_(std::make_unique<Worker>(std::move(name))) {}

Device::~Device() = default;

const std::string& Device::name() const noexcept { return worker_->party.name; }

uint64_t Device::id() const noexcept { return worker_->party.id; }

Result<void> Device::read(int fd, uint64_t offset, void* to, size_t size) {
    return touch(fd, {offset, size}, Access::Read, worker_->party,
                 [&](const uint8_t* bytes) { std::memcpy(to, bytes, size); });
}

Result<void> Device::write(int fd, uint64_t offset, const void* from, size_t size) {
    return touch(fd, {offset, size}, Access::Write, worker_->party,
                 [&](uint8_t* bytes) { std::memcpy(bytes, from, size); });
}

Result<void> Device::fill(int fd, uint64_t offset, uint64_t size, uint8_t value) {
    Operation operation = operationOn(Operation::Kind::Fill, fd, offset, size);
    operation.value = value;
    return done(run(operation, worker_->party));
}

Result<void> Device::invert(int fd, uint64_t offset, uint64_t size) {
    return done(run(operationOn(Operation::Kind::Invert, fd, offset, size), worker_->party));
}

Result<uint32_t> Device::checksum(int fd, uint64_t offset, uint64_t size) {
    return run(operationOn(Operation::Kind::Checksum, fd, offset, size), worker_->party);
}

Result<void> Device::copy(int fromFd, uint64_t fromOffset, int toFd, uint64_t toOffset,
                          uint64_t size) {
    Operation operation = operationOn(Operation::Kind::Copy, fromFd, fromOffset, size);
    operation.target = toFd;
    operation.targetOffset = toOffset;
    return done(run(operation, worker_->party));
}

Result<UniqueFd> Device::start(const Operation& operation) {
    Result<Job> job = Job::import(operation);
    if (!job)
        return std::move(job).error();
    Kernel& kernel = Kernel::current();
    const int created = kernel.eventFd();
    if (created < 0)
        return makeError(-created, "make a fence", {},
                         "close descriptors or raise the limit (ulimit -n)");
    UniqueFd fence(created);
    const int copy = kernel.duplicate(fence.get());
    if (copy < 0)
        return makeError(-copy, "make a fence", {},
                         "close descriptors or raise the limit (ulimit -n)");
    UniqueFd own(copy);
    if (Result<void> added = job->addFence(fence.get()); !added) {
        signalFence(own.get()); // one of two buffers may have it, and nobody will work on that
        return std::move(added).error();
    }
    job->announce(worker_->party);
    worker_->queue(std::move(job).value(), std::move(own));
    return fence;
}

void Device::finish() { worker_->finish(); }

void Device::pause() { worker_->pause(); }

void Device::resume() { worker_->resume(); }

uint32_t Device::lastChecksum() const { return worker_->lastChecksum(); }

} // namespace mediaheap::simulated
