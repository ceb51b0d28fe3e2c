// SPDX-License-Identifier: LGPL-2.1-or-later
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "pool_test.h"

namespace mediaheap::test {

namespace {

using namespace std::chrono_literals;

/// Hands buffers from producers to consumers.
class Channel {
public:
    void push(Owned<GstBuffer> buffer) {
        const std::lock_guard lock(mutex_);
        buffers_.push_back(std::move(buffer));
        changed_.notify_one();
    }
    /// Null once it is closed and empty.
    Owned<GstBuffer> pop() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !buffers_.empty() || closed_; });
        if (buffers_.empty())
            return nullptr;
        Owned<GstBuffer> buffer = std::move(buffers_.front());
        buffers_.pop_front();
        return buffer;
    }
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Owned<GstBuffer>> buffers_;
    bool closed_ = false;
};

class ThreadsTest : public PoolTest {
protected:
    /// @p producers threads acquire, write and hand on; as many check, and give back in every way
    /// there is. Returns how many frames came through.
    int pump(int producers, int framesEach);
    void consume(Channel& channel, std::atomic<int>& frames);
};

void ThreadsTest::consume(Channel& channel, std::atomic<int>& frames) {
    for (int i = 0; Owned<GstBuffer> buffer = channel.pop(); i++) {
        GstMemory* memory = gst_buffer_peek_memory(buffer.get(), 0);
        {
            const Mapped mapped(memory, GST_MAP_READ);
            ASSERT_TRUE(mapped);
            ASSERT_EQ(mapped.data()[0], mapped.data()[999]) << "two producers had this frame";
        }
        Owned<GstMemory> later;
        if (i % 3 == 0)
            later.reset(gst_memory_share(memory, 0, 10));
        else if (i % 3 == 1)
            gst_buffer_remove_all_memory(buffer.get());
        buffer.reset();
        frames++;
    }
}

int ThreadsTest::pump(int producers, int framesEach) {
    Channel channel;
    std::atomic<int> frames{0};
    std::vector<std::thread> writers;
    std::vector<std::thread> readers;
    for (int thread = 0; thread < producers; thread++) {
        writers.emplace_back([this, &channel, thread, framesEach] {
            for (int i = 0; i < framesEach; i++) {
                Owned<GstBuffer> buffer = acquire(pool);
                if (buffer == nullptr)
                    return;
                gst_buffer_memset(buffer.get(), 0, static_cast<guint8>(thread * 16 + i), 1000);
                channel.push(std::move(buffer));
            }
        });
        readers.emplace_back([this, &channel, &frames] { consume(channel, frames); });
    }
    for (std::thread& writer : writers)
        writer.join();
    channel.close();
    for (std::thread& reader : readers)
        reader.join();
    return frames;
}

TEST_F(ThreadsTest, FramesFlowThroughAStarvingPool) {
    start({"test/data", 1000, 0, 2});
    EXPECT_EQ(pump(3, 2000), 6000);
    EXPECT_LE(stat(heap.get(), "peak"), 2u * 65536) << "never a third frame";
}

TEST_F(ThreadsTest, FramesFlowThroughAStarvingHeap) {
    openHeap("size=256K");
    start({"test/data", 100000, 0, 0});
    EXPECT_EQ(pump(3, 1000), 3000);
}

TEST_F(ThreadsTest, FlushingAndUnflushingDisturbsNobodyForGood) {
    start({"test/data", 1000, 1, 2});
    std::atomic<bool> done{false};
    std::atomic<int> frames{0};
    std::vector<std::thread> takers;
    for (int thread = 0; thread < 3; thread++) {
        takers.emplace_back([&] {
            while (!done) {
                GstFlowReturn result = GST_FLOW_OK;
                if (acquire(pool, &result) != nullptr)
                    frames++;
                else
                    ASSERT_EQ(result, GST_FLOW_FLUSHING);
            }
        });
    }
    for (int round = 0; round < 200; round++) {
        gst_buffer_pool_set_flushing(pool.get(), TRUE);
        gst_buffer_pool_set_flushing(pool.get(), FALSE);
    }
    // The last word was "go on": everybody must get something again.
    const int before = frames;
    for (int i = 0; i < 2000 && frames == before; i++)
        std::this_thread::sleep_for(10ms);
    EXPECT_GT(frames, before);
    done = true;
    for (std::thread& taker : takers)
        taker.join();
    EXPECT_LE(blocks(), 2u);
}

TEST_F(ThreadsTest, StartingAndStoppingUnderLoadLeavesNothing) {
    ASSERT_TRUE(configure(pool, {"test/data", 1000, 2, 3}));
    std::atomic<bool> done{false};
    std::vector<std::thread> takers;
    for (int thread = 0; thread < 3; thread++) {
        takers.emplace_back([&, thread] {
            while (!done) {
                Owned<GstBuffer> buffer = acquire(pool);
                if (buffer != nullptr && thread == 0)
                    gst_buffer_remove_all_memory(buffer.get());
            }
        });
    }
    for (int round = 0; round < 200; round++) {
        ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
        std::this_thread::yield();
        ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), FALSE));
    }
    done = true;
    for (std::thread& taker : takers)
        taker.join();
    EXPECT_EQ(blocks(), 0u);
}

} // namespace

} // namespace mediaheap::test
