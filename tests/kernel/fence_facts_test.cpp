// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the library takes for granted about the fences of DMA-BUFs. Runs on the real exporters in
// the virtual machine, and on their emulation everywhere else.
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "device_work.h"
#include "exporter_facts.h"
#include "kernel/files.h"
#include "kernel/kernel.h"
#include "sync/dmabuf_uapi.h"

namespace mediaheap::test {
namespace {

constexpr size_t size = 65536;
constexpr uint32_t reading = DMA_BUF_SYNC_READ;
constexpr uint32_t writing = DMA_BUF_SYNC_WRITE;
constexpr int longEnough = 9000; // ms; vgem's fences end by themselves after ten seconds

Kernel& kernel() { return exporterKernel(); }

class FenceFacts : public testing::TestWithParam<const char*> {
protected:
    int poll(short events, int limit = 0) { return kernel().poll(buffer.get(), events, limit); }

    int exportFence(uint32_t flags) {
        dma_buf_export_sync_file request{flags, -1};
        const int result = kernel().ioctl(buffer.get(), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &request);
        return result < 0 ? result : request.fd;
    }
    static int importFence(const UniqueFd& target, uint32_t flags, int fence) {
        dma_buf_import_sync_file request{flags, fence};
        return kernel().ioctl(target.get(), DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &request);
    }
    static int isDone(const UniqueFd& fence) { return kernel().poll(fence.get(), POLLIN, 0); }

    long count() const {
        const std::string path = "/proc/self/fdinfo/" + std::to_string(buffer.get());
        const std::string text = readSmallFile(kernel(), path).value();
        return std::stol(text.substr(text.find("count:") + 6));
    }

    UniqueFd buffer{newDmaBuf(GetParam(), size)};
};

INSTANTIATE_TEST_SUITE_P(Exporters, FenceFacts, testing::Values("udmabuf", "system"),
                         [](const auto& row) { return std::string(row.param); });

TEST_P(FenceFacts, PollFindsABufferWithoutFencesReady) {
    EXPECT_EQ(poll(POLLIN), POLLIN);
    EXPECT_EQ(poll(POLLOUT), POLLOUT);
    EXPECT_EQ(poll(POLLIN | POLLOUT), POLLIN | POLLOUT);
}

TEST_P(FenceFacts, PollForReadingWaitsForWritersAlone) {
    const auto work = beginWork(buffer.get(), Access::Read);
    EXPECT_EQ(poll(POLLIN), POLLIN);
    EXPECT_EQ(poll(POLLOUT), 0);
    work->finish();
    EXPECT_EQ(poll(POLLOUT), POLLOUT);
}

TEST_P(FenceFacts, PollOfEitherKindWaitsForWriters) {
    const auto work = beginWork(buffer.get(), Access::Write);
    EXPECT_EQ(poll(POLLIN), 0);
    EXPECT_EQ(poll(POLLOUT), 0);
    work->finish();
    EXPECT_EQ(poll(POLLIN), POLLIN);
    EXPECT_EQ(poll(POLLOUT), POLLOUT);
}

TEST_P(FenceFacts, PollWakesWhenTheDeviceIsDone) {
    const auto work = beginWork(buffer.get(), Access::Write);
    std::thread device([&] { work->finish(); });
    EXPECT_EQ(poll(POLLIN, longEnough), POLLIN);
    device.join();
}

TEST_P(FenceFacts, APollInVainHoldsAReferenceUntilTheDeviceIsDone) {
    const auto work = beginWork(buffer.get(), Access::Write);
    const long before = count();
    EXPECT_EQ(poll(POLLIN), 0);
    EXPECT_EQ(poll(POLLIN), 0);
    EXPECT_EQ(count(), before + 1);
    EXPECT_EQ(poll(POLLOUT), 0);
    EXPECT_EQ(count(), before + 2);
    work->finish();
    // The real kernel puts it off to a worker (fput() in a callback).
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (count() > before && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_EQ(count(), before);
}

TEST_P(FenceFacts, ExportsWhatAnAccessOfThatKindWaitsFor) {
    const auto work = beginWork(buffer.get(), Access::Read);
    const UniqueFd forReaders(exportFence(reading));
    const UniqueFd forWriters(exportFence(writing));
    EXPECT_EQ(isDone(forReaders), POLLIN);
    EXPECT_EQ(isDone(forWriters), 0);
    work->finish();
    EXPECT_EQ(isDone(forWriters), POLLIN);
}

TEST_P(FenceFacts, ExportsADoneFenceWhereNothingIsPending) {
    const UniqueFd fence(exportFence(writing));
    ASSERT_TRUE(fence.isValid());
    EXPECT_EQ(isDone(fence), POLLIN);
}

TEST_P(FenceFacts, ImportsAFenceOfAnotherBuffer) {
    const UniqueFd other(newDmaBuf(GetParam(), size));
    const auto work = beginWork(buffer.get(), Access::Write);
    const UniqueFd fence(exportFence(reading));
    EXPECT_EQ(importFence(other, reading, fence.get()), 0);
    EXPECT_EQ(kernel().poll(other.get(), POLLIN, 0), POLLIN);
    EXPECT_EQ(kernel().poll(other.get(), POLLOUT, 0), 0);
    EXPECT_EQ(importFence(other, writing, fence.get()), 0);
    EXPECT_EQ(kernel().poll(other.get(), POLLIN, 0), 0);
    work->finish();
    EXPECT_EQ(kernel().poll(other.get(), POLLIN, longEnough), POLLIN);
}

TEST_P(FenceFacts, RefusesOtherThanADirection) {
    EXPECT_EQ(exportFence(0), -EINVAL);
    EXPECT_EQ(exportFence(reading | DMA_BUF_SYNC_END), -EINVAL);
    const UniqueFd fence(exportFence(writing));
    EXPECT_EQ(importFence(buffer, 0, fence.get()), -EINVAL);
    EXPECT_EQ(importFence(buffer, writing | 1u << 7, fence.get()), -EINVAL);
}

TEST_P(FenceFacts, ImportsNothingThatIsNoSyncFile) {
    const UniqueFd event(kernel().eventFd());
    const UniqueFd memfd(kernel().memfdCreate("no fence", 0));
    EXPECT_EQ(importFence(buffer, writing, event.get()), -EINVAL);
    EXPECT_EQ(importFence(buffer, writing, memfd.get()), -EINVAL);
    EXPECT_EQ(importFence(buffer, writing, buffer.get()), -EINVAL);
    EXPECT_EQ(importFence(buffer, writing, -1), -EINVAL);
}

TEST_P(FenceFacts, StartWaitsForTheDevice) {
    const auto work = beginWork(buffer.get(), Access::Write);
    std::thread device([&] { work->finish(); });
    dma_buf_sync request{};
    request.flags = DMA_BUF_SYNC_START | reading;
    EXPECT_EQ(kernel().ioctl(buffer.get(), DMA_BUF_IOCTL_SYNC, &request), 0);
    EXPECT_EQ(poll(POLLIN), POLLIN);
    request.flags = DMA_BUF_SYNC_END | reading;
    EXPECT_EQ(kernel().ioctl(buffer.get(), DMA_BUF_IOCTL_SYNC, &request), 0);
    device.join();
}

TEST_P(FenceFacts, KnowsNoSyncOfParts) {
    DmabufRange range{};
    range.flags = DmabufRange::writeBack;
    EXPECT_EQ(kernel().ioctl(buffer.get(), DmabufRange::ioctl, &range), -ENOTTY);
}

} // namespace
} // namespace mediaheap::test
