// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The right sync at the wrong time.
#include "mistakes.h"

#include <gtest/gtest.h>

namespace mediaheap::test {

using simulated::ViolationKind;
using Kind = simulated::Operation::Kind;
using Order = Finding::Order;

std::vector<Mistake> mistakesOfTiming() {
    return {
        {"the encoder is started before the CPU has ended its write",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 4));
             if (!s.mistaken)
                 s.end(s.frame);
             s.deviceChecksum(s.lines(s.frame, 0, 4));
             if (s.mistaken)
                 s.end(s.frame);
         },
         {{ViolationKind::DeviceReadDuringWrite, "frame", 0, 4, Order::CpuFirst, true}}},

        // HiSilicon's HI_MPI_SYS_MmzAlloc_Cached(): "hardware can only reach the memory, not what
        // is in the cache", so HI_MPI_SYS_MmzFlushCache() has to come before it.
        {"a cached buffer that stays mapped goes to the hardware without its flush",
         [](Stage& s) {
             s.beginAsOffender(s.whole(s.frame), Access::ReadWrite);
             s.cpuWrite(s.lines(s.frame, 0, 8));
             if (!s.mistaken) { // the flush
                 s.end(s.frame);
             }
             s.deviceRead(s.lines(s.frame, 0, 8));
             if (s.mistaken)
                 s.end(s.frame);
         },
         {{ViolationKind::DeviceReadDuringWrite, "frame", 0, 8, Order::CpuFirst, true}}},

        {"the CPU writes on through a pointer that it kept after its END",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 3));
             if (!s.mistaken)
                 s.cpuWrite(s.lines(s.frame, 3, 1));
             s.end(s.frame);
             if (s.mistaken)
                 s.cpuWrite(s.lines(s.frame, 3, 1));
             s.deviceRead(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::DeviceReadDirty, "frame", 3, 1, Order::CpuFirst, true}}},

        {"the camera gets a frame back that the CPU is still reading",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 0, 4));
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 4));
             if (!s.mistaken)
                 s.end(s.frame);
             s.deviceWrite(s.lines(s.frame, 0, 4));
             if (s.mistaken)
                 s.end(s.frame);
             s.read(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::DeviceWriteDuringAccess, "frame", 0, 4, Order::CpuFirst, true}}},

        {"the camera fills a frame that the CPU is still writing",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 2, 2), Access::Write);
             s.cpuWrite(s.lines(s.frame, 2, 2));
             if (!s.mistaken)
                 s.end(s.frame);
             s.deviceFill(s.lines(s.frame, 0, 8));
             s.read(s.lines(s.frame, 4, 4));
             if (s.mistaken)
                 s.end(s.frame);
         },
         {{ViolationKind::DeviceWriteDuringAccess, "frame", 2, 2, Order::CpuFirst, true}}},

        {"a filter works in place on a frame that the CPU has mapped all along",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 0, 2), Access::ReadWrite);
             s.cpuWrite(s.lines(s.frame, 0, 2));
             if (!s.mistaken)
                 s.end(s.frame);
             s.deviceInvert(s.lines(s.frame, 0, 2));
             if (!s.mistaken)
                 s.begin(s.lines(s.frame, 0, 2), Access::ReadWrite);
             s.cpuRead(s.lines(s.frame, 0, 2));
             s.end(s.frame);
         },
         {{ViolationKind::DeviceReadDuringWrite, "frame", 0, 2, Order::CpuFirst, true},
          {ViolationKind::DeviceWriteDuringAccess, "frame", 0, 2, Order::CpuFirst, true}}},

        {"a read goes on while a device that was started meanwhile fills the frame",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 4));
             if (!s.mistaken)
                 s.end(s.frame);
             s.start(Kind::Fill, s.lines(s.frame, 0, 4));
             s.finish();
             if (s.mistaken)
                 s.end(s.frame);
             s.read(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::DeviceWriteDuringAccess, "frame", 0, 4, Order::CpuFirst, true}}},

        {"a frame is written while a device's fence is pending, since the wait for it failed",
         [](Stage& s) {
             s.start(Kind::Fill, s.lines(s.frame, 0, 4));
             if (s.mistaken) {
                 EXPECT_EQ(s.block(s.frame).beginAccess(Access::Write).error().code, ETIMEDOUT);
                 s.cpuWrite(s.lines(s.frame, 0, 4));
             }
             s.finish();
             s.write(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::DeviceWriteOverDirty, "frame", 0, 4, Order::CpuFirst, false},
          {ViolationKind::WriteOutsideAccess, "frame", 0, 4, Order::CpuFirst, false}},
         ",wait=1"},

        {"a frame is drawn anew while the encoder's fence on the last one is pending",
         [](Stage& s) {
             s.write(s.lines(s.frame, 0, 4));
             s.start(Kind::Checksum, s.lines(s.frame, 0, 4));
             if (s.mistaken) {
                 EXPECT_EQ(s.block(s.frame).beginAccess(Access::Write).error().code, ETIMEDOUT);
                 s.cpuWrite(s.lines(s.frame, 0, 4));
             }
             s.finish();
             s.deviceRead(s.lines(s.frame, 4, 4));
         },
         {{ViolationKind::DeviceReadDirty, "frame", 0, 4, Order::CpuFirst, false}},
         ",wait=1"},
    };
}

} // namespace mediaheap::test
