// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Several pools in one heap.
#pragma once

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "gst/mediaheap/gstmediaheapbufferpool-private.h"
#include "pool_test.h"

namespace mediaheap::test {

constexpr guint quarter = 256 * 1024; // of a heap of 1 MiB
// What nobody reaches unless something is wrong.
constexpr std::chrono::seconds patience{20};

inline std::string failureOf(const Owned<GstBufferPool>& pool) {
    const Owned<gchar> text(
        gst_media_heap_buffer_pool_get_failure(GST_MEDIA_HEAP_BUFFER_POOL(pool.get())));
    return text != nullptr ? text.get() : "";
}

inline std::string nameOf(const Owned<GstBufferPool>& pool) {
    const Owned<gchar> name(gst_object_get_name(GST_OBJECT(pool.get())));
    return name.get();
}

inline guint availableOf(const Owned<GstBufferPool>& pool) {
    return gst_media_heap_buffer_pool_get_available(GST_MEDIA_HEAP_BUFFER_POOL(pool.get()));
}

/// How a pool of the tests gets on with the others.
struct Terms {
    guint min = 0;
    guint max = 0;
    GstMediaHeapWhenFull whenFull = GST_MEDIA_HEAP_WHEN_FULL_RECLAIM;
    GstClockTime maxWait = GST_CLOCK_TIME_NONE; ///< what a test waits for, it waits for
    guint64 maxBytes = 0;
};

inline bool configureWith(const Owned<GstBufferPool>& pool, guint size, const Terms& terms) {
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    const Owned<GstCaps> caps(gst_caps_from_string("test/data"));
    gst_buffer_pool_config_set_params(config, caps.get(), size, terms.min, terms.max);
    gst_media_heap_buffer_pool_config_set_when_full(config, terms.whenFull, terms.maxWait);
    gst_media_heap_buffer_pool_config_set_max_bytes(config, terms.maxBytes);
    return gst_buffer_pool_set_config(pool.get(), config);
}

/// A heap for four buffers, and pools in it.
class PolicyTest : public PoolTest {
protected:
    void SetUp() override {
        PoolTest::SetUp();
        openHeap("size=1M");
        other.reset(gst_media_heap_buffer_pool_new(heap.get()));
    }
    void TearDown() override {
        other.reset();
        PoolTest::TearDown();
    }

    static void startWith(const Owned<GstBufferPool>& pool, const Terms& terms,
                          guint size = quarter) {
        ASSERT_TRUE(configureWith(pool, size, terms));
        ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    }
    static std::vector<Owned<GstBuffer>> take(const Owned<GstBufferPool>& pool, int count) {
        std::vector<Owned<GstBuffer>> buffers;
        for (int i = 0; i < count; i++) {
            buffers.push_back(acquireNow(pool));
            EXPECT_NE(buffers.back(), nullptr);
        }
        return buffers;
    }
    /// Acquires in another thread, and says what came of it. The buffer goes back at once.
    static std::future<GstFlowReturn> taker(const Owned<GstBufferPool>& pool) {
        return std::async(std::launch::async, [&pool] {
            GstFlowReturn result = GST_FLOW_OK;
            acquire(pool, &result);
            return result;
        });
    }
    static bool waits(std::future<GstFlowReturn>& taking) {
        return taking.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout;
    }
    static GstFlowReturn resultOf(std::future<GstFlowReturn>& taking) {
        if (taking.wait_for(patience) == std::future_status::ready)
            return taking.get();
        ADD_FAILURE() << "still waiting";
        std::abort(); // the future's destructor would wait for ever
    }

    Owned<GstBufferPool> other;
};

} // namespace mediaheap::test
