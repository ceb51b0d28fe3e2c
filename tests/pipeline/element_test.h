// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>

#include <gst/check/gstharness.h>

#include "gst_test.h"
#include "video.h"

namespace mediaheap::test {

/// What an element says of its buffers in its property `stats`.
struct Counts {
    guint64 passed = 0;
    guint64 copied = 0;
    guint64 bytes = 0;
};
bool operator==(const Counts& a, const Counts& b);
std::ostream& operator<<(std::ostream& out, const Counts& counts);

Counts countsOf(GstElement* element);

struct QueryReleaser {
    void operator()(GstQuery* query) const { gst_query_unref(query); }
};
using OwnedQuery = std::unique_ptr<GstQuery, QueryReleaser>;

/// The answer to an ALLOCATION query, first entries only.
struct Proposal {
    bool answered = false;
    Owned<GstBufferPool> pool;
    guint pools = 0;
    guint size = 0;
    guint min = 0;
    guint max = 0;
    Owned<GstAllocator> allocator;
    GstAllocationParams params{};
    guint allocators = 0;
    bool videoMeta = false;
};

/// One element between two pads of the test, with a heap of its own where it has the property.
class Rig {
public:
    /// @p heap is the heap string of mediaheapupload; empty for elements without one.
    Rig(const char* factory, const std::string& heap);
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    GstHarness* harness() { return harness_; }
    GstElement* element() { return harness_->element; }
    Counts counts() { return countsOf(element()); }

    /// What downstream answers to ALLOCATION queries from now on; without it, nothing.
    void onAllocation(std::function<void(GstQuery*)> answer);
    /// As downstream that understands GstVideoMeta; @p params may be NULL.
    void downstreamTakesVideoMeta(const GstStructure* params = nullptr);

    /// Makes stream-start, caps and segment known to the element.
    void start(const std::string& caps);
    /// As a source of bytes that nobody knows the type of.
    void startWithoutCaps();

    /// Asks as upstream does.
    Proposal ask(const std::string& caps, bool needPool = true);
    Proposal ask(const OwnedQuery& query);

    /// Pushes a buffer and takes what comes out; NULL when nothing did, with @p result saying why.
    Owned<GstBuffer> push(Owned<GstBuffer> buffer, GstFlowReturn* result = nullptr);

    /// The texts of the errors that the element has posted since the last call.
    std::vector<std::string> errors() { return texts(GST_MESSAGE_ERROR); }
    /// The same of warnings, and what they say to developers where @p details are wanted.
    std::vector<std::string> warnings(std::vector<std::string>* details = nullptr) {
        return texts(GST_MESSAGE_WARNING, details);
    }

    std::vector<std::string> infos() { return texts(GST_MESSAGE_INFO); }

private:
    std::vector<std::string> texts(GstMessageType type,
                                   std::vector<std::string>* details = nullptr);
    static GstPadProbeReturn onQuery(GstPad* pad, GstPadProbeInfo* info, gpointer self);

    GstHarness* harness_ = nullptr;
    GstBus* bus_ = nullptr;
    std::function<void(GstQuery*)> answer_;
};

/// The heap that every memory of @p buffer is from; NULL when there is no such heap.
Owned<GstMediaHeap> heapOf(GstBuffer* buffer);

/// Whether the only text of @p texts names each of @p parts.
testing::AssertionResult isOneTextWith(const std::vector<std::string>& texts,
                                       const std::vector<std::string>& parts);

} // namespace mediaheap::test
