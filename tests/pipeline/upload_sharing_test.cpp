// SPDX-License-Identifier: LGPL-2.1-or-later
//
// More pipelines than one heap has room for: nobody hangs, and who gets nothing learns who has it.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <unistd.h>

#include "pipeline.h"

namespace mediaheap::test {

namespace {

/// A heap for the frames of three pipelines, each of which works with two.
class UploadSharing : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        const int page = getpagesize();
        const int frame = (320 * 240 * 3 / 2 + page - 1) / page * page;
        string = testHeapString("size=" + std::to_string(3 * 2 * frame));
        heap.reset(gst_media_heap_open(string.c_str(), nullptr));
        ASSERT_NE(heap, nullptr);
    }
    void TearDown() override {
        EXPECT_EQ(stat(heap.get(), "used"), 0u);
        heap.reset();
        GstTest::TearDown();
    }

    std::string describe(const std::string& name, const std::string& source,
                         const std::string& upload, const std::string& sink) const {
        return source + " ! " + videoCaps("NV12", 320, 240) + " ! mediaheapupload name=" + name +
               " heap=" + string + " " + upload + " ! fakesink name=sink " + sink;
    }

    std::string string;
    Owned<GstMediaHeap> heap;
};

/// A pipeline that plays on, frame after frame, until it is told to stop.
class Player {
public:
    explicit Player(const std::string& description) : pipeline(description) {
        pipeline.onBuffer("sink", "sink", [this](GstBuffer*) {
            const std::lock_guard lock(mutex_);
            frames_++;
            came_.notify_all();
        });
        EXPECT_NE(pipeline.setState(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    }
    /// Waits for @p count frames more.
    bool goesOn(int count) {
        std::unique_lock lock(mutex_);
        const int before = frames_;
        return came_.wait_for(lock, std::chrono::seconds(60),
                              [&] { return frames_ >= before + count; });
    }

    Pipeline pipeline;

private:
    std::mutex mutex_;
    std::condition_variable came_;
    int frames_ = 0;
};

struct Way {
    const char* name;
    const char* after; ///< what keeps the source from the lent pool, so that its frames are copied
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class FourPipelines : public UploadSharing, public testing::WithParamInterface<Way> {};

TEST_P(FourPipelines, TheFourthLearnsWhoHasTheMemoryAndTheOthersGoOn) {
    const std::string source = std::string("videotestsrc") + GetParam().after;
    std::vector<std::unique_ptr<Player>> players;
    for (const char* name : {"one", "two", "three"}) {
        players.push_back(std::make_unique<Player>(describe(name, source, "", "sync=true")));
        ASSERT_TRUE(players.back()->goesOn(3)) << name;
    }
    ASSERT_EQ(stat(heap.get(), "used"), stat(heap.get(), "size"));

    Pipeline fourth(describe("four", source, "max-wait=300000000", ""));
    EXPECT_FALSE(fourth.play());
    ASSERT_FALSE(fourth.errors().empty());
    const std::string error = fourth.errors()[0];
    for (const std::string& part :
         {std::string(gst_media_heap_get_description(heap.get())), std::string(":one "),
          std::string(":two "), std::string(":three "), std::string("KiB"),
          std::string("larger size=")})
        EXPECT_NE(error.find(part), std::string::npos) << part << " in: " << error;

    for (auto& player : players) {
        EXPECT_TRUE(player->goesOn(3));
        EXPECT_TRUE(player->pipeline.errors().empty())
            << testing::PrintToString(player->pipeline.errors());
    }
    ASSERT_TRUE(fourth.reach(GST_STATE_NULL));
    players.erase(players.begin() + 1);
    Player another(describe("five", source, "", "sync=true"));
    EXPECT_TRUE(another.goesOn(3)) << "there is room for three again";
}

TEST_P(FourPipelines, AllAtOnceEachComesToAnEnd) {
    const std::string source = std::string("videotestsrc num-buffers=30") + GetParam().after;
    std::vector<std::unique_ptr<Pipeline>> pipelines;
    for (const char* name : {"one", "two", "three", "four"}) {
        pipelines.push_back(
            std::make_unique<Pipeline>(describe(name, source, "max-wait=300000000", "")));
        pipelines.back()->setState(GST_STATE_PLAYING);
    }
    int played = 0;
    for (auto& pipeline : pipelines) {
        const bool ended = pipeline->waitForEnd();
        played += ended;
        if (!ended) {
            ASSERT_FALSE(pipeline->errors().empty()) << "hangs";
            EXPECT_NE(pipeline->errors()[0].find("pools that have memory of it"), std::string::npos)
                << pipeline->errors()[0];
        }
        pipeline->setState(GST_STATE_NULL);
    }
    EXPECT_GE(played, 1);
}

TEST_P(FourPipelines, AllAtOnceWithPatienceAllPlay) {
    // Each that is done makes room.
    const std::string source = std::string("videotestsrc num-buffers=30") + GetParam().after;
    std::vector<std::unique_ptr<Pipeline>> pipelines;
    for (const char* name : {"one", "two", "three", "four"}) {
        pipelines.push_back(std::make_unique<Pipeline>(describe(
            name, source, "max-wait=60000000000", "async=false enable-last-sample=false")));
        pipelines.back()->setState(GST_STATE_PLAYING);
    }
    for (auto& pipeline : pipelines) {
        EXPECT_TRUE(pipeline->waitForEnd()) << testing::PrintToString(pipeline->errors());
        pipeline->setState(GST_STATE_NULL);
    }
}

INSTANTIATE_TEST_SUITE_P(On, FourPipelines,
                         testing::Values(Way{"LentPools", ""},
                                         Way{"Copies", " ! identity drop-allocation=true"}),
                         [](const auto& way) { return std::string(way.param.name); });

// A pool waits for its own buffers however long that takes, but not without a word.

TEST_F(UploadSharing, WhoeverKeepsMoreBuffersThanThereAreIsNotLeftWithoutAReason) {
    Pipeline pipeline(describe("camera", "videotestsrc num-buffers=9",
                               "max-buffers=2 max-wait=0 ! queue min-threshold-buffers=4", ""));
    pipeline.setState(GST_STATE_PLAYING);
    for (int times = 0; times < 2000 && pipeline.warnings().empty(); times++)
        g_usleep(10 * 1000);
    EXPECT_TRUE(isOneTextWith(pipeline.warnings(), {gst_media_heap_get_description(heap.get()),
                                                    "camera", "all 2", "min-buffers=3"}));
    EXPECT_TRUE(pipeline.errors().empty());
    pipeline.setState(GST_STATE_NULL);
}

TEST_F(UploadSharing, OneWaitIsToldOfOnceThoughThePoolWasLentOn) {
    Pipeline pipeline("videotestsrc num-buffers=9 ! " + videoCaps("NV12", 320, 240) +
                      " ! mediaheapupload heap=" + string + " ! mediaheapupload heap=" + string +
                      " max-buffers=2 max-wait=0 ! queue min-threshold-buffers=4 ! fakesink");
    pipeline.setState(GST_STATE_PLAYING);
    for (int times = 0; times < 2000 && pipeline.warnings().empty(); times++)
        g_usleep(10 * 1000);
    g_usleep(300 * 1000);
    EXPECT_EQ(pipeline.warnings().size(), 1u) << testing::PrintToString(pipeline.warnings());
    pipeline.setState(GST_STATE_NULL);
}

TEST_F(UploadSharing, OfAPausedPipelineNobodyIsWarned) {
    Pipeline pipeline(describe("camera", "videotestsrc", "max-buffers=2 max-wait=0 ! queue", ""));
    ASSERT_TRUE(pipeline.reach(GST_STATE_PAUSED));
    g_usleep(1500 * 1000); // the least wait that is told of is a second
    EXPECT_TRUE(pipeline.warnings().empty());
}

// Frames that are no pictures have no pool that waits for them.

/// Ten a second, of @p size bytes.
std::string chunks(int size, const std::string& amount = "") {
    return "fakesrc format=time sizetype=fixed sizemax=" + std::to_string(size) +
           " datarate=" + std::to_string(10 * size) + " " + amount +
           " ! application/x-test ! identity drop-allocation=true";
}

TEST_F(UploadSharing, WhatOneStreamWaitsForIsNoFailureOfAnother) {
    string = testHeapString("size=128K");
    const auto branch = [&](const char* name) {
        return chunks(16384, "num-buffers=20") +
               " ! mediaheapupload max-wait=30000000000 name=" + name + " heap=" + string +
               " ! queue max-size-buffers=2 ! fakesink sync=true ";
    };
    Pipeline pipeline(branch("one") + branch("two"));
    EXPECT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_TRUE(pipeline.warnings().empty()) << testing::PrintToString(pipeline.warnings());
}

TEST_F(UploadSharing, WhatNeverFitsIsNotWaitedFor) {
    string = "memfd,mmz=neverfits,0,0x10000000,64K:b,0,0x20000000,64K";
    Pipeline pipeline(chunks(98304) + " ! mediaheapupload max-wait=18446744073709551615 heap=" +
                      string + " ! fakesink");
    EXPECT_FALSE(pipeline.play());
    ASSERT_FALSE(pipeline.errors().empty());
    EXPECT_NE(pipeline.errors()[0].find("more than the whole zone"), std::string::npos)
        << pipeline.errors()[0];
}

TEST_F(UploadSharing, APauseIsNoTimeThatIsWaited) {
    string = testHeapString("size=64K");
    Pipeline pipeline(chunks(16384) + " ! mediaheapupload max-wait=1000000000 heap=" + string +
                      " ! queue ! fakesink name=sink sync=true");
    ASSERT_TRUE(pipeline.reach(GST_STATE_PAUSED));
    g_usleep(1500 * 1000);
    EXPECT_TRUE(pipeline.errors().empty()) << testing::PrintToString(pipeline.errors());
}

} // namespace

} // namespace mediaheap::test
