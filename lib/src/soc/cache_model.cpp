// SPDX-License-Identifier: LGPL-2.1-or-later
#include "soc/cache_model.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace mediaheap {

namespace {

using Kind = simulated::ViolationKind;

/// A byte that was stored with the value it had before looks like one that was not stored. Bytes
/// that an access for writing has not stored are random, so eight in a row are no coincidence.
constexpr size_t unwrittenRun = 8;

/// One of so many lines is evicted at a time.
constexpr size_t evictionRarity = 8;

} // namespace

CacheModel::CacheModel(uint8_t* cpuView, uint8_t* deviceView, size_t size, size_t line,
                       uint64_t seed)
    : cpuView_(cpuView), deviceView_(deviceView), size_(size), line_(line), evicts_(seed != 0),
      random_(seed), shadow_(cpuView, cpuView + size), lines_(size / line) {}

ByteRange CacheModel::reach(ByteRange range) const noexcept {
    const uint64_t first = range.offset / line_ * line_;
    const uint64_t end = std::min<uint64_t>((range.end() + line_ - 1) / line_ * line_, size_);
    return {first, end - first};
}

bool CacheModel::isModified(size_t index) const noexcept {
    return std::memcmp(cpu(index), shadow(index), line_) != 0;
}

void CacheModel::fetch(size_t index) {
    std::memcpy(cpu(index), device(index), line_);
    std::memcpy(shadow(index), device(index), line_);
    lines_[index].stale = false;
    lines_[index].early = false;
}

void CacheModel::clean(size_t index) {
    // Another thread may be storing to the line: the shadow takes what the device got.
    std::memcpy(device(index), cpu(index), line_);
    std::memcpy(shadow(index), device(index), line_);
}

/// What an access for writing sees of a line that was not fetched is undefined: the old bytes, or
/// the device's. Bytes unlike either let a store that changes nothing be seen as a store.
void CacheModel::scramble(size_t index) {
    for (size_t i = 0; i < line_; i += sizeof(uint64_t)) {
        const uint64_t random = random_.next();
        for (size_t j = 0; j < sizeof random; j++) {
            auto byte = static_cast<uint8_t>(random >> (8 * j));
            if (byte == device(index)[i + j])
                byte ^= 0x55;
            cpu(index)[i + j] = byte;
        }
    }
    std::memcpy(shadow(index), cpu(index), line_);
}

bool CacheModel::writesOldBytes(size_t index) const noexcept {
    size_t run = 0;
    bool differs = false;
    for (size_t i = 0; i < line_; i++) {
        if (cpu(index)[i] != shadow(index)[i]) {
            run = 0;
            differs = false;
            continue;
        }
        run++;
        differs = differs || cpu(index)[i] != device(index)[i];
        if (run >= unwrittenRun && differs)
            return true;
    }
    return false;
}

void CacheModel::note(Findings& findings, Kind kind, size_t index, const PartyRef& cpu,
                      const PartyRef& device) const {
    const uint64_t offset = index * line_;
    if (!findings.empty()) {
        Finding& last = findings.back();
        if (last.kind == kind && last.range.end() == offset && last.cpu == cpu &&
            last.device == device) {
            last.range.size += line_;
            return;
        }
    }
    findings.push_back({kind, {offset, line_}, cpu, device});
}

void CacheModel::evictSome() {
    if (!evicts_)
        return;
    for (size_t count = lines_.size() / evictionRarity + 1; count > 0; count--) {
        const size_t index = static_cast<size_t>(random_.below(lines_.size()));
        Line& line = lines_[index];
        // By hand, the CPU may be writing at this moment to a line that it has not fetched: there
        // fetching it would lose the store, and cleaning it what flush() has to judge.
        if (isOpen(line) || (manual_ && line.stale))
            continue;
        if (isModified(index)) {
            clean(index);
            line.early = true;
        } else if (line.stale) {
            // Fetched by luck: for the rules the line is as before.
            const bool early = line.early;
            fetch(index);
            line.stale = true;
            line.early = early;
        }
    }
}

void CacheModel::start(Access access, ByteRange range, const PartyRef& by, Findings& findings) {
    evictSome();
    const bool reads = includes(access, Access::Read);
    const bool writes = includes(access, Access::Write);
    for (size_t i = firstOf(range); i < endOf(range); i++) {
        Line& line = lines_[i];
        if (!line.openWrite && isDirty(i)) {
            note(findings, line.openRead ? Kind::WriteInReadAccess : Kind::WriteOutsideAccess, i,
                 line.cpu, line.stale ? line.device : nullptr);
            if (reads && !line.openRead)
                invalidateDirty(i);
            line.early = false;
        }
        // A write that goes on may have dirtied the line again since it was written back.
        if (reads && line.openWrite && !line.openRead && !line.written && isModified(i)) {
            note(findings, Kind::StartReadOverDirty, i, line.cpu, nullptr);
            invalidateDirty(i);
        }
        if (line.unfetched)
            note(findings, Kind::StaleRead, i, line.cpu, line.device);
        line.unfetched = false;
        if (reads && line.stale && !(line.openWrite && isModified(i)))
            fetch(i);
        else if (!reads && line.stale && !isOpen(line) && !isModified(i))
            scramble(i);
        line.openRead = line.openRead || reads;
        line.openWrite = line.openWrite || writes;
        line.written = false;
        line.cpu = by;
    }
}

