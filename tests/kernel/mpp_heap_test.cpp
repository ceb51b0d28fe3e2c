// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heaps of source mpp on the module that stands for ArtInChip's.
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/heap.h>

#include "bare_mpp.h"
#include "bufinfo.h"
#include "kernel_module.h"
#include "killed_child.h"
#include "leak_check.h"
#include "must.h"

namespace mediaheap::test {
namespace {

using testing::HasSubstr;

constexpr size_t mebi = 1 << 20;

Block allocate(const std::shared_ptr<Heap>& heap, size_t size, const std::string& name = {}) {
    AllocOptions options;
    options.name = name;
    return must(heap->allocate(size, options));
}

class MppHeap : public testing::Test {
protected:
    ~MppHeap() override {
        heap.reset();
        EXPECT_EQ(leaks_.difference(), "");
        EXPECT_EQ(module.number("buffers"), 0u);
        EXPECT_EQ(module.number("attachments"), 0u);
    }

private:
    const LeakCheck leaks_;

protected:
    KernelModule module{"mediaheap_mpp", "size=8388608"};
    std::shared_ptr<Heap> heap = must(Heap::open("mpp,size=8M"));
};

TEST_F(MppHeap, IsWhatAutoChooses) {
    EXPECT_EQ(must(Heap::open("auto"))->description(), "mpp,size=8M");
    for (const SourceInfo& info : Heap::sources()) {
        if (info.heap == "mpp") {
            EXPECT_TRUE(info.usable) << info.reason;
        }
    }
}

TEST_F(MppHeap, KnowsWhereItsBlocksLie) {
    EXPECT_FALSE(heap->addressesAreLabels());
    EXPECT_TRUE(heap->isContiguous());
    const Block first = allocate(heap, mebi, "first");
    const Block second = allocate(heap, mebi, "second");
    EXPECT_EQ(first.address(), BareMpp::physical(first.fd()));
    EXPECT_EQ(second.address(), first.address() + mebi);
    EXPECT_EQ(findInBufinfo(inodeOf(first.fd()))->name, "first");
    EXPECT_EQ(findInBufinfo(inodeOf(first.fd()))->exporter, "mpp");
}

TEST_F(MppHeap, ClearsWhatAnotherProcessHasLeftThere) {
    const auto everyByteIs = [](const Block& block, unsigned char value) {
        Mapping mapping = must(block.map(Access::Read));
        const auto* const bytes = static_cast<const unsigned char*>(mapping.data());
        size_t same = 0;
        for (size_t n = 0; n < mapping.size(); ++n)
            same += bytes[n] == value;
        return same == mapping.size();
    };
    {
        const Block block = allocate(heap, 8 * mebi);
        Mapping mapping = must(block.map(Access::Write));
        std::memset(mapping.data(), 0x66, mapping.size());
    }
    heap->trim();
    EXPECT_TRUE(everyByteIs(allocate(heap, 8 * mebi), 0));
}

TEST_F(MppHeap, SyncsNoMoreThanWasTouched) {
    const Block block = allocate(heap, mebi);
    const unsigned long before = module.number("range_bytes");
    const unsigned long whole = module.number("cpu_syncs");
    must(must(block.map(Access::ReadWrite, 8192, 100)).end());
    EXPECT_EQ(module.number("range_bytes") - before, 2 * 128u);
    EXPECT_EQ(module.number("cpu_syncs"), whole);
}

TEST_F(MppHeap, SaysThatTheReserveIsFull) {
    BareMpp other;
    const UniqueFd theirs(other.allocate(6 * mebi));
    ASSERT_TRUE(theirs.isValid());
    const Error error = heap->allocate(4 * mebi).error();
    EXPECT_EQ(error.code, ENOMEM);
    EXPECT_THAT(error.message(), HasSubstr("all processes share it"));
    EXPECT_EQ(heap->stats().used, 0u);
    EXPECT_TRUE(heap->allocate(2 * mebi).ok());
}

TEST_F(MppHeap, GivesUpWhatItKeepsBeforeItRefuses) {
    { const Block kept = allocate(heap, 2 * mebi); }
    ASSERT_GT(heap->stats().cached, 0u);
    EXPECT_TRUE(heap->allocate(8 * mebi).ok());
}

TEST_F(MppHeap, IsDestroyedUntilReboot) {
    BareMpp other;
    {
        UniqueFd theirs(other.allocate(mebi));
        EXPECT_THAT(heap->destroy().error().message(), HasSubstr("another process"));
        const Block ours = allocate(heap, mebi, "preview");
        EXPECT_THAT(heap->destroy().error().message(), HasSubstr("preview"));
    }
    must(heap->destroy());
    EXPECT_EQ(other.allocate(4096), -ENODEV);
    EXPECT_THAT(heap->allocate(4096).error().message(), HasSubstr("reboot"));
    const Error anew = Heap::open("mpp,size=8M").error();
    EXPECT_EQ(anew.code, ENODEV);
    EXPECT_THAT(anew.message(), HasSubstr("reboot"));
    EXPECT_NE(must(Heap::open("auto,size=1M"))->description(), "mpp,size=1M");
}

TEST_F(MppHeap, TakesBackWhatAKilledProcessHad) {
    heap.reset();
    killAfter(
        [] {
            static std::shared_ptr<Heap> theirs = must(Heap::open("mpp,size=8M"));
            static std::vector<Block> blocks;
            for (int n = 0; n < 8; ++n) {
                blocks.push_back(allocate(theirs, mebi));
                must(blocks.back().beginAccess(Access::Write));
            }
            return true;
        },
        [&] { EXPECT_EQ(module.number("buffers"), 8u); });
    EXPECT_EQ(module.number("buffers"), 0u);
    heap = must(Heap::open("mpp,size=8M"));
    EXPECT_TRUE(heap->allocate(8 * mebi).ok());
}

TEST(MppHeapOfMainline, HasLabelsAndIsOnlyClosed) {
    const KernelModule module("mediaheap_mpp", "node=dma_heap/reserved plain=1 size=4194304");
    {
        const auto heap = must(Heap::open("mpp,size=4M"));
        EXPECT_TRUE(heap->addressesAreLabels());
        EXPECT_TRUE(heap->allocate(mebi).ok());
        must(heap->destroy());
    }
    EXPECT_TRUE(must(Heap::open("mpp,size=4M"))->allocate(mebi).ok());
}

TEST(MppHeapAtTheDocumentedNode, IsFound) {
    const KernelModule module("mediaheap_mpp", "node=dmabuf/mpp size=4194304");
    EXPECT_FALSE(must(Heap::open("mpp,size=4M"))->addressesAreLabels());
    EXPECT_TRUE(must(Heap::open("mpp:dmabuf/mpp,size=4M"))->allocate(mebi).ok());
}

} // namespace
} // namespace mediaheap::test
