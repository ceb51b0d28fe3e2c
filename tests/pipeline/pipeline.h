// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "element_test.h"

namespace mediaheap::test {

struct ElementReleaser {
    void operator()(GstElement* element) const { gst_object_unref(element); }
};
using OwnedElement = std::unique_ptr<GstElement, ElementReleaser>;

/// A pipeline written as for gst-launch-1.0.
class Pipeline {
public:
    explicit Pipeline(const std::string& description);
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    GstElement* get() { return pipeline_; }
    OwnedElement element(const char* name);
    Counts counts(const char* name) { return countsOf(element(name).get()); }

    /// Calls @p see for every buffer that goes through pad @p pad of element @p name.
    void onBuffer(const char* name, const char* pad, std::function<void(GstBuffer*)> see);

    GstStateChangeReturn setState(GstState state) {
        return gst_element_set_state(pipeline_, state);
    }
    /// Goes to @p state and waits until it is there.
    bool reach(GstState state);
    /// Plays until the end of the stream or an error; true for the end.
    bool play();
    /// Waits for the end of the stream or an error; true for the end.
    bool waitForEnd();
    /// Seeks to the beginning, throwing away what is on its way.
    bool rewind();

    /// What elements have posted so far. Of errors the text, of warnings the text.
    const std::vector<std::string>& errors();
    const std::vector<std::string>& warnings();
    /// How many messages of type @p type.
    int countMessages(GstMessageType type);

private:
    struct Watch {
        std::function<void(GstBuffer*)> see;
    };
    void drain();
    void take(GstMessage* message);

    GstElement* pipeline_ = nullptr;
    GstBus* bus_ = nullptr;
    std::mutex posting_;
    std::vector<std::unique_ptr<Watch>> watches_;
    std::vector<std::string> errors_;
    std::vector<std::string> warnings_;
    std::vector<GstMessageType> types_;
};

} // namespace mediaheap::test
