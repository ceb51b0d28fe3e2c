// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What programs of ArtInChip's count on.
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/simulated/device.h>

#include "aic_test.h"

namespace mediaheap::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int size = 64 * 1024;

class AicBehaviour : public AicTest {};

TEST_F(AicBehaviour, TakesTheHeapThatTheEnvironmentNames) {
    fake.addUdmabuf();
    use("udmabuf,size=1M");
    const int heap = dmabuf_device_open();
    const int buffer = dmabuf_alloc(heap, size);
    EXPECT_TRUE(fake.isDmaBuf(buffer));
    EXPECT_EQ(::fcntl(buffer, F_GETFD), FD_CLOEXEC);
    dmabuf_free(buffer);
    dmabuf_device_close(heap);
}

TEST_F(AicBehaviour, SaysWhyItCannotOpen) {
    use("udmabuf");
    EXPECT_EQ(dmabuf_device_open(), -1);
    EXPECT_EQ(errno, ENOENT);
    EXPECT_THAT(log.text(), AllOf(HasSubstr("dmabuf_device_open: "), HasSubstr("/dev/udmabuf")));
}

TEST_F(AicBehaviour, RefusesHeapsThatItCannotWorkOn) {
    fake.addMmz("anonymous", 1 << 20);
    use("mmz,size=1M");
    EXPECT_EQ(dmabuf_device_open(), -1);
    EXPECT_EQ(errno, EOPNOTSUPP);
    use("memfd,size=1M,sanitize=1");
    EXPECT_EQ(dmabuf_device_open(), -1);
    EXPECT_EQ(errno, EOPNOTSUPP);
    EXPECT_THAT(log.text(), AllOf(HasSubstr("no descriptors"), HasSubstr("sanitize")));
}

TEST_F(AicBehaviour, SharesAHeapThatTheProcessHasOpenWithACache) {
    use("memfd,size=1M,zone=z");
    const auto ours = open("memfd,size=1M,cache=64K,zone=z");
    const int heap = dmabuf_device_open();
    EXPECT_GE(heap, 0) << log.text();
    dmabuf_device_close(heap);
}

TEST_F(AicBehaviour, KeepsBuffersWhenTheHeapIsClosed) {
    const int heap = dmabuf_device_open();
    const int buffer = dmabuf_alloc(heap, size);
    dmabuf_device_close(heap);
    unsigned char* const data = dmabuf_mmap(buffer, size);
    ASSERT_NE(data, nullptr);
    std::memset(data, 1, size);
    dmabuf_munmap(data, size);
    dmabuf_free(buffer);
}

TEST_F(AicBehaviour, KeepsAMappingWhenTheBufferIsFreed) {
    const int heap = dmabuf_device_open();
    const int buffer = dmabuf_alloc(heap, size);
    unsigned char* const data = dmabuf_mmap(buffer, size);
    ASSERT_NE(data, nullptr);
    dmabuf_free(buffer);
    std::memset(data, 7, size);
    EXPECT_EQ(data[size - 1], 7);
    dmabuf_munmap(data, size);
    dmabuf_device_close(heap);
}

TEST_F(AicBehaviour, GivesBackWhatWasClosedWithoutItsKnowledge) {
    fake.addUdmabuf();
    use("udmabuf,size=64K");
    const int heap = dmabuf_device_open();
    const int buffer = dmabuf_alloc(heap, size);
    ASSERT_GE(buffer, 0);
    EXPECT_EQ(dmabuf_alloc(heap, 4096), -1) << "that was all of it";
    ::close(buffer);
    const int again = dmabuf_alloc(heap, size);
    EXPECT_GE(again, 0) << log.text();
    dmabuf_free(again);
    dmabuf_device_close(heap);
}

TEST_F(AicBehaviour, LeavesMemoryToWhoStillHasIt) {
    fake.addUdmabuf();
    use("udmabuf,size=64K");
    const int heap = dmabuf_device_open();
    const int buffer = dmabuf_alloc(heap, size);
    const int duplicate = ::dup(buffer);
    dmabuf_free(buffer);
    EXPECT_EQ(dmabuf_alloc(heap, 4096), -1) << "a decoder could hold it like this";
    ::close(duplicate);
    const int again = dmabuf_alloc(heap, size);
    EXPECT_GE(again, 0);
    dmabuf_free(again);
    dmabuf_device_close(heap);
}

TEST_F(AicBehaviour, IsDestroyedUntilItIsOpenedAnew) {
    const int heap = dmabuf_device_open();
    const int first = dmabuf_alloc(heap, size);
    const int second = dmabuf_alloc(heap, size);
    EXPECT_EQ(errorOf([&] { dmabuf_device_destroy(heap); }), EBUSY);
    EXPECT_THAT(log.text(), HasSubstr("2 blocks are still allocated"));
    dmabuf_free(first);
    dmabuf_free(second);
    EXPECT_EQ(errorOf([&] { dmabuf_device_destroy(heap); }), 0);
    EXPECT_EQ(dmabuf_alloc(heap, size), -1);
    EXPECT_EQ(errno, ENODEV);
    EXPECT_THAT(log.text(), HasSubstr("open it anew"));
    const int anew = dmabuf_device_open();
    const int buffer = dmabuf_alloc(anew, size);
    EXPECT_GE(buffer, 0);
    dmabuf_free(buffer);
    dmabuf_device_close(anew);
    dmabuf_device_close(heap);
}

