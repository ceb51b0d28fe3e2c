// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "pool_test.h"

namespace mediaheap::test {

namespace {

/// One of the things that keep a frame of the pool alive.
struct Holder {
    GstMemory* root;         ///< identity of the frame
    Owned<GstBuffer> buffer; ///< as the pool gave it
    Owned<GstMemory> memory; ///< or a reference to its memory
    Owned<GstMemory> part;   ///< or a part of it
};

/// A naive model of the pool: who holds which frame is a list, and everything follows from that.
class PoolModel {
public:
    explicit PoolModel(size_t maximum) : maximum_(maximum) {}

    size_t size() const { return holders_.size(); }
    Holder& at(size_t index) { return holders_[index]; }
    void add(Holder holder) { holders_.push_back(std::move(holder)); }
    void drop(size_t index) { holders_.erase(holders_.begin() + static_cast<ptrdiff_t>(index)); }

    /// Frames that must not be handed out: a buffer is out, or somebody shares a part. A mere
    /// reference to the memory does not keep a frame whose buffer has come back, but one without a
    /// buffer.
    std::set<GstMemory*> held() const {
        std::set<GstMemory*> frames;
        for (const Holder& holder : holders_) {
            if (holder.buffer != nullptr || holder.part != nullptr ||
                (holder.memory != nullptr && homeless_.count(holder.root) != 0))
                frames.insert(holder.root);
        }
        return frames;
    }
    bool isFull() const { return held().size() >= maximum_; }

    /// The buffer of @p root was discarded: only what holds the memory keeps the frame now.
    void discarded(GstMemory* root) { homeless_.insert(root); }
    void handedOut(GstMemory* root) {
        homeless_.erase(root);
        frames_.insert(root);
    }
    size_t framesSeen() const { return frames_.size(); }

private:
    size_t maximum_;
    std::vector<Holder> holders_;
    std::set<GstMemory*> homeless_;
    std::set<GstMemory*> frames_;
};

class ModelTest : public PoolTest {
protected:
    void run(unsigned seed, size_t maximum, int operations);
    void take(PoolModel& model);
    void giveBack(PoolModel& model, size_t index, unsigned way);
};

void ModelTest::take(PoolModel& model) {
    GstFlowReturn result = GST_FLOW_ERROR;
    Owned<GstBuffer> buffer = acquireNow(pool, &result);
    if (model.isFull()) {
        ASSERT_EQ(result, GST_FLOW_EOS);
        return;
    }
    ASSERT_EQ(result, GST_FLOW_OK);
    GstMemory* root = gst_buffer_peek_memory(buffer.get(), 0);
    ASSERT_EQ(model.held().count(root), 0u) << "somebody has this frame";
    ASSERT_EQ(gst_buffer_get_size(buffer.get()), 5000u);
    ASSERT_EQ(root->offset, 0u);
    ASSERT_TRUE(gst_buffer_is_all_memory_writable(buffer.get()));
    model.handedOut(root);
    model.add({root, std::move(buffer), nullptr, nullptr});
}

/// Gives what holder @p index has back in one of several ways.
void ModelTest::giveBack(PoolModel& model, size_t index, unsigned way) {
    Holder& holder = model.at(index);
    if (holder.buffer != nullptr) {
        const bool shared =
            std::any_of(&model.at(0), &model.at(0) + model.size(), [&](Holder& other) {
                return other.root == holder.root && other.part != nullptr;
            });
        bool discarded = shared;
        if (way == 0) {
            gst_buffer_remove_all_memory(holder.buffer.get());
            discarded = true;
        } else if (way == 1 && !shared) {
            gst_buffer_resize(holder.buffer.get(), 3, 4);
        }
        if (discarded)
            model.discarded(holder.root);
    }
    model.drop(index);
}

void ModelTest::run(unsigned seed, size_t maximum, int operations) {
    std::mt19937 random(seed);
    start({"test/data", 5000, 0, static_cast<guint>(maximum)});
    PoolModel model(maximum);
    for (int i = 0; i < operations; i++) {
        const unsigned dice = random() % 10;
        const size_t index = model.size() != 0 ? random() % model.size() : 0;
        if (dice < 4 || model.size() == 0) {
            ASSERT_NO_FATAL_FAILURE(take(model)) << "operation " << i;
        } else if (dice < 5) {
            Holder& holder = model.at(index);
            // Sharing an idle frame through an old reference is a case of its own, see ReturnTest.
            if (model.held().count(holder.root) == 0)
                continue;
            GstMemory* of = holder.part != nullptr ? holder.part.get() : holder.root;
            Owned<GstMemory> part(gst_memory_share(of, 0, 100));
            ASSERT_NE(part, nullptr);
            model.add({holder.root, nullptr, nullptr, std::move(part)});
        } else if (dice < 6) {
            GstMemory* root = model.at(index).root;
            model.add({root, nullptr, Owned<GstMemory>(gst_memory_ref(root)), nullptr});
        } else {
            giveBack(model, index, random() % 4);
        }
        ASSERT_LE(blocks(), maximum) << "operation " << i;
    }
    EXPECT_EQ(model.framesSeen(), maximum) << "the same frames all the time";
    while (model.size() != 0)
        model.drop(0);
    for (size_t i = 0; i < maximum; i++)
        ASSERT_NO_FATAL_FAILURE(take(model)) << "all frames have come back";
    EXPECT_EQ(blocks(), maximum);
    while (model.size() != 0)
        model.drop(0);
    stop();
    EXPECT_EQ(blocks(), 0u);
}

TEST_F(ModelTest, NeverHandsOutWhatSomebodyHasAndNeverExceedsItsMaximum) {
    unsigned seed = 1;
    for (const size_t maximum : {size_t{1}, size_t{2}, size_t{3}, size_t{8}})
        ASSERT_NO_FATAL_FAILURE(run(seed++, maximum, 20000)) << "maximum " << maximum;
}

} // namespace

} // namespace mediaheap::test
