// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a DMA-BUF is asked for its fences, and what that costs.
#include "sync/dmabuf_side.h"

#include <cerrno>
#include <functional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../kernel/exporter_facts.h"
#include "fake_kernel.h"
#include "fault_kernel.h"
#include "must.h"
#include "sync/dmabuf_uapi.h"

namespace mediaheap {
namespace {

using std::chrono::milliseconds;
using test::Call;
using test::FakeFence;
using test::FakeKernel;
using test::must;
using testing::ElementsAre;

constexpr milliseconds look{0};
constexpr milliseconds forEver{INT32_MAX};

/// Writes down what is asked, in order; may interrupt polls, or do something at one.
class AskedKernel : public test::FaultKernel {
public:
    using FaultKernel::FaultKernel;

    int poll(int fd, short events, int limit) override {
        asked.push_back(fd == buffer ? (events == POLLIN ? "poll for writers" : "poll for all")
                                     : "poll a fence");
        limits.push_back(limit);
        if (interruptions > 0) {
            --interruptions;
            return -EINTR;
        }
        const int came = FaultKernel::poll(fd, events, limit);
        if (atPoll)
            atPoll();
        return came;
    }

    int ioctl(int fd, unsigned long request, void* argument) override {
        if (request == DMA_BUF_IOCTL_EXPORT_SYNC_FILE)
            asked.push_back("export");
        return FaultKernel::ioctl(fd, request, argument);
    }

    int buffer = -1;
    unsigned interruptions = 0;
    std::function<void()> atPoll;
    std::vector<std::string> asked;
    std::vector<int> limits;
};

class DmabufSideTest : public testing::Test {
protected:
    DmabufSideTest() { kernel.buffer = buffer.get(); }
    ~DmabufSideTest() override { fake.knowsSyncFiles = true; }

    std::shared_ptr<FakeFence> begin(Access access) { return fake.beginWork(buffer.get(), access); }

