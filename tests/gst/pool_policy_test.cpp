// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who waits for whom and how long, what one is told in the end, and the budget of a pool.
#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "pool_policy.h"

namespace mediaheap::test {

namespace {

TEST_F(PolicyTest, WithWaitNothingIsTakenFromOthers) {
    startWith(other, {4, 0});
    Terms terms{1, 0, GST_MEDIA_HEAP_WHEN_FULL_WAIT};
    startWith(pool, terms);
    auto taking = taker(pool);
    EXPECT_TRUE(waits(taking)) << "the other is at rest, and keeps what it has";
    gst_buffer_pool_set_active(other.get(), FALSE);
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
}

TEST_F(PolicyTest, WithFailTheReasonComesAtOnce) {
    startWith(other, {4, 0});
    gst_media_heap_buffer_pool_set_user(GST_MEDIA_HEAP_BUFFER_POOL(pool.get()), "nobody");
    startWith(pool, {0, 0, GST_MEDIA_HEAP_WHEN_FULL_FAIL});
    GstFlowReturn result = GST_FLOW_OK;
    acquire(pool, &result); // with a deadline that never comes
    EXPECT_EQ(result, GST_FLOW_ERROR);
    EXPECT_NE(failureOf(pool).find("'" + nameOf(other) + "' 1024 KiB (0 out, 4 idle)"),
              std::string::npos)
        << failureOf(pool);
    EXPECT_EQ(blocks(), 4u);
}

TEST_F(PolicyTest, WithFailAPoolDoesNotStartShort) {
    startWith(other, {3, 0});
    ASSERT_TRUE(configureWith(pool, quarter, {2, 0, GST_MEDIA_HEAP_WHEN_FULL_FAIL}));
    EXPECT_FALSE(gst_buffer_pool_set_active(pool.get(), TRUE));
    EXPECT_NE(failureOf(pool).find("2 buffers of 262144 bytes, of which 1 fit"), std::string::npos)
        << failureOf(pool);
    EXPECT_NE(failureOf(pool).find(nameOf(other)), std::string::npos) << failureOf(pool);
    EXPECT_EQ(blocks(), 3u);
}

TEST_F(PolicyTest, WithFailItStillWaitsForItsOwn) {
    startWith(pool, {4, 0, GST_MEDIA_HEAP_WHEN_FULL_FAIL});
    std::vector<Owned<GstBuffer>> buffers = take(pool, 4);
    auto taking = taker(pool);
    EXPECT_TRUE(waits(taking));
    buffers.pop_back();
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
}

TEST_F(PolicyTest, AfterTheLongestWaitTheReasonNamesWhoHasTheMemory) {
    gst_media_heap_buffer_pool_set_user(GST_MEDIA_HEAP_BUFFER_POOL(other.get()), "a camera");
    startWith(other, {3, 0});
    const auto out = take(other, 3);
    Terms terms{2, 0};
    terms.maxWait = 100 * GST_MSECOND;
    startWith(pool, terms); // short
    const Owned<GstBuffer> one = acquire(pool);
    ASSERT_NE(one, nullptr);
    GstFlowReturn result = GST_FLOW_OK;
    acquire(pool, &result);
    EXPECT_EQ(result, GST_FLOW_ERROR) << "its only buffer may be waiting for a second one";
    const std::string reason = failureOf(pool);
    EXPECT_NE(reason.find("'" + nameOf(other) + "' of a camera 768 KiB (3 out, 0 idle)"),
              std::string::npos)
        << reason;
    EXPECT_NE(reason.find("'" + nameOf(pool) + "' 256 KiB (1 out, 0 idle)"), std::string::npos)
        << reason;
    EXPECT_NE(reason.find(gst_media_heap_get_description(heap.get())), std::string::npos) << reason;
}

TEST_F(PolicyTest, WithItsMinimumAPoolWaitsForItsOwnPastEveryDeadline) {
    Terms terms{2, 0};
    terms.maxWait = 1; // nanosecond
    startWith(other, {2, 0});
    const auto out = take(other, 2);
    startWith(pool, terms);
    std::vector<Owned<GstBuffer>> mine = take(pool, 2);
    auto taking = taker(pool);
    EXPECT_TRUE(waits(taking)) << "a paused pipeline may keep its buffers as long as it likes";
    mine.pop_back();
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
}

TEST_F(PolicyTest, OfALongWaitForItsOwnTheSignalTellsAndTheWaitGoesOn) {
    std::promise<std::string> told;
    g_signal_connect(pool.get(), "waiting",
                     G_CALLBACK(+[](GstBufferPool* emitter, const char* reason, void* promise) {
                         g_signal_handlers_disconnect_by_data(emitter, promise);
                         static_cast<std::promise<std::string>*>(promise)->set_value(reason);
                     }),
                     &told);
    Terms terms{2, 2};
    terms.maxWait = 1; // nanosecond; a second is the least
    startWith(pool, terms);
    std::vector<Owned<GstBuffer>> mine = take(pool, 2);
    auto taking = taker(pool);
    auto reason = told.get_future();
    ASSERT_EQ(reason.wait_for(patience), std::future_status::ready);
    const std::string text = reason.get();
    for (const std::string& part :
         {std::string(gst_media_heap_get_description(heap.get())), "'" + nameOf(pool) + "'",
          std::string("all 2"), std::string("min-buffers=3"), std::string("max-buffers")})
        EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
    EXPECT_TRUE(waits(taking));
    EXPECT_EQ(failureOf(pool), "") << "a wait is no failure";
    mine.pop_back();
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
}

TEST_F(PolicyTest, ALongWaitForItsOwnTakesNothingFromOthers) {
    std::promise<void> told;
    g_signal_connect(pool.get(), "waiting",
                     G_CALLBACK(+[](GstBufferPool* emitter, const char*, void* promise) {
                         g_signal_handlers_disconnect_by_data(emitter, promise);
                         static_cast<std::promise<void>*>(promise)->set_value();
                     }),
                     &told);
    Terms terms{1, 0};
    terms.maxWait = 1; // nanosecond; a second is the least
    startWith(pool, terms);
    startWith(other, {1, 0});
    std::vector<Owned<GstBuffer>> mine = take(pool, 1);
    std::vector<Owned<GstBuffer>> theirs = take(other, 3);
    auto taking = taker(pool);
    while (stat(heap.get(), "failures") == 0)
        std::this_thread::yield();
    EXPECT_TRUE(waits(taking));
    theirs.resize(1); // two of them are spare, and come back after the heap was asked
    ASSERT_EQ(told.get_future().wait_for(patience), std::future_status::ready);
    EXPECT_TRUE(waits(taking));
    EXPECT_EQ(availableOf(other), 2u);
    mine.clear();
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
    EXPECT_EQ(blocks(), 4u);
}

TEST_F(PolicyTest, PoolsThatStartAtOnceAllStart) {
    for (int times = 0; times < 200; times++) {
        ASSERT_TRUE(configureWith(pool, quarter, {3, 0}));
        ASSERT_TRUE(configureWith(other, quarter, {3, 0}));
        std::atomic<int> ready{0};
        const auto start = [&ready](const Owned<GstBufferPool>& one) {
            ready++;
            while (ready < 2)
                std::this_thread::yield();
            return gst_buffer_pool_set_active(one.get(), TRUE);
        };
        auto starting = std::async(std::launch::async, [&] { return start(other); });
        const gboolean started = start(pool);
        ASSERT_TRUE(starting.get() && started)
            << "each has what the other lacks: " << failureOf(pool) << failureOf(other);
        gst_buffer_pool_set_active(pool.get(), FALSE);
        gst_buffer_pool_set_active(other.get(), FALSE);
    }
}

TEST_F(PolicyTest, WithFewerThanItsMinimumItTakesWhatComesBackFirst) {
    startWith(other, {3, 0});
    const auto out = take(other, 3);
    startWith(pool, {2, 0}); // short, and waits without end
    std::vector<Owned<GstBuffer>> mine = take(pool, 1);
    auto taking = taker(pool);
    EXPECT_TRUE(waits(taking));
    mine.clear();
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
    EXPECT_EQ(blocks(), 4u);
}

TEST_F(PolicyTest, TheSignalSaysWhatWasAskedFor) {
    std::vector<std::string> told;
    for (const char* detail : {"start", "buffer", "buffer-now"}) {
        struct Listener {
            std::vector<std::string>* told;
            std::string detail;
        };
        g_signal_connect_data(
            pool.get(), (std::string("allocation-failed::") + detail).c_str(),
            G_CALLBACK(+[](GstBufferPool*, const gchar*, Listener* listener) {
                listener->told->push_back(listener->detail);
            }),
            new Listener{&told, detail},
            [](gpointer listener, GClosure*) { delete static_cast<Listener*>(listener); },
            static_cast<GConnectFlags>(0));
    }
    startWith(other, {4, 0});
    const auto out = take(other, 4);
    Terms terms{1, 0, GST_MEDIA_HEAP_WHEN_FULL_FAIL};
    ASSERT_TRUE(configureWith(pool, quarter, terms));
    EXPECT_FALSE(gst_buffer_pool_set_active(pool.get(), TRUE));
    terms.min = 0;
    startWith(pool, terms);
    acquire(pool);
    acquireNow(pool);
    EXPECT_EQ(told, (std::vector<std::string>{"start", "buffer", "buffer-now"}));
}

// The budget of a pool.

guint64 block(guint size) {
    const auto page = static_cast<guint64>(getpagesize());
    return (size + page - 1) / page * page;
}

TEST_F(PolicyTest, ABudgetOfBytesBoundsTheBuffers) {
    Terms terms{1, 0};
    terms.maxBytes = 3 * block(quarter) + 1000;
    startWith(pool, terms);
    std::vector<Owned<GstBuffer>> buffers = take(pool, 3);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS) << "the heap has room for one more, the budget has not";
    EXPECT_EQ(stat(heap.get(), "failures"), 0u) << "nor is the heap asked";
    auto taking = taker(pool);
    EXPECT_TRUE(waits(taking));
    buffers.pop_back();
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
}

TEST_F(PolicyTest, ABudgetIsCountedInWholeBlocks) {
    Terms terms{0, 0};
    terms.maxBytes = 2 * block(100) - 1;
    startWith(pool, terms, 100);
    const auto one = take(pool, 1);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS);
}