TEST_F(AicBehaviour, IsDestroyedOnTheNodeUntilReboot) {
    fake.addDmaHeap("mpp");
    fake.knowsDestroy = true;
    use("mpp,size=1M");
    const int heap = dmabuf_device_open();
    dmabuf_free(dmabuf_alloc(heap, size));
    EXPECT_EQ(errorOf([&] { dmabuf_device_destroy(heap); }), 0) << "nothing freed was kept";
    EXPECT_EQ(dmabuf_alloc(heap, size), -1);
    EXPECT_EQ(errno, ENODEV);
    EXPECT_THAT(log.text(), HasSubstr("reboot"));
    EXPECT_EQ(dmabuf_device_open(), -1);
    EXPECT_EQ(errno, ENODEV);
    dmabuf_device_close(heap);
}

TEST_F(AicBehaviour, SyncsPartsWhereTheKernelCan) {
    fake.addDmaHeap("mpp");
    fake.knowsSyncRange = true;
    use("mpp,size=1M");
    const int heap = dmabuf_device_open();
    const int buffer = dmabuf_alloc(heap, size);
    unsigned char* const data = dmabuf_mmap(buffer, size);
    fake.forgetSyncCalls();
    EXPECT_EQ(dmabuf_sync_range(buffer, data + 4100, 10, CACHE_CLEAN), 0);
    ASSERT_EQ(fake.syncCalls().size(), 1u);
    EXPECT_TRUE(fake.syncCalls()[0].isPart);
    EXPECT_EQ(fake.syncCalls()[0].offset, 4096u);
    EXPECT_EQ(fake.syncCalls()[0].size, 64u);
    EXPECT_EQ(fake.syncCalls()[0].flags, 1u) << "write back";
    dmabuf_munmap(data, size);
    dmabuf_free(buffer);
    dmabuf_device_close(heap);
}

TEST_F(AicBehaviour, PassesOnWhatTheExporterAnswers) {
    fake.addUdmabuf();
    use("udmabuf,size=1M");
    const int heap = dmabuf_device_open();
    const int buffer = dmabuf_alloc(heap, size);
    fake.failSync(4, EIO);
    EXPECT_EQ(dmabuf_sync(buffer, CACHE_CLEAN), -1);
    EXPECT_EQ(errno, EIO);
    EXPECT_EQ(dmabuf_sync(buffer, CACHE_CLEAN), 0) << "though no START came before";
    dmabuf_free(buffer);
    dmabuf_device_close(heap);
}

// ---- On caches that are not coherent.

class AicRehearsal : public AicTest {
protected:
    AicRehearsal() {
        use("simulated,size=1M");
        heap = dmabuf_device_open();
        buffer = dmabuf_alloc(heap, size);
        data = dmabuf_mmap(buffer, size);
    }
    ~AicRehearsal() override {
        dmabuf_munmap(data, size);
        dmabuf_free(buffer);
        dmabuf_device_close(heap);
    }

    uint8_t seenAt(uint64_t offset) {
        uint8_t byte = 0;
        must(device.read(buffer, offset, &byte, 1));
        return byte;
    }

    simulated::Device device{"engine"};
    int heap = -1;
    int buffer = -1;
    unsigned char* data = nullptr;
};

TEST_F(AicRehearsal, ShowsTheDeviceWhatWasCleaned) {
    for (uint8_t value = 1; value < 5; ++value) { // and again, without any START between
        std::memset(data, value, size);
        EXPECT_EQ(dmabuf_sync(buffer, CACHE_CLEAN), 0);
        EXPECT_EQ(seenAt(size - 1), value);
    }
    EXPECT_EQ(log.text(), "") << "a program that is right is left alone";
}

TEST_F(AicRehearsal, ShowsTheCpuWhatWasInvalidated) {
    for (uint8_t value = 1; value < 5; ++value) {
        must(device.fill(buffer, 0, size, value));
        EXPECT_EQ(dmabuf_sync(buffer, CACHE_INVALID), 0);
        EXPECT_EQ(data[size - 1], value);
    }
    EXPECT_EQ(log.text(), "");
}

TEST_F(AicRehearsal, MaintainsNoMoreThanTheLinesOfAPart) {
    std::memset(data, 9, size);
    EXPECT_EQ(dmabuf_sync_range(buffer, data + 4096, 100, CACHE_CLEAN), 0);
    EXPECT_EQ(seenAt(4096 + 127), 9);
    EXPECT_EQ(log.text(), "");
    seenAt(4096 + 128);
    EXPECT_THAT(log.text(), HasSubstr("engine")) << "the rest is in the caches yet";
}

TEST_F(AicRehearsal, FindsTheSyncThatIsMissing) {
    std::memset(data, 9, size);
    seenAt(0);
    EXPECT_THAT(log.text(), HasSubstr("engine"));
}

} // namespace
} // namespace mediaheap::test
