// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element_test.h"

#include <ostream>

namespace mediaheap::test {

bool operator==(const Counts& a, const Counts& b) {
    return a.passed == b.passed && a.copied == b.copied && a.bytes == b.bytes;
}

std::ostream& operator<<(std::ostream& out, const Counts& counts) {
    return out << counts.passed << " passed, " << counts.copied << " copied, " << counts.bytes
               << " bytes";
}

Counts countsOf(GstElement* element) {
    GstStructure* read = nullptr;
    g_object_get(element, "stats", &read, nullptr);
    const Owned<GstStructure> stats(read);
    Counts counts;
    EXPECT_TRUE(gst_structure_get(stats.get(), "buffers-passed", G_TYPE_UINT64, &counts.passed,
                                  "buffers-copied", G_TYPE_UINT64, &counts.copied, "bytes-copied",
                                  G_TYPE_UINT64, &counts.bytes, nullptr));
    return counts;
}

Rig::Rig(const char* factory, const std::string& heap) {
    GstElement* element = gst_element_factory_make(factory, nullptr);
    if (!element) {
        ADD_FAILURE() << "no element " << factory << "; is GST_PLUGIN_PATH set?";
        std::abort();
    }
    if (!heap.empty())
        g_object_set(element, "heap", heap.c_str(), nullptr);
    bus_ = gst_bus_new();
    gst_element_set_bus(element, bus_);
    harness_ = gst_harness_new_with_element(element, "sink", "src");
    gst_object_unref(element);
    gst_pad_add_probe(harness_->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, onQuery, this,
                      nullptr);
}

Rig::~Rig() {
    gst_element_set_bus(element(), nullptr);
    gst_harness_teardown(harness_);
    gst_object_unref(bus_);
}

void Rig::onAllocation(std::function<void(GstQuery*)> answer) { answer_ = std::move(answer); }

void Rig::downstreamTakesVideoMeta(const GstStructure* params) {
    onAllocation([params](GstQuery* query) {
        gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, params);
    });
}

void Rig::start(const std::string& caps) { gst_harness_set_src_caps_str(harness_, caps.c_str()); }

void Rig::startWithoutCaps() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    gst_harness_push_event(harness_, gst_event_new_stream_start("bytes"));
    gst_harness_push_event(harness_, gst_event_new_segment(&segment));
}

Proposal Rig::ask(const std::string& caps, bool needPool) {
    const Owned<GstCaps> parsed(caps.empty() ? nullptr : gst_caps_from_string(caps.c_str()));
    return ask(OwnedQuery(gst_query_new_allocation(parsed.get(), needPool)));
}

Proposal Rig::ask(const OwnedQuery& query) {
    Proposal proposal;
    proposal.answered = gst_pad_peer_query(harness_->srcpad, query.get());
    proposal.pools = gst_query_get_n_allocation_pools(query.get());
    if (proposal.pools > 0) {
        GstBufferPool* pool = nullptr;
        gst_query_parse_nth_allocation_pool(query.get(), 0, &pool, &proposal.size, &proposal.min,
                                            &proposal.max);
        proposal.pool.reset(pool);
    }
    proposal.allocators = gst_query_get_n_allocation_params(query.get());
    if (proposal.allocators > 0) {
        GstAllocator* allocator = nullptr;
        gst_query_parse_nth_allocation_param(query.get(), 0, &allocator, &proposal.params);
        proposal.allocator.reset(allocator);
    }
    proposal.videoMeta =
        gst_query_find_allocation_meta(query.get(), GST_VIDEO_META_API_TYPE, nullptr);
    return proposal;
}

Owned<GstBuffer> Rig::push(Owned<GstBuffer> buffer, GstFlowReturn* result) {
    const GstFlowReturn flow = gst_harness_push(harness_, buffer.release());
    if (result)
        *result = flow;
    else
        EXPECT_EQ(flow, GST_FLOW_OK);
    return Owned<GstBuffer>(gst_harness_try_pull(harness_));
}

std::vector<std::string> Rig::texts(GstMessageType type, std::vector<std::string>* details) {
    std::vector<std::string> found;
    while (GstMessage* message = gst_bus_pop_filtered(bus_, type)) {
        GError* error = nullptr;
        gchar* detail = nullptr;
        if (type == GST_MESSAGE_ERROR)
            gst_message_parse_error(message, &error, &detail);
        else if (type == GST_MESSAGE_INFO)
            gst_message_parse_info(message, &error, &detail);
        else
            gst_message_parse_warning(message, &error, &detail);
        found.emplace_back(error->message);
        if (details)
            details->emplace_back(detail ? detail : "");
        g_error_free(error);
        g_free(detail);
        gst_message_unref(message);
    }
    return found;
}

GstPadProbeReturn Rig::onQuery(GstPad*, GstPadProbeInfo* info, gpointer self) {
    GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
    if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
        return GST_PAD_PROBE_OK;
    auto& answer = static_cast<Rig*>(self)->answer_;
    // Without an answer downstream is one that does not know the query.
    if (!answer)
        return GST_PAD_PROBE_DROP;
    answer(query);
    return GST_PAD_PROBE_HANDLED;
}

Owned<GstMediaHeap> heapOf(GstBuffer* buffer) {
    Owned<GstMediaHeap> heap;
    for (guint i = 0; i < gst_buffer_n_memory(buffer); i++) {
        GstMemory* memory = gst_buffer_peek_memory(buffer, i);
        if (!gst_is_media_heap_memory(memory))
            return nullptr;
        Owned<GstMediaHeap> owner(gst_media_heap_memory_get_heap(memory));
        if (heap && heap != owner)
            return nullptr;
        heap = std::move(owner);
    }
    return heap;
}

testing::AssertionResult isOneTextWith(const std::vector<std::string>& texts,
                                       const std::vector<std::string>& parts) {
    if (texts.size() != 1)
        return testing::AssertionFailure()
               << texts.size() << " texts: " << testing::PrintToString(texts);
    for (const std::string& part : parts) {
        if (texts[0].find(part) == std::string::npos)
            return testing::AssertionFailure() << "'" << texts[0] << "' lacks '" << part << "'";
    }
    return testing::AssertionSuccess();
}

} // namespace mediaheap::test
