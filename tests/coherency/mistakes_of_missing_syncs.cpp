// SPDX-License-Identifier: LGPL-2.1-or-later
//
// No sync at all, or one in the wrong direction.
#include <linux/dma-buf.h>

#include "mistakes.h"

namespace mediaheap::test {

using simulated::ViolationKind;
using Order = Finding::Order;

std::vector<Mistake> mistakesOfMissingSyncs() {
    return {
        {"a frame from the camera is read though its START is missing",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 0, 4));
             if (s.mistaken)
                 s.kernel.drop(1);
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 4));
             s.end(s.frame);
         },
         {{ViolationKind::StaleRead, "frame", 0, 4, Order::DeviceFirst, true}}},

        {"a frame from the camera is read after a START for writing",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 2, 3));
             if (s.mistaken)
                 s.kernel.turn(1, DMA_BUF_SYNC_WRITE);
             s.beginAsOffender(s.lines(s.frame, 0, 8), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 8));
             s.end(s.frame);
         },
         {{ViolationKind::StaleRead, "frame", 2, 3, Order::DeviceFirst, true}}},

        {"a frame that a device has copied is read though its START is missing",
         [](Stage& s) {
             s.write(s.lines(s.frame, 0, 6));
             s.deviceCopy(s.lines(s.frame, 0, 6), s.lines(s.result, 4, 6));
             if (s.mistaken)
                 s.kernel.drop(1);
             s.beginAsOffender(s.lines(s.result, 4, 6), Access::Read);
             s.cpuRead(s.lines(s.result, 4, 6));
             s.end(s.result);
         },
         {{ViolationKind::StaleRead, "result", 4, 6, Order::DeviceFirst, true}}},

        {"a frame that was just read is read again after the camera's next, as if still fetched",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 0, 4));
             s.read(s.lines(s.frame, 0, 4));
             s.deviceWrite(s.lines(s.frame, 0, 4));
             if (s.mistaken)
                 s.kernel.drop(1);
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Read);
             s.cpuRead(s.lines(s.frame, 0, 4));
             s.end(s.frame);
         },
         {{ViolationKind::StaleRead, "frame", 0, 4, Order::DeviceFirst, true}}},

        {"a drawn frame goes to the encoder though its END is missing",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 4));
             if (s.mistaken)
                 s.kernel.drop(1);
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::DeviceReadDuringWrite, "frame", 0, 4, Order::CpuFirst, true}}},

        {"a drawn frame goes to the encoder after an END for reading",
         [](Stage& s) {
             s.beginAsOffender(s.lines(s.frame, 0, 4), Access::Write);
             s.cpuWrite(s.lines(s.frame, 0, 4));
             if (s.mistaken)
                 s.kernel.turn(1, DMA_BUF_SYNC_READ);
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::WriteInReadAccess, "frame", 0, 4, Order::NoDevice, true},
          {ViolationKind::DeviceReadDirty, "frame", 0, 4, Order::CpuFirst, true}}},

        {"a frame is drawn without any access and goes to the encoder",
         [](Stage& s) {
             if (s.mistaken)
                 s.cpuWrite(s.lines(s.frame, 1, 2));
             else
                 s.write(s.lines(s.frame, 1, 2));
             s.deviceRead(s.lines(s.frame, 0, 8));
         },
         {{ViolationKind::DeviceReadDirty, "frame", 1, 2, Order::CpuFirst, false}}},

        {"a frame is drawn without any access and read by the CPU",
         [](Stage& s) {
             if (s.mistaken)
                 s.cpuWrite(s.lines(s.frame, 1, 2));
             else
                 s.write(s.lines(s.frame, 1, 2));
             s.read(s.lines(s.frame, 0, 8));
         },
         {{ViolationKind::WriteOutsideAccess, "frame", 1, 2, Order::NoDevice, false}}},

        {"a frame is cleared without any access before the camera fills it",
         [](Stage& s) {
             if (s.mistaken)
                 s.cpuWrite(s.lines(s.frame, 0, 4));
             else
                 s.write(s.lines(s.frame, 0, 4));
             s.deviceFill(s.lines(s.frame, 0, 4));
             s.read(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::DeviceWriteOverDirty, "frame", 0, 4, Order::CpuFirst, false},
          {ViolationKind::WriteOutsideAccess, "frame", 0, 4, Order::CpuFirst, false}}},

        {"the source of a device's copy was written without any access",
         [](Stage& s) {
             if (s.mistaken)
                 s.cpuWrite(s.lines(s.frame, 3, 1));
             else
                 s.write(s.lines(s.frame, 3, 1));
             s.deviceCopy(s.lines(s.frame, 0, 8), s.lines(s.result, 0, 8));
             s.read(s.lines(s.result, 0, 8));
         },
         {{ViolationKind::DeviceReadDirty, "frame", 3, 1, Order::CpuFirst, false}}},

        {"memory is taken for uncached and written as it comes",
         [](Stage& s) {
             const size_t table =
                 s.allocate(s.block(s.frame).size(), "table", /*cached=*/s.mistaken);
             s.cpuWrite(s.bytes(table, 0, 16));
             s.deviceRead(s.bytes(table, 0, 16));
         },
         {{ViolationKind::DeviceReadDirty, "table", 0, 1, Order::CpuFirst, false}}},

        {"a frame is changed by a CPU that said it would only read",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 0, 4));
             s.beginAsOffender(s.lines(s.frame, 0, 4),
                               s.mistaken ? Access::Read : Access::ReadWrite);
             s.cpuRead(s.lines(s.frame, 0, 4));
             s.cpuWrite(s.bytes(s.frame, Stage::line + 16, 16));
             s.end(s.frame);
         },
         {{ViolationKind::WriteInReadAccess, "frame", 1, 1, Order::NoDevice, true}}},

        {"a logo is drawn into the camera's frame by a CPU that said it would only write",
         [](Stage& s) {
             s.deviceWrite(s.lines(s.frame, 0, 4));
             s.beginAsOffender(s.lines(s.frame, 0, 4),
                               s.mistaken ? Access::Write : Access::ReadWrite);
             for (uint64_t row = 0; row < 4; ++row)
                 s.cpuWrite(s.bytes(s.frame, row * Stage::line, 16));
             s.end(s.frame);
             s.deviceRead(s.lines(s.frame, 0, 4));
         },
         {{ViolationKind::WriteBackOverDeviceWrite, "frame", 0, 4, Order::DeviceFirst, true}}},
    };
}

} // namespace mediaheap::test