TEST_F(PolicyTest, TheSmallerOfBudgetAndMaximumHolds) {
    Terms terms{0, 2};
    terms.maxBytes = 3 * block(quarter);
    startWith(pool, terms);
    EXPECT_EQ(availableOf(pool), 2u);
    gst_buffer_pool_set_active(pool.get(), FALSE);
    terms.max = 4;
    startWith(pool, terms);
    EXPECT_EQ(availableOf(pool), 3u);
}

TEST_F(PolicyTest, ABudgetTooSmallForTheMinimumIsRefusedWithTheFigures) {
    Terms terms{2, 0};
    terms.maxBytes = 2 * block(quarter) - 1;
    EXPECT_FALSE(configureWith(pool, quarter, terms));
    EXPECT_NE(failureOf(pool).find("2 buffers take " + std::to_string(2 * block(quarter))),
              std::string::npos)
        << failureOf(pool);
    terms.min = 0;
    terms.maxBytes = block(quarter) - 1;
    EXPECT_FALSE(configureWith(pool, quarter, terms)) << "not even one";
    terms.maxBytes++;
    EXPECT_TRUE(configureWith(pool, quarter, terms));
}

TEST_F(PolicyTest, ABudgetDoesNotShowAsAMaximum) {
    Terms terms{0, 0};
    terms.maxBytes = block(quarter);
    ASSERT_TRUE(configureWith(pool, quarter, terms));
    const Owned<GstStructure> config(gst_buffer_pool_get_config(pool.get()));
    guint max = 7;
    gst_buffer_pool_config_get_params(config.get(), nullptr, nullptr, nullptr, &max);
    EXPECT_EQ(max, 0u) << "libav's decoders would turn the pool down";
    EXPECT_EQ(gst_media_heap_buffer_pool_config_get_max_bytes(config.get()), block(quarter));
}

