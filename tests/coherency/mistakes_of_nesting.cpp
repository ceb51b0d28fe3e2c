// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Accesses within and beside accesses.
#include <cerrno>
#include <linux/dma-buf.h>

#include <gtest/gtest.h>

#include "mistakes.h"

namespace mediaheap::test {

using simulated::ViolationKind;
using Order = Finding::Order;

std::vector<Mistake> mistakesOfNesting() {
    return {
        {"an access is ended twice, and so is the one around it",
         [](Stage& s) {
             s.begin(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 1));
             s.begin(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 1, 1));
             s.end(s.frame);
             if (s.mistaken)
                 s.end(s.frame);
             s.cpuWrite(s.lines(s.frame, 2, 2));
             EXPECT_EQ(s.block(s.frame).endAccess().ok(), !s.mistaken);
             s.deviceRead(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::DeviceReadDirty, "frame", 2, 2, Order::CpuFirst, false}}},

        {"the END of an inner access is taken for that of the outer one",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 4));
             s.begin(s.lines(s.frame, 1, 1), Access::Write);
             s.cpuWrite(s.lines(s.frame, 1, 1));
             s.end(s.frame);
             if (!s.mistaken)
                 s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 4));
             if (s.mistaken)
                 s.end(s.frame);
         },
         {{ViolationKind::DeviceReadDuringWrite, "frame", 0, 4, Order::CpuFirst, true}}},

        {"a reader goes on to write without an access for writing of its own",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 0, 4));
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 4));
             if (!s.mistaken)
                 s.begin(s.lines(s.frame, 2, 1), Access::Write);
             s.cpuWrite(s.bytes(s.frame, 2 * Stage::line, 32));
             if (!s.mistaken)
                 s.end(s.frame);
             s.end(s.frame);
         },
         {{ViolationKind::WriteInReadAccess, "frame", 2, 1, Order::NoDevice, true}}},

        {"a thread ends another's access along with its own",
         [](Stage& s) {
             s.begin(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 1));
             s.elsewhere([&s] {
                 s.begin(s.lines(s.frame, 2, 2), Access::Write);
                 s.cpuWrite(s.lines(s.frame, 2, 2));
                 s.end(s.frame);
                 if (s.mistaken)
                     s.end(s.frame);
             });
             s.cpuWrite(s.lines(s.frame, 1, 1));
             EXPECT_EQ(s.block(s.frame).endAccess().ok(), !s.mistaken);
             s.deviceRead(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::DeviceReadDirty, "frame", 1, 1, Order::CpuFirst, false}}},

        {"a thread hands the frame on while another still writes",
         [](Stage& s) {
             s.elsewhere([&s] {
                 s.beginAsOffender(s.lines(s.frame, 2, 2), Access::Write);
                 s.cpuWrite(s.lines(s.frame, 2, 2));
                 if (!s.mistaken)
                     s.end(s.frame);
             });
             s.begin(s.lines(s.frame, 0, 2), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 2));
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 2, 2));
             if (s.mistaken)
                 s.end(s.frame);
         },
         {{ViolationKind::DeviceReadDuringWrite, "frame", 2, 2, Order::CpuFirst, true}}},

        {"what a writer left in the cache is not written back before it goes on to read",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 0, 2));
             s.beginAsOffender(s.lines(s.frame, 0, 2), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 2));
             if (s.mistaken)
                 s.kernel.drop(1);
             s.begin(s.lines(s.frame, 0, 2), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 2));
             s.end(s.frame);
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 2));
         },
         {{ViolationKind::StartReadOverDirty, "frame", 0, 2, Order::NoDevice, true}}},

        {"what a writer left in the cache is lost to a read, since its END was missing",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 0, 2), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 2));
             if (s.mistaken)
                 s.kernel.drop(1);
             s.end(s.frame);
             s.read(s.lines(s.frame, 0, 2));
         },
         {{ViolationKind::StartReadOverDirty, "frame", 0, 2, Order::NoDevice, true}}},

        {"a reader whose START is missing goes on to write with a right one",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 0, 4));
             if (s.mistaken)
                 s.kernel.drop(1);
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 4));
             s.begin(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.bytes(s.frame, 0, 16));
             s.end(s.frame);
             s.end(s.frame);
         },
         {{ViolationKind::StaleRead, "frame", 0, 4, Order::DeviceFirst, true}}},

        {"a reader whose START was for writing goes on to write with a right one",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 1, 2));
             if (s.mistaken)
                 s.kernel.turn(1, DMA_BUF_SYNC_WRITE);
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 4));
             s.begin(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.bytes(s.frame, 0, 16));
             s.end(s.frame);
             s.end(s.frame);
         },
         {{ViolationKind::StaleRead, "frame", 1, 2, Order::DeviceFirst, true}}},

        {"memory goes back to the heap, and its old owner still writes",
         [](Stage& s) {
             auto* const stale = static_cast<uint8_t*>(s.block(s.frame).data());
             const size_t size = s.block(s.frame).size();
             s.write(s.lines(s.frame, 0, 2));
             s.free(s.frame);
             const size_t next = s.allocate(size, "next");
             ASSERT_EQ(s.block(next).data(), stale) << "it was recycled";
             if (s.mistaken)
                 stale[5 * Stage::line] = 0xee;
             s.deviceRead(s.lines(next, 0, 8));
         },
         {{ViolationKind::DeviceReadDirty, "next", 5, 1, Order::CpuFirst, false}}},
    };
}

} // namespace mediaheap::test