    FakeKernel& fake = static_cast<FakeKernel&>(test::exporterKernel());
    const UniqueFd buffer{test::newDmaBuf("udmabuf", 65536)};
    AskedKernel kernel{fake};
    DmabufSide side{kernel, buffer.get(), 65536};
};

TEST_F(DmabufSideTest, AsksOnceWhereNothingIsPending) {
    EXPECT_TRUE(must(side.waitUntilIdle(Access::Read, forEver)));
    EXPECT_TRUE(must(side.waitUntilIdle(Access::Write, forEver)));
    EXPECT_TRUE(must(side.waitUntilIdle(Access::ReadWrite, forEver)));
    EXPECT_THAT(kernel.asked, ElementsAre("poll for writers", "poll for all", "poll for all"));
    EXPECT_THAT(kernel.limits, ElementsAre(0, 0, 0));
}

TEST_F(DmabufSideTest, LooksOnceWhereNobodyIsToWait) {
    const auto work = begin(Access::Write);
    EXPECT_FALSE(must(side.waitUntilIdle(Access::Read, look)));
    EXPECT_THAT(kernel.asked, ElementsAre("poll for writers"));
    fake.finishWork(work);
}

TEST_F(DmabufSideTest, WaitsForAFenceThatItExports) {
    const auto work = begin(Access::Write);
    std::thread device([&] { fake.finishWork(work); });
    EXPECT_TRUE(must(side.waitUntilIdle(Access::Read, forEver)));
    EXPECT_TRUE(work->done);
    device.join();
}

TEST_F(DmabufSideTest, GivesUpInTime) {
    const auto work = begin(Access::Read);
    EXPECT_TRUE(must(side.waitUntilIdle(Access::Read, look)));
    kernel.asked.clear();
    EXPECT_FALSE(must(side.waitUntilIdle(Access::Write, milliseconds(5))));
    EXPECT_THAT(kernel.asked, ElementsAre("poll for all", "export", "poll a fence"));
    fake.finishWork(work);
}

TEST_F(DmabufSideTest, WaitsForWhatComesWhileItWaits) {
    // START would wait for it as well, without a deadline.
    const auto first = begin(Access::Write);
    std::shared_ptr<FakeFence> second;
    kernel.atPoll = [&] {
        if (!second) {
            second = begin(Access::Write);
            fake.finishWork(first);
        }
    };
    EXPECT_FALSE(must(side.waitUntilIdle(Access::Read, milliseconds(5))));
    fake.finishWork(second);
    EXPECT_TRUE(must(side.waitUntilIdle(Access::Read, look)));
}

TEST_F(DmabufSideTest, GoesOnAfterASignalWithWhatIsLeft) {
    const auto work = begin(Access::Write);
    kernel.interruptions = 3;
    EXPECT_FALSE(must(side.waitUntilIdle(Access::Read, milliseconds(20))));
    EXPECT_THAT(kernel.asked,
                ElementsAre("poll for writers", "poll for writers", "poll for writers",
                            "poll for writers", "export", "poll a fence"));
    kernel.asked.clear();
    kernel.limits.clear();
    kernel.atPoll = [&] { kernel.interruptions = kernel.asked.size() == 1 ? 2 : 0; };
    EXPECT_FALSE(must(side.waitUntilIdle(Access::Read, milliseconds(20))));
    ASSERT_EQ(kernel.limits.size(), 4u);
    EXPECT_LE(kernel.limits[1], 20);
    EXPECT_LE(kernel.limits[2], kernel.limits[1]);
    EXPECT_LE(kernel.limits[3], kernel.limits[2]);
    fake.finishWork(work);
}

// ---- Kernels that cannot export.

TEST_F(DmabufSideTest, PollsTheBufferWhereTheKernelCannotExportAndAsksForThatOnce) {
    fake.knowsSyncFiles = false;
    const auto abilities = std::make_shared<DmabufAbilities>();
    DmabufSide old(kernel, buffer.get(), 65536, abilities);
    DmabufSide sibling(kernel, buffer.get(), 65536, abilities);
    const auto work = begin(Access::Write);
    EXPECT_FALSE(must(old.waitUntilIdle(Access::Read, milliseconds(5))));
    EXPECT_THAT(kernel.asked, ElementsAre("poll for writers", "export", "poll for writers"));
    kernel.asked.clear();
    EXPECT_FALSE(must(sibling.waitUntilIdle(Access::Read, milliseconds(5))));
    EXPECT_THAT(kernel.asked, ElementsAre("poll for writers", "poll for writers"));
    std::thread device([&] { fake.finishWork(work); });
    EXPECT_TRUE(must(old.waitUntilIdle(Access::Write, forEver)));
    device.join();
}

TEST_F(DmabufSideTest, PollsTheBufferWhereNoDescriptorIsLeftAndTriesAgainNextTime) {
    const auto work = begin(Access::Write);
    kernel.failNth(2, EMFILE);
    EXPECT_FALSE(must(side.waitUntilIdle(Access::Read, milliseconds(5))));
    EXPECT_THAT(kernel.asked, ElementsAre("poll for writers", "export", "poll for writers"));
    kernel.asked.clear();
    EXPECT_FALSE(must(side.waitUntilIdle(Access::Read, milliseconds(5))));
    EXPECT_THAT(kernel.asked, ElementsAre("poll for writers", "export", "poll a fence"));
    fake.finishWork(work);
}

TEST_F(DmabufSideTest, SaysThatNoDescriptorIsLeftForAnExport) {
    kernel.failNth(1, EMFILE);
    const Result<UniqueFd> exported = side.exportFence(Access::Read);
    ASSERT_FALSE(exported.ok());
    EXPECT_EQ(exported.error().code, EMFILE);
    EXPECT_THAT(exported.error().remedy, testing::HasSubstr("ulimit -n"));
    EXPECT_TRUE(side.exportFence(Access::Read).ok());
}

TEST_F(DmabufSideTest, HandsAnImportedFenceToTheKernelWhereItKeepsThem) {
    std::shared_ptr<FakeFence> work;
    must(side.importFence(fake.newSyncFile(work), Access::Write));
    const DmabufSide other(kernel, buffer.get(), 65536);
    DmabufSide another(kernel, buffer.get(), 65536);
    EXPECT_FALSE(must(another.waitUntilIdle(Access::Read, look))) << "everybody sees it";
    fake.finishWork(work);
    EXPECT_TRUE(must(another.waitUntilIdle(Access::Read, look)));
}

} // namespace
} // namespace mediaheap
