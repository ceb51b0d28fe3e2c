// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The kernel's list of DMA-BUFs, as drivers/dma-buf/dma-buf.c writes it.
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bufinfo.h"

namespace mediaheap::tool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::map<uint64_t, BufinfoEntry> read(const std::string& text) {
    std::istringstream in(text);
    return readBufinfo(in);
}

TEST(BufinfoTest, KnowsEveryBufferAndWhoIsAttached) {
    const auto entries =
        read("\nDma-buf Objects:\n"
             "size    \tflags   \tmode    \tcount   \texp_name\tino     \tname\n"
             "01048576\t00000002\t00080007\t00000003\tudmabuf\t00000047\tfront camera\n"
             "\twrite fence:vgem ctx0 signalled seq 1\n"
             "\tAttached Devices:\n\tvivid.0\n\tvgem\nTotal 2 devices attached\n\n"
             "00004096\t00000002\t00080007\t00000001\tsystem\t00000048\t<none>\n"
             "\tAttached Devices:\nTotal 0 devices attached\n\n\nTotal 2 objects, 1052672 bytes\n");
    ASSERT_THAT(entries, SizeIs(2));
    const BufinfoEntry& camera = entries.at(47);
    EXPECT_EQ(camera.size, 1048576u);
    EXPECT_EQ(camera.count, 3);
    EXPECT_EQ(camera.exporter, "udmabuf");
    EXPECT_EQ(camera.name, "front camera");
    EXPECT_THAT(camera.devices, ElementsAre("vivid.0", "vgem"));
    EXPECT_EQ(entries.at(48).name, "");
    EXPECT_THAT(entries.at(48).devices, IsEmpty());
}

TEST(BufinfoTest, FindsNothingInAnythingElse) {
    for (const char* text : {"", "\n\n", "12 34", "Attached Devices:\n\tx\n", "0\t0\t0\tx\ty\tz\n"})
        EXPECT_THAT(read(text), IsEmpty()) << text;
}

} // namespace
} // namespace mediaheap::tool
