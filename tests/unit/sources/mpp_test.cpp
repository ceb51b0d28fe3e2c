// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The source of ArtInChip's MPP heap by itself.
#include <cerrno>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_kernel.h"
#include "fault_kernel.h"
#include "leak_check.h"
#include "must.h"
#include "sources/mpp.h"

namespace mediaheap {
namespace {

using test::Call;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

class MppTest : public testing::Test {
protected:
    ~MppTest() override {
        EXPECT_EQ(fake.liveBuffers(), 0u);
        EXPECT_EQ(leaks_.difference(), "");
    }

    Result<std::unique_ptr<Source>> tryToOpen(const std::string& name = {}) {
        SourceOptions options;
        options.name = name;
        options.size = 1 << 20;
        return MppSource::open(faults, options);
    }
    std::unique_ptr<Source> open(const std::string& name = {}) { return must(tryToOpen(name)); }

    /// Which heap a source's memory is of: what the kernel shows as its exporter.
    std::string exporterOf(Source& source) {
        const SourceMemory memory = must(source.create(0, page, {}));
        const UniqueFd info(
            faults.open(("/proc/self/fdinfo/" + std::to_string(memory.fd.get())).c_str(), 0));
        char text[512] = {};
        EXPECT_GT(faults.read(info.get(), text, sizeof text - 1), 0);
        const std::string whole = text;
        const size_t at = whole.find("exp_name:");
        return at == std::string::npos ? "none"
                                       : whole.substr(at + 10, whole.find('\n', at) - at - 10);
    }

private:
    const test::LeakCheck leaks_;

protected:
    test::FakeKernel fake;
    test::FaultKernel faults{fake};
    const size_t page = fake.pageSize();
};

TEST_F(MppTest, MakesContiguousDmaBufsThatNobodyHasCleared) {
    fake.addDmaHeap("mpp");
    const auto source = open();
    EXPECT_TRUE(source->traits().dmabuf);
    EXPECT_TRUE(source->traits().contiguous);
    EXPECT_TRUE(source->traits().descriptors);
    EXPECT_FALSE(source->traits().places);
    EXPECT_FALSE(source->isFresh(0, page));
    EXPECT_TRUE(fake.isDmaBuf(must(source->create(0, 3 * page, {})).fd.get()));
}

TEST_F(MppTest, LooksForItsNodesInTheirOrder) {
    fake.addDmaHeap("reserved");
    EXPECT_EQ(exporterOf(*open()), "reserved");
    fake.addHeapNode("/dev/dmabuf/mpp");
    EXPECT_EQ(exporterOf(*open()), "mpp");
    fake.addDmaHeap("mpp", {{}, EACCES});
    EXPECT_EQ(tryToOpen().error().code, EACCES) << "a node that is there is not passed over";
}

TEST_F(MppTest, TakesTheNodeThatIsNamed) {
    fake.addDmaHeap("mpp");
    fake.addDmaHeap("reserved");
    fake.addHeapNode("/dev/dmabuf/other");
    EXPECT_EQ(exporterOf(*open("reserved")), "reserved");
    EXPECT_EQ(exporterOf(*open("dmabuf/other")), "other");
    EXPECT_THAT(tryToOpen("dmabuf/none").error().message(), HasSubstr("/dev/dmabuf/none"));
}

TEST_F(MppTest, NamesEveryNodeWhereThereIsNone) {
    const Error error = tryToOpen().error();
    EXPECT_EQ(error.code, ENOENT);
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("/dev/dma_heap/mpp"), HasSubstr("/dev/dmabuf/mpp"),
                      HasSubstr("/dev/dma_heap/reserved"), HasSubstr("no such device node")));
}

TEST_F(MppTest, TellsPhysicalAddressesWhereTheKernelDoes) {
    fake.addDmaHeap("mpp");
    EXPECT_FALSE(open()->traits().physical);
    EXPECT_EQ(must(open()->create(0, page, {})).address, std::nullopt);
    fake.knowsPhysical = true;
    const auto source = open();
    EXPECT_TRUE(source->traits().physical);
    const SourceMemory first = must(source->create(0, 2 * page, {}));
    const SourceMemory second = must(source->create(0, page, {}));
    EXPECT_EQ(first.address, 0x40000000u);
    EXPECT_EQ(second.address, 0x40000000u + 2 * page);
}

TEST_F(MppTest, FailsWhereAnAddressIsMissingThatThereShouldBe) {
    fake.addDmaHeap("mpp");
    fake.knowsPhysical = true;
    const auto source = open();
    fake.knowsPhysical = false;
    EXPECT_EQ(source->create(0, page, {}).error().code, EIO);
}

TEST_F(MppTest, SaysThatTheHeapIsFullAndShared) {
    fake.addDmaHeap("mpp");
    const auto source = open();
    fake.dmaHeapMemory = 0;
    const Error error = source->create(0, page, {}).error();
    EXPECT_EQ(error.code, ENOMEM);
    EXPECT_THAT(error.message(), HasSubstr("all processes share it"));
    EXPECT_EQ(tryToOpen().error().code, ENOMEM) << "a full heap is no use, and says so at once";
}

TEST_F(MppTest, IsDestroyedForGoodWhereTheKernelCan) {
    fake.addDmaHeap("mpp");
    fake.knowsDestroy = true;
    const auto source = open();
    {
        const SourceMemory memory = must(source->create(0, page, {}));
        EXPECT_EQ(source->destroy().error().code, EBUSY);
    }
    EXPECT_TRUE(must(source->destroy()));
}

TEST_F(MppTest, RefusesAllMemoryAfterIt) {
    fake.addDmaHeap("mpp");
    fake.knowsDestroy = true;
    const auto source = open();
    const auto other = open();
    EXPECT_TRUE(must(source->destroy()));
    EXPECT_TRUE(must(other->destroy())) << "as the other wanted";
    const Error error = other->create(0, page, {}).error();
    EXPECT_EQ(error.code, ENODEV);
    EXPECT_THAT(error.message(), HasSubstr("reboot"));
    EXPECT_EQ(tryToOpen().error().code, ENODEV);
}

TEST_F(MppTest, IsOnlyClosedWhereTheKernelCannotDestroyIt) {
    fake.addDmaHeap("reserved");
    EXPECT_FALSE(must(open()->destroy()));
    EXPECT_TRUE(tryToOpen().ok());
}

TEST_F(MppTest, PassesOnWhatDestroyingAnswers) {
    fake.addDmaHeap("mpp");
    const auto source = open();
    faults.failNth(1, EIO);
    const Error error = source->destroy().error();
    EXPECT_EQ(error.code, EIO);
    EXPECT_THAT(error.step, HasSubstr("/dev/dma_heap/mpp"));
}

TEST_F(MppTest, LeavesNothingBehindWhateverFails) {
    fake.addDmaHeap("mpp");
    fake.knowsPhysical = true;
    uint64_t ordinal = 1;
    for (;; ++ordinal) {
        faults.failNth(ordinal, EMFILE);
        const auto source = tryToOpen();
        if (faults.fired().empty())
            break;
        EXPECT_FALSE(source.ok() && source.value()->traits().physical) << faults.fired();
    }
    EXPECT_GT(ordinal, 3u);
    faults.clearFaults();
}

TEST_F(MppTest, RefusesToPrefault) {
    fake.addDmaHeap("mpp");
    SourceOptions options;
    options.prefault = true;
    EXPECT_EQ(MppSource::open(faults, options).error().code, EOPNOTSUPP);
}

} // namespace
} // namespace mediaheap
