// SPDX-License-Identifier: LGPL-2.1-or-later
#include "uploader.h"

#include <algorithm>

#include <unistd.h>

#include <gst/allocators/allocators.h>
#include <gst/mediaheap/gstmediaheapbufferpool-private.h>

#include "debug.h"
#include "dmabuf_caps.h"
#include "frame_copy.h"
#include "room_wait.h"
#include "stream_error.h"
#include "structure_field.h"

#define GST_CAT_DEFAULT uploadDebug()

namespace mediaheap::plugin {

namespace {

guint64 roundedUp(guint64 value, guint64 grain) { return (value + grain - 1) / grain * grain; }

/// Why @p pool gave nothing; NULL where there is no pool, or it does not say.
StringPtr failureOf(GstBufferPool* pool) {
    return StringPtr(pool ? gst_media_heap_buffer_pool_get_failure(GST_MEDIA_HEAP_BUFFER_POOL(pool))
                          : nullptr);
}

/// Whether @p memory is of @p heap, and no less than its blocks are: a wrapped memfd is no DMA-BUF.
bool isMemoryOf(GstMemory* memory, GstMediaHeap* heap) {
    if (!gst_is_media_heap_memory(memory) ||
        (gst_media_heap_is_dmabuf(heap) && !gst_is_dmabuf_memory(memory)))
        return false;
    const ObjectPtr<GstMediaHeap> owner(gst_media_heap_memory_get_heap(memory));
    return owner.get() == heap;
}

} // namespace

Uploader::Uploader(GstBaseTransform* element)
    : element_(element), heap_(GST_ELEMENT(element)), failures_(GST_ELEMENT(element)),
      budget_(GST_ELEMENT(element)) {}

void Uploader::start() {
    counters_.reset();
    toldOfDemand_ = false;
    lent_.reset();
    failures_.start();
    budget_.start(policy_.terms());
    copies_.setFlushing(false);
}

void Uploader::stop() {
    copies_.drop();
    lent_.letGo();
    failures_.stop();
    format_ = {};
    wishes_ = {};
    downstreamPoolLent_ = false;
}

namespace {

/// How many queries this thread is answering, one inside the other.
thread_local int queriesOnThisThread = 0;

} // namespace

Uploader::Answering::Answering() { ++queriesOnThisThread; }
Uploader::Answering::~Answering() { --queriesOnThisThread; }

CapsPtr Uploader::preferredDownstream(const GstCaps* possible) const {
    GstPad* pad = GST_BASE_TRANSFORM_SRC_PAD(element_);
    const CapsPtr peer(gst_pad_peer_query_caps(pad, nullptr));
    if (!peer || gst_caps_is_any(peer.get()))
        return nullptr;
    const CapsPtr common(gst_caps_intersect_full(peer.get(), const_cast<GstCaps*>(possible),
                                                 GST_CAPS_INTERSECT_FIRST));
    for (guint i = 0; i < gst_caps_get_size(common.get()); ++i) {
        CapsPtr one(gst_caps_fixate(gst_caps_copy_nth(common.get(), i)));
        if (gst_pad_peer_query_accept_caps(pad, one.get()))
            return one;
    }
    return nullptr;
}

bool Uploader::mayBeDmaBuf() const {
    const ObjectPtr<GstMediaHeap> heap = heap_.get();
    return !heap || gst_media_heap_is_dmabuf(heap.get());
}

/// Tells who demands DMA-BUFs of a heap without any; upstream would only say that nothing was
/// negotiated. A warning, since the demand may be no more than a question.
void Uploader::checkDemand() const {
    if (toldOfDemand_)
        return;
    const ObjectPtr<GstMediaHeap> heap = heap_.get();
    const CapsPtr peer(gst_pad_peer_query_caps(GST_BASE_TRANSFORM_SRC_PAD(element_), nullptr));
    if (!heap || !peer || gst_caps_is_any(peer.get()) || gst_caps_is_empty(peer.get()) ||
        !gst_caps_is_empty(withoutDmaBuf(peer.get()).get()) || toldOfDemand_.exchange(true))
        return;
    GST_ELEMENT_WARNING(
        element_, RESOURCE, SETTINGS,
        ("heap '%s' has no DMA-BUFs, which downstream demands; choose one that has, "
         "such as udmabuf or dma-heap:system (`mediaheap list` shows what there is)",
         gst_media_heap_get_description(heap.get())),
        ("downstream takes %" GST_PTR_FORMAT, peer.get()));
    // Upstream will post its error next; see letPipelineSettle().
    if (GST_STATE_TARGET(GST_ELEMENT(element_)) >= GST_STATE_PAUSED)
        letPipelineSettle(GST_ELEMENT(element_));
}

CapsPtr Uploader::transformCaps(GstPadDirection direction, const GstCaps* caps,
                                GstCaps* filter) const {
    CapsPtr result;
    if (!mayBeDmaBuf()) {
        // Nothing is left of what downstream takes and upstream has.
        if (direction == GST_PAD_SRC && gst_caps_is_empty(caps))
            checkDemand();
        result.reset(gst_caps_copy(caps));
    } else if (direction == GST_PAD_SINK) {
        result = withDmaBuf(caps);
        // The base class would pass on what comes in wherever it is taken at all.
        if (queriesOnThisThread == 0 && gst_caps_is_fixed(caps)) {
            if (CapsPtr preferred = preferredDownstream(result.get()))
                result = std::move(preferred);
        }
    } else {
        CapsPtr plain(gst_caps_merge(withoutDmaBuf(caps).release(), plainOfDmaBuf(caps).release()));
        result.reset(gst_caps_merge(plain.release(), gst_caps_copy(caps)));
    }
    if (filter)
        result.reset(gst_caps_intersect_full(filter, result.get(), GST_CAPS_INTERSECT_FIRST));
    return result;
}

bool Uploader::setCaps(const GstCaps* caps) {
    MediaFormat format = MediaFormat::of(caps);
    const ObjectPtr<GstMediaHeap> heap = heap_.get();
    if (heap && format.isRawVideo() && !budget_.admits(heap.get(), format.info, leastTerms()))
        return false;
    format_ = std::move(format);
    return true;
}

void Uploader::decideAllocation(GstQuery* answered) {
    copies_.drop();
    wishes_ = DownstreamWishes(answered);
    downstreamPoolLent_ = false;
    while (gst_query_get_n_allocation_pools(answered) > 0)
        gst_query_remove_nth_allocation_pool(answered, 0);
}

bool Uploader::proposeAllocation(GstQuery* upstream) {
    GstCaps* caps = nullptr;
    gboolean needPool = FALSE;
    gst_query_parse_allocation(upstream, &caps, &needPool);
    const MediaFormat format = MediaFormat::of(caps);
    if (format.kind == MediaFormat::Kind::Opaque)
        return gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(element_), upstream);

