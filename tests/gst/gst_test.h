// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gst/gst.h>
#include <gst/mediaheap/mediaheap.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include "leak_check.h"

namespace mediaheap::test {

/// Gives back what a pointer owns.
struct Releaser {
    void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
    void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
    void operator()(GstContext* context) const { gst_context_unref(context); }
    void operator()(GstMemory* memory) const { gst_memory_unref(memory); }
    void operator()(GstStructure* structure) const { gst_structure_free(structure); }
    void operator()(GError* error) const { g_error_free(error); }
    void operator()(gchar* string) const { g_free(string); }
    void operator()(gchar** strings) const { g_strfreev(strings); }
    void operator()(GstAllocator* object) const { gst_object_unref(object); }
    void operator()(GstBufferPool* object) const { gst_object_unref(object); }
    void operator()(GstMediaHeap* object) const { gst_object_unref(object); }
};
template <typename T> using Owned = std::unique_ptr<T, Releaser>;

/// A heap string of the source that the tests run on: MEDIAHEAP_TEST_HEAP, or `memfd`. Each call
/// names another zone, so that no two tests share a heap.
std::string testHeapString(const std::string& options);

/// Opens testHeapString(@p options), failing the test where that fails.
Owned<GstMediaHeap> openTestHeap(const std::string& options = "size=8M");

/// Every format that this GStreamer has, those without a layout in memory too.
std::vector<GstVideoFormat> videoFormats();

/// A field of gst_media_heap_get_stats().
guint64 stat(GstMediaHeap* heap, const char* field);

/// A mapping of a memory that ends with the object.
class Mapped {
public:
    Mapped(GstMemory* memory, int flags) : memory_(memory) {
        ok_ = gst_memory_map(memory, &info_, static_cast<GstMapFlags>(flags));
    }
    ~Mapped() { end(); }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;

    explicit operator bool() const { return ok_; }
    guint8* data() const { return info_.data; }
    gsize size() const { return info_.size; }
    gsize maxsize() const { return info_.maxsize; }
    void end() {
        if (ok_)
            gst_memory_unmap(memory_, &info_);
        ok_ = false;
    }

private:
    GstMemory* memory_;
    GstMapInfo info_{};
    bool ok_ = false;
};

/// Whether accesses to the memory of @p heap need a sync: of every source whose memory hardware
/// sees.
bool needsSync(GstMediaHeap* heap);

/// Writes @p value to every byte of the data of @p memory.
void fill(GstMemory* memory, guint8 value);
/// Writes 0, 1, 2 ... to the data of @p memory.
void number(GstMemory* memory);
/// Whether the bytes of @p memory count up from @p first.
bool isNumbered(GstMemory* memory, guint8 first);

/// How many critical messages of GLib and GStreamer @p provoke brings about. Outside of this they
/// end the test program.
int criticalsDuring(const std::function<void()>& provoke);

/// Collects what is logged to @p category at @p level or worse for as long as it lives.
class GstLog {
public:
    GstLog(const char* category, GstDebugLevel level);
    ~GstLog();
    GstLog(const GstLog&) = delete;
    GstLog& operator=(const GstLog&) = delete;

    std::string text() const;
    bool contains(const std::string& part) const { return text().find(part) != std::string::npos; }

private:
    struct Shared;
    static void collect(GstDebugCategory*, GstDebugLevel, const gchar* file, const gchar* function,
                        gint line, GObject* object, GstDebugMessage* message, gpointer shared);

    std::unique_ptr<Shared> shared_;
};

/// A test that leaves nothing behind: no descriptor and no mapping.
class GstTest : public testing::Test {
protected:
    void SetUp() override { leaks_.emplace(); }
    void TearDown() override { EXPECT_EQ(leaks_->difference(), ""); }

private:
    std::optional<LeakCheck> leaks_;
};

/// The same with a heap of its own and the allocator of that.
class MemoryTest : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        heap = openTestHeap();
        ASSERT_NE(heap, nullptr);
        allocator.reset(gst_media_heap_get_allocator(heap.get()));
    }
    void TearDown() override {
        allocator.reset();
        heap.reset();
        GstTest::TearDown();
    }

    Owned<GstMemory> allocate(gsize size, GstAllocationParams* params = nullptr) {
        return Owned<GstMemory>(gst_allocator_alloc(allocator.get(), size, params));
    }

    Owned<GstMediaHeap> heap;
    Owned<GstAllocator> allocator;
};

} // namespace mediaheap::test
