// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "property.h"
#include "rehearsal.h"

namespace mediaheap::test {

/// One step of a program that CPU and devices go through on a Rehearsal.
struct Step {
    enum class Kind {
        Allocate, ///< part.size bytes; the block gets the next number
        AllocateUncached,
        Free,
        Begin,
        End,
        CpuWrite,
        CpuRead,
        DeviceWrite,
        DeviceRead,
        DeviceFill,
        DeviceInvert,
        DeviceChecksum,
        DeviceCopy,
        StartFill,
        StartInvert,
        StartChecksum,
        StartCopy,
        Finish,
    };

    Kind kind;
    Part part;
    Access access = Access::Read; ///< of Begin
    Part target;                  ///< of a copy
};

using Program = std::vector<Step>;

void play(const Program& program, Rehearsal& rehearsal);
/// One line for each step.
std::string describe(const Program& program);

/// Writes random programs that get every sync right. It knows the rules as people have to know
/// them, line by line:
/// - the CPU reads and writes only within an access for it;
/// - in an access for writing only, a line that a device has written is written whole, or not at
///   all;
/// - a device writes no line that an access covers, and reads none that one for writing covers;
/// - an operation is started only on blocks on which no access is open.
class ProgramWriter {
public:
    static constexpr uint64_t unit = 16; ///< everything is so many bytes, or a multiple

    /// For a machine with cache lines of @p lineSize bytes; not every program that is right there
    /// is right with others, shorter ones included.
    ProgramWriter(uint64_t seed, uint64_t pageSize, uint64_t lineSize)
        : random_(seed), page_(pageSize), line_(lineSize) {}

    Program write();

private:
    struct Line {
        bool stale = false;
        bool openRead = false;
        bool openWrite = false;
        bool whole = false; ///< the open access for writing has written all of it
    };
    struct Session {
        Part part;
        Access access;
    };
    struct Model {
        size_t number;
        uint64_t size;
        std::vector<Line> lines;
        std::vector<Session> sessions;
    };

    void step();
    void allocate();
    void free();
    void begin();
    void end(Model& block);
    void cpuWrite();
    void cpuRead();
    void device();
    void copy(bool started);
    void start();

    Model& pick() { return live_[random_.below(live_.size())]; }
    Part partOf(const Model& block);
    Part within(const Part& part);
    const Session* session(const Model& block, Access access);
    Part writable(const Model& block, const Session& session, Part part) const;
    template <typename Check>
    bool allLines(const Model& block, const Part& part, Check check) const;
    bool mayWrite(const Model& block, const Part& part) const;
    bool mayRead(const Model& block, const Part& part) const;
    void deviceWrites(Model& block, const Part& part) const;
    void add(Step::Kind kind, const Part& part, Access access = Access::Read,
             const Part& target = {}) {
        program_.push_back({kind, part, access, target});
    }

    Random random_;
    const uint64_t page_;
    const uint64_t line_;
    Program program_;
    std::vector<Model> live_;
    size_t allocated_ = 0;
};

} // namespace mediaheap::test
