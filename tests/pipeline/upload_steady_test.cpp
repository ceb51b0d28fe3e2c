// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a pipeline holds of the system while it plays: from frame 50 to the end, the same.
#include <filesystem>
#include <fstream>

#include "pipeline.h"

/// Sanitizers keep freed memory, to see who uses it, and count what is not freed.
extern "C" size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace mediaheap::test {

namespace {

class UploadSteady : public GstTest {};

/// Of this process.
struct Holdings {
    std::string descriptors; ///< by what they refer to
    size_t mappings = 0;
    long memoryKiB = 0;
    guint64 blocks = 0; ///< in the heap
    guint64 used = 0;   ///< bytes of the heap
};

Holdings holdings(GstMediaHeap* heap) {
    namespace fs = std::filesystem;
    Holdings now;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone; // the descriptor of this very loop
        now.descriptors += fs::read_symlink(entry, gone).string() + "\n";
    }
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        now.mappings++;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("VmRSS:", 0) == 0)
            now.memoryKiB = std::stol(line.substr(6));
    }
    if (__sanitizer_get_current_allocated_bytes != nullptr)
        now.memoryKiB = static_cast<long>(__sanitizer_get_current_allocated_bytes() >> 10);
    now.blocks = stat(heap, "blocks");
    now.used = stat(heap, "used");
    return now;
}

TEST_F(UploadSteady, NothingGrowsOver300Frames) {
    const std::string string = testHeapString("size=64M");
    const Owned<GstMediaHeap> heap(gst_media_heap_open(string.c_str(), nullptr));
    ASSERT_NE(heap, nullptr);
    Pipeline pipeline("videotestsrc pattern=blue num-buffers=300 ! " +
                      videoCaps("NV12", 1920, 1080) +
                      " ! mediaheapupload name=upload heap=" + string + " ! fakesink name=sink");
    Holdings early;
    Holdings late;
    int frames = 0;
    pipeline.onBuffer("sink", "sink", [&](GstBuffer*) {
        frames++;
        if (frames == 50)
            early = holdings(heap.get());
        if (frames == 300)
            late = holdings(heap.get());
    });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(frames, 300);
    EXPECT_EQ(pipeline.counts("upload"), (Counts{300, 0, 0}));

    EXPECT_NE(early.descriptors, "");
    EXPECT_EQ(late.descriptors, early.descriptors);
    EXPECT_EQ(late.blocks, early.blocks);
    EXPECT_EQ(late.used, early.used);
    // The C library's allocator may take a little more; a lost frame is 3037 KiB.
    EXPECT_LE(late.mappings, early.mappings + 2);
    EXPECT_LT(late.memoryKiB, early.memoryKiB + 1024);
    RecordProperty("frame50", std::to_string(early.memoryKiB) + " KiB");
    RecordProperty("frame300", std::to_string(late.memoryKiB) + " KiB");
}

} // namespace

} // namespace mediaheap::test
