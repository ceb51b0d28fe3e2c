// SPDX-License-Identifier: LGPL-2.1-or-later
#include "soc/simulated_buffer.h"

#include <cerrno>
#include <map>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "base/backtrace.h"
#include "base/error.h"
#include "kernel/kernel.h"
#include "sync/access_record.h"
#include "sync/sequence.h"

namespace mediaheap {

namespace {

using Identity = std::pair<dev_t, ino_t>;

/// Every buffer of the process by the inode of its device view, which all duplicates of the
/// descriptor share.
struct Registry {
    std::mutex mutex;
    std::map<Identity, std::weak_ptr<SimulatedBuffer>> buffers;

    static Registry& instance() {
        static Registry* const registry = new Registry; // buffers may outlive static objects
        return *registry;
    }
};

std::optional<Identity> identityOf(int fd) {
    struct stat status;
    if (::fstat(fd, &status) < 0)
        return std::nullopt;
    return Identity(status.st_dev, status.st_ino);
}

CacheModel::PartyRef cpuParty(std::string what) {
    auto actor = std::make_shared<CacheModel::Actor>();
    actor->party.sequence = nextSequence();
    actor->party.who = "CPU thread " + std::to_string(::syscall(SYS_gettid));
    actor->party.what = std::move(what);
    actor->party.backtrace = captureBacktrace(0);
    return actor;
}

CacheModel::PartyRef deviceParty(const DeviceParty& device, Access access) {
    auto actor = std::make_shared<CacheModel::Actor>();
    actor->party.sequence = nextSequence();
    actor->party.who = "device '" + device.name + "'";
    actor->party.what = access == Access::Read    ? "read"
                        : access == Access::Write ? "write"
                                                  : "read and write";
    actor->deviceId = device.id;
    return actor;
}

Result<uint8_t*> mapView(Kernel& kernel, int fd, size_t size) {
    void* address = nullptr;
    const int result = kernel.map(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, &address);
    if (result < 0)
        return makeError(-result, "map " + std::to_string(size) + " bytes for the simulated SoC");
    return static_cast<uint8_t*>(address);
}

} // namespace

Result<std::shared_ptr<SimulatedBuffer>>
SimulatedBuffer::make(Kernel& kernel, const Setup& setup,
                      std::shared_ptr<ViolationLog> violations) {
    const std::optional<Identity> identity = identityOf(setup.deviceView);
    if (!identity)
        return makeError(errno, "identify a simulated block");
    std::shared_ptr<SimulatedBuffer> buffer(new SimulatedBuffer(kernel, std::move(violations)));
    buffer->size_ = setup.size;
    buffer->name_ = setup.name;
    Result<uint8_t*> view = mapView(kernel, setup.deviceView, setup.size);
    if (!view)
        return std::move(view).error();
    buffer->deviceView_ = view.value();
    if (setup.cpuView >= 0) {
        view = mapView(kernel, setup.cpuView, setup.size);
        if (!view)
            return std::move(view).error();
        buffer->cpuView_ = view.value();
        buffer->caches_ = std::make_unique<CacheModel>(buffer->cpuView_, buffer->deviceView_,
                                                       setup.size, setup.line, setup.seed);
    }
    Registry& registry = Registry::instance();
    const std::lock_guard lock(registry.mutex);
    registry.buffers[*identity] = buffer;
    return buffer;
}

SimulatedBuffer::~SimulatedBuffer() {
    {
        Registry& registry = Registry::instance();
        const std::lock_guard lock(registry.mutex);
        for (auto entry = registry.buffers.begin(); entry != registry.buffers.end();)
            entry = entry->second.expired() ? registry.buffers.erase(entry) : std::next(entry);
    }
    if (cpuView_)
        kernel_.unmap(cpuView_, size_);
    if (deviceView_)
        kernel_.unmap(deviceView_, size_);
}

Result<std::shared_ptr<SimulatedBuffer>> SimulatedBuffer::find(int fd) {
    const std::optional<Identity> identity = identityOf(fd);
    if (!identity)
        return makeError(errno, "import a block", {}, "pass a descriptor that is open");
    Registry& registry = Registry::instance();
    const std::lock_guard lock(registry.mutex);
    const auto entry = registry.buffers.find(*identity);
    std::shared_ptr<SimulatedBuffer> buffer =
        entry == registry.buffers.end() ? nullptr : entry->second.lock();
    if (!buffer)
        return makeError(EOPNOTSUPP, "import a block",
                         "this memory is not of a heap of source simulated, so no simulated device "
                         "can reach it",
                         "allocate it from a heap such as 'simulated,size=64M'");
    return buffer;
}

ByteRange SimulatedBuffer::reach(ByteRange range) const noexcept {
    return caches_ ? caches_->reach(range) : range;
}

void SimulatedBuffer::sync(SyncEdge edge, Access access, std::optional<Access> asked,
                           ByteRange range) {
    if (!caches_ || (!asked && edge != SyncEdge::Start))
        return;
    // Where it is opened is what people look for, and a backtrace costs.
    const CacheModel::PartyRef party =
        edge == SyncEdge::Start ? cpuParty(std::string("access ") + describe(access)) : nullptr;
    CacheModel::Findings findings;
    const std::lock_guard lock(mutex_);
    switch (edge) {
    case SyncEdge::Start:
        if (asked)
            caches_->start(*asked, range, party, findings);
        caches_->opened(access, range, party);
        break;
    case SyncEdge::End:
        caches_->end(*asked, range, party, findings);
        break;
    case SyncEdge::WriteBack:
        if (includes(*asked, Access::Write))
            caches_->writeBack(range, party, findings);
        break;
    }
    report(findings);
}

void SimulatedBuffer::setManual(bool manual) {
    const std::lock_guard lock(mutex_);
    if (caches_)
        caches_->setManual(manual);
}

void SimulatedBuffer::flush(ByteRange range) {
    if (!caches_)
        return;
    const CacheModel::PartyRef party = cpuParty("flush");
    CacheModel::Findings findings;
    const std::lock_guard lock(mutex_);
    caches_->flush(range, party, findings);
    report(findings);
}

void SimulatedBuffer::beginLife(const std::string& name) {
    const std::lock_guard lock(mutex_);
    name_ = name;
    if (caches_)
        caches_->forgetContents();
}

void SimulatedBuffer::report(const CacheModel::Findings& findings) {
    for (const CacheModel::Finding& finding : findings) {
        simulated::Violation violation;
        violation.kind = finding.kind;
        violation.block = name_;
        violation.offset = finding.range.offset;
        violation.size = finding.range.size;
        if (finding.cpu)
            violation.cpu = finding.cpu->party;
        if (finding.device) {
            violation.device = finding.device->party;
            violation.deviceId = finding.device->deviceId;
        }
        violations_->add(std::move(violation));
    }
}

void SimulatedBuffer::deviceAccess(const DeviceParty& device, Access access, ByteRange range,
                                   bool announced, const Touch& touch) {
    const std::lock_guard lock(mutex_);
    if (caches_) {
        const CacheModel::PartyRef party = deviceParty(device, access);
        CacheModel::Findings findings;
        if (includes(access, Access::Read))
            caches_->deviceReads(range, party, findings);
        if (includes(access, Access::Write))
            caches_->deviceWrites(range, party, findings);
        if (!announced)
            report(findings);
    }
    touch(deviceView_ + range.offset);
}

bool SimulatedBuffer::announce(const DeviceParty& device, Access access, ByteRange range) {
    const std::lock_guard lock(mutex_);
    if (!caches_)
        return false;
    const CacheModel::PartyRef party = deviceParty(device, access);
    CacheModel::Findings findings;
    if (includes(access, Access::Read))
        caches_->foreseeRead(range, party, findings);
    if (includes(access, Access::Write))
        caches_->foreseeWrite(range, party, findings);
    report(findings);
    return !findings.empty();
}

} // namespace mediaheap
