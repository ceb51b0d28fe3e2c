// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The source of HiSilicon's media memory by itself.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "fake_kernel.h"
#include "fault_kernel.h"
#include "leak_check.h"
#include "must.h"
#include "sources/mmz.h"
#include "sources/mmz_uapi.h"

namespace mediaheap {
namespace {

using test::must;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// ---- The driver's interface.

/// Where a member of the vendor's struct lies for a program of 32 bits and for one of 64.
template <typename Word> void expectOffsets(size_t wide) {
    using Info = MmbInfo<Word>;
    EXPECT_EQ(offsetof(Info, physical), 0u);
    EXPECT_EQ(offsetof(Info, alignment), wide);
    EXPECT_EQ(offsetof(Info, size), 2 * wide);
    EXPECT_EQ(offsetof(Info, order), 3 * wide);
    EXPECT_EQ(offsetof(Info, mapped), 4 * wide);
    EXPECT_EQ(offsetof(Info, access), 5 * wide);
    EXPECT_EQ(offsetof(Info, blockName), 6 * wide);
    EXPECT_EQ(offsetof(Info, zoneName), 6 * wide + 16);
    EXPECT_EQ(offsetof(Info, gfp), 6 * wide + 48);
}

TEST(MmzInterface, HasTheVendorsLayoutForProgramsOfEitherLength) {
    expectOffsets<uint32_t>(4);
    expectOffsets<uint64_t>(8);
    EXPECT_EQ(sizeof(MmbInfo<uint32_t>), 80u);
    EXPECT_EQ(sizeof(MmbInfo<uint64_t>), 104u);
    EXPECT_EQ(sizeof(MmbInfo<uintptr_t>), sizeof(long) == 8 ? 104u : 80u);
}

TEST(MmzInterface, HasTheVendorsNumbersForProgramsOfEitherLength) {
    using Short = MmzIoctl<uint32_t>;
    using Long = MmzIoctl<uint64_t>;
    EXPECT_EQ(Short::allocate, 0xc0506d0aul);
    EXPECT_EQ(Short::free, 0x40506d0cul);
    EXPECT_EQ(Short::map, 0xc0506d14ul);
    EXPECT_EQ(Short::mapCached, 0xc0506d15ul);
    EXPECT_EQ(Short::unmap, 0xc0506d16ul);
    EXPECT_EQ(Short::flush, 0x400c6432ul);
    EXPECT_EQ(Long::allocate, 0xc0686d0aul);
    EXPECT_EQ(Long::free, 0x40686d0cul);
    EXPECT_EQ(Long::map, 0xc0686d14ul);
    EXPECT_EQ(Long::mapCached, 0xc0686d15ul);
    EXPECT_EQ(Long::unmap, 0xc0686d16ul);
    EXPECT_EQ(Long::flush, 0x40186432ul);
}

// ---- The source.

class MmzTest : public testing::Test {
protected:
    MmzTest() { fake.addMmz("anonymous", 64 * page); }
    ~MmzTest() override {
        EXPECT_EQ(fake.mmz.blocks(), 0u);
        EXPECT_EQ(leaks_.difference(), "");
    }

    Result<std::unique_ptr<Source>> tryToOpen(const std::string& zone = {},
                                              std::optional<bool> cached = {}) {
        SourceOptions options;
        options.name = zone;
        options.size = 1 << 20;
        options.cached = cached;
        return MmzSource::open(faults, options);
    }
    std::unique_ptr<Source> open(const std::string& zone = {}) { return must(tryToOpen(zone)); }

private:
    const test::LeakCheck leaks_;

protected:
    test::FakeKernel fake;
    test::FaultKernel faults{fake};
    const size_t page = fake.pageSize();
};

TEST_F(MmzTest, GivesMappedMemoryWithAnAddressAndNoDescriptor) {
    const auto source = open();
    EXPECT_FALSE(source->traits().dmabuf);
    EXPECT_FALSE(source->traits().descriptors);
    EXPECT_TRUE(source->traits().physical);
    EXPECT_TRUE(source->traits().contiguous);
    EXPECT_FALSE(source->isFresh(0, page));
    const uint64_t next = fake.mmz.nextAddress;
    const SourceMemory memory = must(source->create(0, 2 * page, {}));
    EXPECT_FALSE(memory.fd.isValid());
    EXPECT_EQ(memory.address, next);
    static_cast<char*>(memory.mapping->data())[2 * page - 1] = 1;
}

TEST_F(MmzTest, MapsAsIsAskedOfIt) {
    const auto source = open();
    fake.mmz.cachedMappings = fake.mmz.uncachedMappings = 0;
    const SourceMemory cached = must(source->create(0, page, {{}, true}));
    const SourceMemory uncached = must(source->create(0, page, {{}, false}));
    EXPECT_EQ(fake.mmz.cachedMappings, 1u);
    EXPECT_EQ(fake.mmz.uncachedMappings, 1u);
    EXPECT_TRUE(cached.side->needsSync());
    EXPECT_FALSE(uncached.side->needsSync());
    EXPECT_TRUE(source->traits().eitherCached);
    EXPECT_TRUE(source->traits().cached);
    EXPECT_FALSE(must(tryToOpen({}, false))->traits().cached);
}

TEST_F(MmzTest, CutsNamesToTheDriversFields) {
    const auto source = open();
    const SourceMemory memory = must(source->create(0, page, {"exactly-fifteen-and-more", true}));
    EXPECT_THAT(fake.mmz.names(), ElementsAre("anonymous/exactly-fifteen"));
}

TEST_F(MmzTest, AsksForThePhysicalAlignment) {
    const auto source = open();
    fake.mmz.nextAddress += page;
    CreateOptions options;
    options.alignment = 16 * page;
    EXPECT_EQ(*must(source->create(0, page, options)).address % (16 * page), 0u);
}

TEST_F(MmzTest, TakesTheZoneThatIsNamed) {
    fake.mmz.zones["isp"] = 4 * page;
    const auto source = open("isp");
    const SourceMemory memory = must(source->create(0, 4 * page, {"raw", true}));
    EXPECT_THAT(fake.mmz.names(), ElementsAre("isp/raw"));
    const Error error = source->create(0, page, {}).error();
    EXPECT_EQ(error.code, ENOMEM);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("'isp'"), HasSubstr("/proc/media-mem")));
    EXPECT_THAT(tryToOpen("none").error().message(),
                AllOf(HasSubstr("'none'"), HasSubstr("no zone of that name")));
}

