// SPDX-License-Identifier: LGPL-2.1-or-later
#include "copy_pool.h"

#include <algorithm>

namespace mediaheap::plugin {

bool CopyPool::isReady() const {
    const std::lock_guard lock(mutex_);
    return pool_ != nullptr;
}

ObjectPtr<GstBufferPool> CopyPool::pool() const {
    const std::lock_guard lock(mutex_);
    return newRef(pool_.get());
}

bool CopyPool::prepare(ObjectPtr<GstBufferPool> pool, GstCaps* caps, guint size,
                       const PoolTerms& terms, const DownstreamWishes& wishes,
                       GstAllocator* allocator) {
    drop();
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    gst_buffer_pool_config_set_params(config, caps, size, terms.minBuffers, terms.maxBuffers);
    if (GST_IS_MEDIA_HEAP_BUFFER_POOL(pool.get()))
        terms.putInto(config);
    gst_buffer_pool_config_set_allocator(config, allocator, &wishes.params());
    if (wishes.takesVideoMeta())
        gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    setAlignment(pool.get(), config, wishes);
    if (!setConfig(pool.get(), config, caps, size) || !gst_buffer_pool_set_active(pool.get(), TRUE))
        return false;

    const std::lock_guard lock(mutex_);
    pool_ = std::move(pool);
    if (flushing_)
        gst_buffer_pool_set_flushing(pool_.get(), TRUE);
    return true;
}

GstFlowReturn CopyPool::acquire(BufferPtr& buffer) {
    const ObjectPtr<GstBufferPool> pool = this->pool();
    if (!pool)
        return GST_FLOW_FLUSHING;
    GstBuffer* acquired = nullptr;
    const GstFlowReturn result = gst_buffer_pool_acquire_buffer(pool.get(), &acquired, nullptr);
    buffer.reset(acquired);
    return result;
}

void CopyPool::setFlushing(bool flushing) {
    const std::lock_guard lock(mutex_);
    flushing_ = flushing;
    if (pool_)
        gst_buffer_pool_set_flushing(pool_.get(), flushing);
}

bool CopyPool::isFlushing() const {
    const std::lock_guard lock(mutex_);
    return flushing_;
}

void CopyPool::drop() {
    ObjectPtr<GstBufferPool> pool;
    {
        const std::lock_guard lock(mutex_);
        std::swap(pool, pool_);
    }
    if (pool)
        gst_buffer_pool_set_active(pool.get(), FALSE);
}

void setAlignment(GstBufferPool* pool, GstStructure* config, const DownstreamWishes& wishes) {
    if (!wishes.alignment() ||
        !gst_buffer_pool_has_option(pool, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT))
        return;
    GstVideoAlignment align = *wishes.alignment();
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
    gst_buffer_pool_config_set_video_alignment(config, &align);
}

bool setConfig(GstBufferPool* pool, GstStructure* config, GstCaps* caps, guint size) {
    if (gst_buffer_pool_set_config(pool, config))
        return true;
    config = gst_buffer_pool_get_config(pool);
    if (!gst_buffer_pool_config_validate_params(config, caps, size, 0, 0)) {
        gst_structure_free(config);
        return false;
    }
    return gst_buffer_pool_set_config(pool, config);
}

guint alignedSize(const GstVideoInfo& info, const DownstreamWishes& wishes) {
    gsize size = GST_VIDEO_INFO_SIZE(&info);
    if (wishes.alignment()) {
        GstVideoInfo aligned = info;
        GstVideoAlignment align = *wishes.alignment();
        if (gst_video_info_align(&aligned, &align))
            size = std::max(size, GST_VIDEO_INFO_SIZE(&aligned));
    }
    return static_cast<guint>(std::min<gsize>(size, G_MAXUINT));
}

} // namespace mediaheap::plugin
