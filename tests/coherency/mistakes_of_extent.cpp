// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The right sync at the right time, of the wrong bytes.
#include "mistakes.h"

namespace mediaheap::test {

using simulated::ViolationKind;
using Order = Finding::Order;

namespace {

constexpr uint64_t half = Stage::line / 2;

} // namespace

std::vector<Mistake> mistakesOfExtent() {
    return {
        {"more is written than the access was opened for",
         [](Stage& s) {
             s.begin(s.lines(s.frame, 0, s.mistaken ? 2 : 5), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 5));
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 5));
         },
         {{ViolationKind::DeviceReadDirty, "frame", 2, 3, Order::CpuFirst, false}}},

        {"the access is opened on another block than the one that is written",
         [](Stage& s) {
             const size_t opened = s.mistaken ? s.result : s.frame;
             s.begin(s.lines(opened, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 4));
             s.end(opened);
             s.deviceRead(s.lines(s.frame, 0, 4));
             s.deviceRead(s.lines(s.result, 0, 4));
         },
         {{ViolationKind::DeviceReadDirty, "frame", 0, 4, Order::CpuFirst, false}}},

        {"of two planes that are written only the first is opened",
         [](Stage& s) {
             const Part luma = s.lines(s.frame, 0, 8);
             const Part chroma = s.lines(s.frame, 16, 4);
             s.begin(luma, Access::Write);
             if (!s.mistaken)
                 s.begin(chroma, Access::Write);
             s.cpuWrite(luma);
             s.cpuWrite(chroma);
             if (!s.mistaken)
                 s.end(s.frame);
             s.end(s.frame);
             s.deviceRead(luma);
             s.deviceRead(chroma);
         },
         {{ViolationKind::DeviceReadDirty, "frame", 16, 4, Order::CpuFirst, false}}},

        {"of two planes that are read the second one's START is missing",
         [](Stage& s) {
             const Part luma = s.lines(s.frame, 0, 8);
             const Part chroma = s.lines(s.frame, 16, 4);
             s.deviceWrite(luma);
             s.deviceWrite(chroma);
             s.begin(luma, Access::Read);
             if (s.mistaken)
                 s.kernel.drop(1);
             s.beginAsOffender(chroma, Access::Read);
             s.cpuRead(luma);
             s.cpuRead(chroma);
             s.end(s.frame);
             s.end(s.frame);
         },
         {{ViolationKind::StaleRead, "frame", 16, 4, Order::DeviceFirst, true}}},

        {"of two planes that were written the second one's END is missing",
         [](Stage& s) {
             const Part luma = s.lines(s.frame, 0, 8);
             const Part chroma = s.lines(s.frame, 16, 4);
             s.begin(luma, Access::Write);
             s.beginAsOffender(chroma, Access::Write);
             s.cpuWrite(luma);
             s.cpuWrite(chroma);
             s.end(s.frame);
             if (s.mistaken)
                 s.kernel.drop(2);
             s.end(s.frame);
             s.deviceRead(luma);
             s.deviceRead(chroma);
         },
         {{ViolationKind::DeviceReadDuringWrite, "frame", 16, 4, Order::CpuFirst, true}}},

        {"CPU and camera share a line: the CPU writes its half after the camera wrote the other",
         [](Stage& s) {
             const uint64_t edge = s.mistaken ? half : Stage::line;
             s.deviceWrite(s.bytes(s.frame, 0, edge));
             s.beginAsOffender(s.bytes(s.frame, edge, Stage::line), Access::Write);
             s.cpuWrite(s.bytes(s.frame, edge, Stage::line));
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 2));
         },
         {{ViolationKind::WriteBackOverDeviceWrite, "frame", 0, 1, Order::DeviceFirst, true}}},

        {"CPU and camera share a line: the camera writes its half while the CPU has the other",
         [](Stage& s) {
             const uint64_t edge = s.mistaken ? half : Stage::line;
             s.beginAsOffender(s.bytes(s.frame, 0, half), Access::Write);
             s.cpuWrite(s.bytes(s.frame, 0, half));
             s.deviceWrite(s.bytes(s.frame, edge, half));
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 2));
         },
         {{ViolationKind::DeviceWriteDuringAccess, "frame", 0, 1, Order::CpuFirst, true},
          {ViolationKind::WriteBackOverDeviceWrite, "frame", 0, 1, Order::CpuFirst, true}}},

        {"CPU and encoder share a line: the encoder reads its half while the CPU writes the other",
         [](Stage& s) {
             s.beginAsOffender(s.bytes(s.frame, Stage::line, half), Access::Write);
             s.cpuWrite(s.bytes(s.frame, Stage::line, half));
             s.deviceRead(s.mistaken ? s.bytes(s.frame, Stage::line + half, half)
                                     : s.bytes(s.frame, half, half));
             s.end(s.frame);
         },
         {{ViolationKind::DeviceReadDuringWrite, "frame", 1, 1, Order::CpuFirst, true}}},

        {"the padding at the end of the camera's rows is left as the write-only access found it",
         [](Stage& s) {
             constexpr uint64_t stride = 2 * Stage::line;
             constexpr uint64_t width = stride - 16;
             s.deviceWrite(s.lines(s.frame, 0, 8));
             s.beginAsOffender(s.lines(s.frame, 0, 8),
                               s.mistaken ? Access::Write : Access::ReadWrite);
             for (uint64_t row = 0; row < 4; ++row)
                 s.cpuWrite(s.bytes(s.frame, row * stride, width));
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 8));
         },
         {{ViolationKind::WriteBackOverDeviceWrite, "frame", 1, 1, Order::DeviceFirst, true},
          {ViolationKind::WriteBackOverDeviceWrite, "frame", 3, 1, Order::DeviceFirst, true},
          {ViolationKind::WriteBackOverDeviceWrite, "frame", 5, 1, Order::DeviceFirst, true},
          {ViolationKind::WriteBackOverDeviceWrite, "frame", 7, 1, Order::DeviceFirst, true}}},
    };
}

} // namespace mediaheap::test
