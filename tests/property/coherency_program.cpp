// SPDX-License-Identifier: LGPL-2.1-or-later
#include "coherency_program.h"

#include <algorithm>

namespace mediaheap::test {

namespace {

using Kind = Step::Kind;
using Operation = simulated::Operation::Kind;

constexpr size_t mostBlocks = 4;
constexpr size_t mostSessions = 3;

const char* nameOf(Kind kind) {
    static constexpr const char* names[] = {"allocate",
                                            "allocate uncached",
                                            "free",
                                            "begin",
                                            "end",
                                            "CPU writes",
                                            "CPU reads",
                                            "device writes",
                                            "device reads",
                                            "device fills",
                                            "device inverts",
                                            "device sums",
                                            "device copies",
                                            "start a fill",
                                            "start an inversion",
                                            "start a sum",
                                            "start a copy",
                                            "finish"};
    return names[static_cast<size_t>(kind)];
}

std::string text(const Part& part) {
    return "block " + std::to_string(part.block) + " [" + std::to_string(part.offset) + ", " +
           std::to_string(part.end()) + ")";
}

void play(const Step& step, Rehearsal& rehearsal) {
    switch (step.kind) {
    case Kind::Allocate:
        rehearsal.allocate(step.part.size);
        break;
    case Kind::AllocateUncached:
        rehearsal.allocate(step.part.size, {}, false);
        break;
    case Kind::Free:
        rehearsal.free(step.part.block);
        break;
    case Kind::Begin:
        rehearsal.begin(step.part, step.access);
        break;
    case Kind::End:
        rehearsal.end(step.part.block);
        break;
    case Kind::CpuWrite:
        rehearsal.cpuWrite(step.part);
        break;
    case Kind::CpuRead:
        rehearsal.cpuRead(step.part);
        break;
    case Kind::DeviceWrite:
        rehearsal.deviceWrite(step.part);
        break;
    case Kind::DeviceRead:
        rehearsal.deviceRead(step.part);
        break;
    case Kind::DeviceFill:
        rehearsal.deviceFill(step.part);
        break;
    case Kind::DeviceInvert:
        rehearsal.deviceInvert(step.part);
        break;
    case Kind::DeviceChecksum:
        rehearsal.deviceChecksum(step.part);
        break;
    case Kind::DeviceCopy:
        rehearsal.deviceCopy(step.part, step.target);
        break;
    case Kind::StartFill:
        rehearsal.start(Operation::Fill, step.part);
        break;
    case Kind::StartInvert:
        rehearsal.start(Operation::Invert, step.part);
        break;
    case Kind::StartChecksum:
        rehearsal.start(Operation::Checksum, step.part);
        break;
    case Kind::StartCopy:
        rehearsal.start(Operation::Copy, step.part, step.target);
        break;
    case Kind::Finish:
        rehearsal.finish();
        break;
    }
}

} // namespace

void play(const Program& program, Rehearsal& rehearsal) {
    for (const Step& step : program)
        play(step, rehearsal);
    rehearsal.readAll();
}

std::string describe(const Program& program) {
    std::string lines;
    for (size_t n = 0; n < program.size(); ++n) {
        const Step& step = program[n];
        lines += std::to_string(n) + ": " + nameOf(step.kind) + " " + text(step.part);
        if (step.kind == Kind::Begin)
            lines += step.access == Access::Read    ? " for reading"
                     : step.access == Access::Write ? " for writing"
                                                    : " for both";
        if (step.target.size > 0)
            lines += " to " + text(step.target);
        lines += "\n";
    }
    return lines;
}

Program ProgramWriter::write() {
    program_.clear();
    live_.clear();
    allocated_ = 0;
    allocate();
    // Up to 200, and shorter ones more often: what a program costs grows with its square.
    const uint64_t length = 50 + std::min(random_.below(151), random_.below(151));
    while (program_.size() < length)
        step();
    for (Model& block : live_) {
        while (!block.sessions.empty())
            end(block);
    }
    return program_;
}

void ProgramWriter::step() {
    const uint64_t choice = random_.below(100);
    if (choice < 4)
        allocate();
    else if (choice < 7)
        free();
    else if (choice < 25)
        begin();
    else if (choice < 41)
        end(pick());
    else if (choice < 57)
        cpuWrite();
    else if (choice < 70)
        cpuRead();
    else if (choice < 88)
        device();
    else if (choice < 91)
        copy(false);
    else if (choice < 98)
        start();
    else
        add(Kind::Finish, {});
}

void ProgramWriter::allocate() {
    if (live_.size() >= mostBlocks)
        return;
    const uint64_t size = random_.between(1, 2) * page_;
    live_.push_back({allocated_++, size, std::vector<Line>(size / line_), {}});
    add(random_.chance(1, 8) ? Kind::AllocateUncached : Kind::Allocate, {0, 0, size});
}

void ProgramWriter::free() {
    const size_t index = random_.below(live_.size());
    if (live_.size() < 2 || !live_[index].sessions.empty())
        return;
    add(Kind::Free, {live_[index].number, 0, live_[index].size});
    live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(index));
}