void CacheModel::opened(Access access, ByteRange range, const PartyRef& by) {
    const bool reads = includes(access, Access::Read);
    for (size_t i = firstOf(range); i < endOf(range); i++) {
        Line& line = lines_[i];
        line.unfetched = line.unfetched || (reads && line.stale && !line.openRead);
        line.cpu = by;
    }
}

/// Loses what the CPU wrote, unless it was evicted just before.
void CacheModel::invalidateDirty(size_t index) {
    if (evicts_ && random_.below(2) == 0)
        clean(index);
    fetch(index);
}

void CacheModel::cleanChecked(size_t index, const PartyRef& by, Findings& findings) {
    Line& line = lines_[index];
    const bool started = isOpen(line);
    const bool modified = isModified(index);
    if (line.stale && (!started || (modified && writesOldBytes(index))))
        note(findings, Kind::WriteBackOverDeviceWrite, index, started || !by ? line.cpu : by,
             line.device);
    if (modified) {
        clean(index);
        line.stale = false;
    }
    line.early = false;
}

void CacheModel::end(Access access, ByteRange range, const PartyRef& by, Findings& findings) {
    evictSome();
    const bool reads = includes(access, Access::Read);
    const bool writes = includes(access, Access::Write);
    for (size_t i = firstOf(range); i < endOf(range); i++) {
        Line& line = lines_[i];
        if (line.unfetched || (reads && line.stale && !line.openRead))
            note(findings, Kind::StaleRead, i, isOpen(line) || !by ? line.cpu : by, line.device);
        if (writes)
            cleanChecked(i, by, findings);
        else if (isModified(i))
            note(findings, Kind::WriteInReadAccess, i, line.cpu, nullptr);
        line.openRead = false;
        line.openWrite = false;
        line.written = false;
        line.unfetched = false;
    }
}

void CacheModel::writeBack(ByteRange range, const PartyRef& by, Findings& findings) {
    for (size_t i = firstOf(range); i < endOf(range); i++) {
        cleanChecked(i, by, findings);
        lines_[i].written = true;
    }
}

void CacheModel::flush(ByteRange range, const PartyRef& by, Findings& findings) {
    evictSome();
    for (size_t i = firstOf(range); i < endOf(range); i++) {
        Line& line = lines_[i];
        const bool modified = isModified(i);
        if (modified && line.stale && writesOldBytes(i))
            note(findings, Kind::WriteBackOverDeviceWrite, i, by, line.device);
        if (modified)
            clean(i);
        else if (line.stale)
            fetch(i);
        line.stale = false;
        line.early = false;
        line.unfetched = false;
        line.cpu = by;
    }
}

void CacheModel::foreseeRead(ByteRange range, const PartyRef& by, Findings& findings) const {
    for (size_t i = firstOf(range); i < endOf(range); i++) {
        const Line& line = lines_[i];
        if (line.openWrite)
            note(findings, Kind::DeviceReadDuringWrite, i, line.cpu, by);
        else if (isDirty(i))
            note(findings, Kind::DeviceReadDirty, i, line.cpu, by);
    }
}

void CacheModel::foreseeWrite(ByteRange range, const PartyRef& by, Findings& findings) const {
    for (size_t i = firstOf(range); i < endOf(range); i++) {
        const Line& line = lines_[i];
        if (isOpen(line))
            note(findings, Kind::DeviceWriteDuringAccess, i, line.cpu, by);
        else if (isDirty(i))
            note(findings, Kind::DeviceWriteOverDirty, i, line.cpu, by);
    }
}

void CacheModel::deviceReads(ByteRange range, const PartyRef& by, Findings& findings) {
    foreseeRead(range, by, findings);
    evictSome();
}

void CacheModel::deviceWrites(ByteRange range, const PartyRef& by, Findings& findings) {
    foreseeWrite(range, by, findings);
    evictSome();
    for (size_t i = firstOf(range); i < endOf(range); i++) {
        Line& line = lines_[i];
        line.stale = true; // and as dirty as it was: another seed would not have evicted it
        line.device = by;
        // What the CPU sees before a flush is undefined, and a store is to be seen as one.
        if (manual_ && !isOpen(line) && !isModified(i))
            scramble(i);
    }
}

void CacheModel::forgetContents() {
    for (size_t i = 0; i < lines_.size(); i++) {
        if (isOpen(lines_[i]))
            continue;
        if (lines_[i].stale || isDirty(i))
            fetch(i);
        lines_[i].unfetched = false;
        lines_[i].cpu.reset();
        lines_[i].device.reset();
    }
}

} // namespace mediaheap