    const ObjectPtr<GstMediaHeap> heap = heap_.get();
    if (!heap)
        return false;
    wishes_.offerMetas(upstream);
    const ObjectPtr<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    wishes_.offerAllocator(upstream, allocator.get());
    failures_.watch(allocator.get());

    guint size = format.isRawVideo() ? alignedSize(format.info, wishes_) : wishes_.size();
    if (caps && size > 0) {
        PoolTerms terms = termsToLend();
        const ObjectPtr<GstBufferPool> pool =
            needPool ? poolToLend(heap.get(), caps, size) : nullptr;
        // What is lent on is bounded by whoever lent it as well.
        const guint bound = wishes_.poolMaxBuffers();
        if (pool && pool.get() == wishes_.pool() && bound > 0 &&
            (terms.maxBuffers == 0 || terms.maxBuffers > bound))
            terms.maxBuffers = std::max(bound, terms.minBuffers);
        offerPool(upstream, pool.get(), size, terms.minBuffers, terms.maxBuffers);
    }
    GST_DEBUG_OBJECT(element_, "lending upstream: %" GST_PTR_FORMAT, upstream);
    return true;
}

bool Uploader::downstreamPoolIsOurs(GstMediaHeap* heap) const {
    if (!wishes_.pool() || !GST_IS_MEDIA_HEAP_BUFFER_POOL(wishes_.pool()))
        return false;
    const ObjectPtr<GstMediaHeap> owner(
        gst_media_heap_buffer_pool_get_heap(GST_MEDIA_HEAP_BUFFER_POOL(wishes_.pool())));
    return owner.get() == heap;
}