void ProgramWriter::begin() {
    Model& block = pick();
    if (block.sessions.size() >= mostSessions)
        return;
    const Part part = partOf(block);
    const auto access = static_cast<Access>(random_.between(1, 3));
    add(Kind::Begin, part, access);
    block.sessions.push_back({part, access});
    for (uint64_t n = part.offset / line_; n * line_ < part.end(); ++n) {
        Line& one = block.lines[n];
        // What was written is written back when a read joins it, and all is fetched.
        if (includes(access, Access::Read)) {
            one.stale = false;
            one.openRead = true;
        }
        one.openWrite = one.openWrite || includes(access, Access::Write);
    }
}

void ProgramWriter::end(Model& block) {
    if (block.sessions.empty())
        return;
    const size_t index = random_.below(block.sessions.size());
    block.sessions.erase(block.sessions.begin() + static_cast<std::ptrdiff_t>(index));
    add(Kind::End, {block.number, 0, 0});
    if (!block.sessions.empty())
        return;
    for (Line& one : block.lines) {
        if (one.whole)
            one.stale = false;
        one.openRead = one.openWrite = one.whole = false;
    }
}

void ProgramWriter::cpuWrite() {
    Model& block = pick();
    const Session* const open = session(block, Access::Write);
    if (!open)
        return;
    const Part part = writable(block, *open, within(open->part));
    if (part.size == 0)
        return;
    add(Kind::CpuWrite, part);
    for (uint64_t n = (part.offset + line_ - 1) / line_; (n + 1) * line_ <= part.end(); ++n)
        block.lines[n].whole = true;
}

void ProgramWriter::cpuRead() {
    const Model& block = pick();
    if (const Session* const open = session(block, Access::Read))
        add(Kind::CpuRead, within(open->part));
}

void ProgramWriter::device() {
    static constexpr Kind kinds[] = {Kind::DeviceWrite, Kind::DeviceFill, Kind::DeviceInvert,
                                     Kind::DeviceRead, Kind::DeviceChecksum};
    Model& block = pick();
    const Part part = partOf(block);
    const Kind kind = kinds[random_.below(std::size(kinds))];
    const bool writes = kind != Kind::DeviceRead && kind != Kind::DeviceChecksum;
    if (!(writes ? mayWrite(block, part) : mayRead(block, part)))
        return;
    add(kind, part);
    if (writes)
        deviceWrites(block, part);
}

void ProgramWriter::copy(bool started) {
    const Model& source = pick();
    Model& target = pick();
    const Part from = partOf(source);
    Part to = partOf(target);
    if (source.number == target.number || from.size > target.size)
        return;
    to.size = from.size;
    to.offset = std::min(to.offset, target.size - to.size);
    const bool idle = source.sessions.empty() && target.sessions.empty();
    if (!mayRead(source, from) || !mayWrite(target, to) || (started && !idle))
        return;
    add(started ? Kind::StartCopy : Kind::DeviceCopy, from, Access::Read, to);
    deviceWrites(target, to);
}