TEST_F(PolicyTest, AConfigurationThatSaysNothingHasTheDefaults) {
    const Owned<GstStructure> config(gst_buffer_pool_get_config(pool.get()));
    GstClockTime wait = 0;
    EXPECT_EQ(gst_media_heap_buffer_pool_config_get_when_full(config.get(), &wait),
              GST_MEDIA_HEAP_WHEN_FULL_RECLAIM);
    EXPECT_EQ(wait, 2 * GST_SECOND);
    EXPECT_EQ(gst_media_heap_buffer_pool_config_get_when_full(config.get(), nullptr),
              GST_MEDIA_HEAP_WHEN_FULL_RECLAIM);
    EXPECT_EQ(gst_media_heap_buffer_pool_config_get_max_bytes(config.get()), 0u);
    gst_media_heap_buffer_pool_config_set_when_full(config.get(), GST_MEDIA_HEAP_WHEN_FULL_FAIL, 5);
    EXPECT_EQ(gst_media_heap_buffer_pool_config_get_when_full(config.get(), &wait),
              GST_MEDIA_HEAP_WHEN_FULL_FAIL);
    EXPECT_EQ(wait, 5u);
}

TEST_F(PolicyTest, KnowsHowManyBuffersAreLeft) {
    startWith(pool, {1, 3});
    EXPECT_EQ(availableOf(pool), 3u);
    std::vector<Owned<GstBuffer>> buffers = take(pool, 2);
    EXPECT_EQ(availableOf(pool), 1u);
    startWith(other, {1, 0}); // and the heap has room for one more
    EXPECT_EQ(availableOf(pool), 1u);
    EXPECT_EQ(availableOf(other), 2u);
    const auto theirs = take(other, 2);
    EXPECT_EQ(availableOf(pool), 0u);
    buffers.pop_back();
    EXPECT_EQ(availableOf(pool), 1u);
}

} // namespace

} // namespace mediaheap::test