/// As the properties say, whatever downstream wishes.
PoolTerms Uploader::leastTerms() const {
    PoolTerms terms = policy_.terms();
    terms.minBuffers = std::max(terms.minBuffers, leastBuffers);
    return terms;
}

/// As the properties say, and as many buffers as everybody needs.
PoolTerms Uploader::termsToLend() const {
    PoolTerms terms = leastTerms();
    terms.minBuffers = std::max(terms.minBuffers, wishes_.minBuffers());
    if (terms.maxBuffers > 0)
        terms.maxBuffers = std::max(terms.maxBuffers, terms.minBuffers);
    return terms;
}

ObjectPtr<GstBufferPool> Uploader::newPool(GstMediaHeap* heap) {
    ObjectPtr<GstBufferPool> pool(gst_media_heap_buffer_pool_new(heap));
    const StringPtr path(gst_object_get_path_string(GST_OBJECT(element_)));
    gst_media_heap_buffer_pool_set_user(GST_MEDIA_HEAP_BUFFER_POOL(pool.get()), path.get());
    gst_media_heap_buffer_pool_set_memory_per_plane(GST_MEDIA_HEAP_BUFFER_POOL(pool.get()),
                                                    memoryPerPlane_);
    failures_.watchWaits(pool.get());
    return pool;
}

ObjectPtr<GstBufferPool> Uploader::poolToLend(GstMediaHeap* heap, GstCaps* caps, guint& size) {
    // A pool serves one upstream; one that was lent before may still be in use.
    if (downstreamPoolIsOurs(heap) && !downstreamPoolLent_ &&
        !gst_buffer_pool_is_active(wishes_.pool())) {
        downstreamPoolLent_ = true;
        if (memoryPerPlane_)
            gst_media_heap_buffer_pool_set_memory_per_plane(
                GST_MEDIA_HEAP_BUFFER_POOL(wishes_.pool()), TRUE);
        lent_.add(wishes_.pool());
        failures_.watch(wishes_.pool());
        // Whoever proposed it may tell of it already, as another of these elements does.
        if (!g_signal_has_handler_pending(
                wishes_.pool(), g_signal_lookup("waiting", GST_TYPE_MEDIA_HEAP_BUFFER_POOL), 0,
                FALSE))
            failures_.watchWaits(wishes_.pool());
        return newRef(wishes_.pool());
    }

    ObjectPtr<GstBufferPool> pool = newPool(heap);
    const ObjectPtr<GstAllocator> allocator(gst_media_heap_get_allocator(heap));
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    const PoolTerms terms = termsToLend();
    gst_buffer_pool_config_set_params(config, caps, size, terms.minBuffers, terms.maxBuffers);
    terms.putInto(config);
    gst_buffer_pool_config_set_allocator(config, allocator.get(), &wishes_.params());
    if (wishes_.alignment())
        gst_media_heap_buffer_pool_set_minimum_alignment(GST_MEDIA_HEAP_BUFFER_POOL(pool.get()),
                                                         &*wishes_.alignment());
    if (!setConfig(pool.get(), config, caps, size)) {
        GST_WARNING_OBJECT(element_, "the pool turns down %" GST_PTR_FORMAT, caps);
        return nullptr;
    }
    config = gst_buffer_pool_get_config(pool.get());
    gst_buffer_pool_config_get_params(config, nullptr, &size, nullptr, nullptr);
    gst_structure_free(config);
    lent_.add(pool.get());
    failures_.watch(pool.get());
    return pool;
}