void ProgramWriter::start() {
    const uint64_t choice = random_.below(4);
    if (choice == 3)
        return copy(true);
    static constexpr Kind kinds[] = {Kind::StartFill, Kind::StartInvert, Kind::StartChecksum};
    Model& block = pick();
    if (!block.sessions.empty())
        return;
    const Part part = partOf(block);
    add(kinds[choice], part);
    if (kinds[choice] != Kind::StartChecksum)
        deviceWrites(block, part);
}

/// Mostly a few units near the beginning, so that parts meet; sometimes all of the block.
Part ProgramWriter::partOf(const Model& block) {
    const Part whole{block.number, 0, block.size};
    if (random_.chance(1, 16))
        return whole;
    const uint64_t busy = random_.chance(7, 8) ? 12 * line_ : block.size;
    const uint64_t offset = random_.below(busy / unit) * unit;
    const uint64_t size = random_.between(1, random_.chance(1, 4) ? 32 : 10) * unit;
    Part part{block.number, offset, std::min(size, block.size - offset)};
    if (random_.chance(1, 2)) { // whole lines
        const uint64_t end = std::min((part.end() + line_ - 1) / line_ * line_, block.size);
        part.offset = part.offset / line_ * line_;
        part.size = end - part.offset;
    }
    return part;
}

Part ProgramWriter::within(const Part& part) {
    if (random_.chance(1, 3))
        return part;
    const uint64_t units = part.size / unit;
    const uint64_t first = random_.below(units);
    const uint64_t count = random_.between(1, std::min<uint64_t>(units - first, 16));
    return {part.block, part.offset + first * unit, count * unit};
}

const ProgramWriter::Session* ProgramWriter::session(const Model& block, Access access) {
    if (block.sessions.empty())
        return nullptr;
    const Session& one = block.sessions[random_.below(block.sessions.size())];
    return includes(one.access, access) ? &one : nullptr;
}

/// The first piece of @p part that the session may write: lines that are stale only whole, for
/// which the piece is stretched to the line's ends where the session reaches that far.
Part ProgramWriter::writable(const Model& block, const Session& session, Part part) const {
    const auto isOnlyWhole = [&](uint64_t offset) {
        const Line& one = block.lines[offset / line_];
        return one.stale && !one.whole;
    };
    if (part.offset % line_ != 0 && isOnlyWhole(part.offset)) {
        const uint64_t start = part.offset / line_ * line_;
        const uint64_t next = start + line_;
        if (start >= session.part.offset && next <= session.part.end())
            part = {part.block, start, std::max(part.end(), next) - start};
        else if (next < part.end())
            part = {part.block, next, part.end() - next};
        else
            return {};
    }
    if (part.end() % line_ != 0 && isOnlyWhole(part.end())) {
        const uint64_t start = part.end() / line_ * line_;
        if (start + line_ <= session.part.end() && start >= part.offset)
            part.size = start + line_ - part.offset;
        else if (start > part.offset)
            part.size = start - part.offset;
        else
            return {};
    }
    return part;
}

template <typename Check>
bool ProgramWriter::allLines(const Model& block, const Part& part, Check check) const {
    for (uint64_t n = part.offset / line_; n * line_ < part.end(); ++n) {
        if (!check(block.lines[n]))
            return false;
    }
    return true;
}

bool ProgramWriter::mayWrite(const Model& block, const Part& part) const {
    return allLines(block, part, [](const Line& one) { return !one.openRead && !one.openWrite; });
}

bool ProgramWriter::mayRead(const Model& block, const Part& part) const {
    return allLines(block, part, [](const Line& one) { return !one.openWrite; });
}

void ProgramWriter::deviceWrites(Model& block, const Part& part) const {
    for (uint64_t n = part.offset / line_; n * line_ < part.end(); ++n)
        block.lines[n].stale = true;
}

} // namespace mediaheap::test