TEST_F(MmzTest, FlushesTheLinesAroundARange) {
    const auto source = open();
    const SourceMemory memory = must(source->create(0, page, {}));
    memory.side->mappedAt(memory.mapping->data());
    const ByteRange reach = memory.side->reach({100, 100});
    EXPECT_EQ(reach.offset, 64u);
    EXPECT_EQ(reach.end(), 256u);
    EXPECT_EQ(memory.side->reach({page - 1, 1}).end(), page) << "and none beyond the block";
    must(memory.side->sync(SyncEdge::End, Access::Write, reach));
    ASSERT_EQ(fake.mmz.flushes.size(), 1u);
    EXPECT_EQ(fake.mmz.flushes[0].block, memory.address);
    EXPECT_EQ(fake.mmz.flushes[0].offset, 64u);
    EXPECT_EQ(fake.mmz.flushes[0].size, 192u);
}

TEST_F(MmzTest, PassesOnWhatFlushingAnswers) {
    const auto source = open();
    const SourceMemory memory = must(source->create(0, page, {}));
    memory.side->mappedAt(memory.mapping->data());
    faults.failNth(1, EINTR);
    EXPECT_TRUE(memory.side->sync(SyncEdge::Start, Access::Read, {0, page}).ok());
    faults.failNth(1, EFAULT);
    const Result<void> result = memory.side->sync(SyncEdge::Start, Access::Read, {0, page});
    EXPECT_EQ(result.error().code, EFAULT);
    EXPECT_THAT(result.error().step, HasSubstr("FLUSH_DIRTY"));
}

TEST_F(MmzTest, ItsMemoryOutlivesTheSource) {
    auto source = open();
    const SourceMemory memory = must(source->create(0, page, {}));
    source.reset();
    static_cast<char*>(memory.mapping->data())[0] = 1;
    EXPECT_EQ(fake.mmz.blocks(), 1u);
}

TEST_F(MmzTest, FreesWhatItCannotMap) {
    const auto source = open();
    faults.failNth(2, ENOMEM);
    const Result<SourceMemory> memory = source->create(0, page, {});
    EXPECT_EQ(memory.error().code, ENOMEM);
    EXPECT_THAT(memory.error().step, HasSubstr("map"));
    EXPECT_EQ(fake.mmz.blocks(), 0u);
}

TEST_F(MmzTest, SaysWhatItCouldNotGiveBack) {
    const test::CapturedLog log;
    {
        const auto source = open();
        const SourceMemory memory = must(source->create(0, page, {}));
        faults.failFrom(test::Call::Ioctl, 1, EIO);
    }
    faults.clearFaults();
    EXPECT_THAT(log.text(), AllOf(HasSubstr("give a block back to the MMZ"), HasSubstr("EIO")));
    EXPECT_EQ(fake.mmz.blocks(), 1u) << "the driver has it until the descriptor is closed";
    fake.mmz.closeDescriptors();
}

TEST_F(MmzTest, SaysWhereTheNodeComesFrom) {
    test::FakeKernel bare;
    const Error error = MmzSource::open(bare, {}).error();
    EXPECT_EQ(error.code, ENOENT);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("/dev/mmz_userdev"), HasSubstr("driver")));
}

TEST_F(MmzTest, RefusesToPrefault) {
    SourceOptions options;
    options.prefault = true;
    EXPECT_EQ(MmzSource::open(faults, options).error().code, EOPNOTSUPP);
}

} // namespace
} // namespace mediaheap