const char* Uploader::reasonToCopy(GstBuffer* buffer, GstMediaHeap* heap) const {
    if (format_.kind == MediaFormat::Kind::Opaque || gst_buffer_get_size(buffer) == 0)
        return nullptr;
    for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i) {
        if (isMemoryOf(gst_buffer_peek_memory(buffer, i), heap))
            continue;
        if (format_.needsDmaBuf && !gst_media_heap_is_dmabuf(heap))
            return nullptr; // the caps promise what a copy would not be
        return "its memory was not allocated from the heap";
    }
    if (format_.isRawVideo() && memoryPerPlane_ &&
        gst_buffer_n_memory(buffer) != GST_VIDEO_INFO_N_PLANES(&format_.info))
        return "each plane is to be a memory of its own";
    if (format_.isRawVideo() && !wishes_.takesVideoMeta() && !isPacked(buffer, format_.info))
        return "downstream takes packed frames only";
    return nullptr;
}

GstFlowReturn Uploader::prepare(GstBuffer* in, GstBuffer** out) {
    const ObjectPtr<GstMediaHeap> heap = heap_.get();
    if (!heap)
        return GST_FLOW_FLUSHING;
    const char* reason = reasonToCopy(in, heap.get());
    if (!reason) {
        BufferPtr aside = runsLow(in) ? copyAside(in, heap.get()) : nullptr;
        if (aside)
            counters_.copied(gst_buffer_get_size(in));
        else
            counters_.passed();
        *out = aside ? aside.release() : in;
        return GST_FLOW_OK;
    }

    const gsize size =
        format_.isRawVideo() ? GST_VIDEO_INFO_SIZE(&format_.info) : gst_buffer_get_size(in);
    GST_DEBUG_OBJECT(element_, "copying %" G_GSIZE_FORMAT " bytes: %s; %" GST_PTR_FORMAT, size,
                     reason, in);
    GST_CAT_DEBUG_OBJECT(performanceDebug(), element_, "copying %" G_GSIZE_FORMAT " bytes: %s",
                         size, reason);
    BufferPtr copy;
    const GstFlowReturn result =
        format_.isRawVideo() ? copyVideo(in, heap.get(), copy) : copyOther(in, heap.get(), copy);
    if (result != GST_FLOW_OK)
        return result;
    if (!copy) {
        counters_.passed();
        *out = in;
        return GST_FLOW_OK;
    }
    copyMetadata(in, copy.get(), format_.isRawVideo());
    counters_.copied(size);
    *out = copy.release();
    return GST_FLOW_OK;
}

/// Whether upstream has so few buffers left that it might have to stop.
bool Uploader::runsLow(GstBuffer* buffer) const {
    const guint threshold = policy_.terms().copyThreshold;
    return threshold > 0 && buffer->pool && GST_IS_MEDIA_HEAP_BUFFER_POOL(buffer->pool) &&
           gst_media_heap_buffer_pool_get_available(GST_MEDIA_HEAP_BUFFER_POOL(buffer->pool)) <
               threshold;
}

/// A copy of @p in, in its layout; NULL where there is no memory that downstream would take.
BufferPtr Uploader::copyAside(GstBuffer* in, GstMediaHeap* heap) {
    const gsize size = gst_buffer_get_size(in);
    // In the heap only while that leaves upstream its buffers.
    const StructurePtr stats(gst_media_heap_get_stats(heap));
    const guint64 block = roundedUp(size, static_cast<guint64>(getpagesize()));
    const guint64 blocks = field(stats.get(), "largest-free") / block;
    const bool isRoomy = blocks > policy_.terms().copyThreshold;
    if (!isRoomy && format_.needsDmaBuf)
        return nullptr;
    const char* const where = isRoomy ? "the heap" : "system memory";
    GST_DEBUG_OBJECT(element_, "copying %" G_GSIZE_FORMAT " bytes to %s: upstream's pool runs low",
                     size, where);
    GST_CAT_DEBUG_OBJECT(performanceDebug(), element_,
                         "copying %" G_GSIZE_FORMAT " bytes to %s: upstream's pool runs low", size,
                         where);
    const ObjectPtr<GstAllocator> allocator(isRoomy ? gst_media_heap_get_allocator(heap) : nullptr);
    const FailureWatch::Pause pause;
    return copyAsItIs(in, allocator.get(), wishes_.params());
}

