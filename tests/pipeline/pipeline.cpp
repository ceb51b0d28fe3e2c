// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipeline.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

namespace mediaheap::test {

namespace {

/// Longer than any pipeline of the tests takes under a sanitizer.
constexpr GstClockTime patience = 120 * GST_SECOND;

/// Objects that are to go. A sanitizer does not see how GObject hands what it is told from one
/// thread to another; it sees this lock, which orders the waiting thread and the one that ends the
/// object.
struct Awaited {
    std::mutex mutex;
    std::condition_variable changed;
    std::set<GObject*> objects;
};

Awaited& awaited() {
    static Awaited all;
    return all;
}

/// Drops the last reference of the test's to @p object and waits for those of GStreamer's threads:
/// one that completed a change of state may hold the pipeline for a moment longer.
void unrefAndSeeGone(gpointer object) {
    GObject* const key = G_OBJECT(object);
    std::unique_lock lock(awaited().mutex);
    awaited().objects.insert(key);
    lock.unlock();
    g_object_weak_ref(
        key,
        [](gpointer, GObject* gone) {
            const std::lock_guard guard(awaited().mutex);
            awaited().objects.erase(gone);
            awaited().changed.notify_all();
        },
        nullptr);
    gst_object_unref(object);
    lock.lock();
    EXPECT_TRUE(awaited().changed.wait_for(lock, std::chrono::nanoseconds(patience), [&] {
        return awaited().objects.count(key) == 0;
    })) << "somebody holds the pipeline for good";
}

} // namespace

Pipeline::Pipeline(const std::string& description) {
    GError* error = nullptr;
    GstElement* parsed =
        gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!parsed) {
        ADD_FAILURE() << error->message;
        std::abort();
    }
    gst_object_ref_sink(parsed);
    if (GST_IS_PIPELINE(parsed)) {
        pipeline_ = parsed;
    } else {
        pipeline_ = GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)));
        gst_bin_add(GST_BIN(pipeline_), parsed);
        gst_object_unref(parsed);
    }
    bus_ = gst_element_get_bus(pipeline_);
    // The bus queues messages without a lock, so nothing that a sanitizer can see orders what was
    // done before one was posted and what is done when it was read.
    gst_bus_set_sync_handler(
        bus_,
        [](GstBus*, GstMessage*, gpointer self) {
            const std::lock_guard lock(static_cast<Pipeline*>(self)->posting_);
            return GST_BUS_PASS;
        },
        this, nullptr);
}

Pipeline::~Pipeline() {
    setState(GST_STATE_NULL);
    gst_object_unref(bus_);
    unrefAndSeeGone(pipeline_);
}

OwnedElement Pipeline::element(const char* name) {
    GstElement* found = gst_bin_get_by_name(GST_BIN(pipeline_), name);
    EXPECT_NE(found, nullptr) << name;
    return OwnedElement(found);
}

void Pipeline::onBuffer(const char* name, const char* padName,
                        std::function<void(GstBuffer*)> see) {
    watches_.push_back(std::make_unique<Watch>(Watch{std::move(see)}));
    GstPad* pad = gst_element_get_static_pad(element(name).get(), padName);
    gst_pad_add_probe(
        pad, GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer watch) {
            static_cast<Watch*>(watch)->see(GST_PAD_PROBE_INFO_BUFFER(info));
            return GST_PAD_PROBE_OK;
        },
        watches_.back().get(), nullptr);
    gst_object_unref(pad);
}

bool Pipeline::reach(GstState state) {
    return setState(state) != GST_STATE_CHANGE_FAILURE &&
           gst_element_get_state(pipeline_, nullptr, nullptr, patience) != GST_STATE_CHANGE_FAILURE;
}

bool Pipeline::play() {
    return setState(GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE && waitForEnd();
}

bool Pipeline::waitForEnd() {
    for (;;) {
        GstMessage* message = gst_bus_timed_pop(bus_, patience);
        if (!message) {
            ADD_FAILURE() << "the pipeline comes to no end";
            return false;
        }
        const GstMessageType type = GST_MESSAGE_TYPE(message);
        take(message);
        if (type == GST_MESSAGE_EOS || type == GST_MESSAGE_ERROR)
            return type == GST_MESSAGE_EOS;
    }
}

bool Pipeline::rewind() {
    return gst_element_seek_simple(pipeline_, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0);
}

const std::vector<std::string>& Pipeline::errors() {
    drain();
    return errors_;
}

const std::vector<std::string>& Pipeline::warnings() {
    drain();
    return warnings_;
}

int Pipeline::countMessages(GstMessageType type) {
    drain();
    return static_cast<int>(std::count(types_.begin(), types_.end(), type));
}

void Pipeline::drain() {
    while (GstMessage* message = gst_bus_pop(bus_))
        take(message);
}

void Pipeline::take(GstMessage* message) {
    const std::lock_guard lock(posting_);
    GError* error = nullptr;
    types_.push_back(GST_MESSAGE_TYPE(message));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error(message, &error, nullptr);
        errors_.emplace_back(error->message);
    } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
        gst_message_parse_warning(message, &error, nullptr);
        warnings_.emplace_back(error->message);
    }
    g_clear_error(&error);
    gst_message_unref(message);
}

} // namespace mediaheap::test