GstFlowReturn Uploader::copyVideo(GstBuffer* in, GstMediaHeap* heap, BufferPtr& copy) {
    const guint size = alignedSize(format_.info, wishes_);
    if (!copies_.isReady()) {
        const ObjectPtr<GstAllocator> allocator(gst_media_heap_get_allocator(heap));
        const ObjectPtr<GstBufferPool> pool = newPool(heap);
        if (!copies_.prepare(newRef(pool.get()), format_.plainCaps.get(), size, termsToLend(),
                             wishes_, allocator.get()))
            return noRoom(failureOf(pool.get()), heap, size);
    }
    const GstFlowReturn result = copies_.acquire(copy);
    if (result == GST_FLOW_FLUSHING)
        return result;
    if (result != GST_FLOW_OK)
        return noRoom(failureOf(copies_.pool().get()), heap, size);
    if (copyFrame(in, copy.get(), format_.info))
        return GST_FLOW_OK;
    copy.reset();
    if (format_.needsDmaBuf) {
        GST_DEBUG_OBJECT(element_, "the CPU cannot read this DMA-BUF, so it goes on as it is");
        return GST_FLOW_OK;
    }
    return unreadable(in);
}

GstFlowReturn Uploader::copyOther(GstBuffer* in, GstMediaHeap* heap, BufferPtr& copy) {
    const ObjectPtr<GstAllocator> allocator(gst_media_heap_get_allocator(heap));
    failures_.watch(allocator.get()); // upstream need not have asked for it
    const gsize size = gst_buffer_get_size(in);
    const GstAllocationParams& params = wishes_.params();
    RoomWait wait(GST_ELEMENT(element_), heap, copies_, failures_, policy_.terms(),
                  guint64{size} + params.prefix + params.padding);
    for (;;) {
        StringPtr why;
        {
            const FailureWatch::Pause pause;
            copy = copyBytes(in, allocator.get(), wishes_.params());
            why = pause.heard();
        }
        if (copy)
            return GST_FLOW_OK;
        const GstFlowReturn waited = why ? wait.afterFailure(why.get()) : GST_FLOW_ERROR;
        if (waited == GST_FLOW_ERROR)
            return noRoom(std::move(why), heap, size);
        if (waited != GST_FLOW_OK)
            return waited;
    }
}

/// @p why is what the pool or the allocator said, with heap string and remedy.
GstFlowReturn Uploader::noRoom(StringPtr why, GstMediaHeap* heap, gsize size) {
    if (!why) {
        const StructurePtr stats(gst_media_heap_get_stats(heap));
        why.reset(g_strdup_printf("heap '%s': no room for a buffer of %" G_GSIZE_FORMAT
                                  " bytes, since %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                                  " bytes are in use; open it with a larger size=, or larger "
                                  "zones in mmz=, or let fewer buffers queue",
                                  gst_media_heap_get_description(heap), size,
                                  field(stats.get(), "used"), field(stats.get(), "size")));
    }
    letPipelineSettle(GST_ELEMENT(element_));
    GST_ELEMENT_ERROR(element_, RESOURCE, NO_SPACE_LEFT, ("%s", why.get()), (nullptr));
    return GST_FLOW_ERROR;
}

GstFlowReturn Uploader::unreadable(GstBuffer* in) {
    letPipelineSettle(GST_ELEMENT(element_));
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT,
                      ("a buffer of %" G_GSIZE_FORMAT
                       " bytes holds no frame of %dx%d %s; check what "
                       "the element before this one sends",
                       gst_buffer_get_size(in), GST_VIDEO_INFO_WIDTH(&format_.info),
                       GST_VIDEO_INFO_HEIGHT(&format_.info), GST_VIDEO_INFO_NAME(&format_.info)),
                      ("%" GST_PTR_FORMAT, in));
    return GST_FLOW_ERROR;
}

StructurePtr Uploader::stats() {
    StructurePtr stats(counters_.toStructure("mediaheapupload-stats", lent_.bytesCopied()));
    if (const ObjectPtr<GstMediaHeap> heap = heap_.get()) {
        const StructurePtr heapStats(gst_media_heap_get_stats(heap.get()));
        gst_structure_set(stats.get(), "heap", GST_TYPE_STRUCTURE, heapStats.get(), nullptr);
    }
    return stats;
}

} // namespace mediaheap::plugin
