// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool_test.h"

namespace mediaheap::test {

namespace {

Owned<GstBuffer> acquireWith(const Owned<GstBufferPool>& pool, GstBufferPoolAcquireParams* params,
                             GstFlowReturn* result) {
    GstBuffer* buffer = nullptr;
    const GstFlowReturn flow = gst_buffer_pool_acquire_buffer(pool.get(), &buffer, params);
    if (result != nullptr)
        *result = flow;
    EXPECT_EQ(buffer != nullptr, flow == GST_FLOW_OK);
    return Owned<GstBuffer>(buffer);
}

} // namespace

bool configure(const Owned<GstBufferPool>& pool, const PoolSetup& setup) {
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    const Owned<GstCaps> caps(gst_caps_from_string(setup.caps));
    gst_buffer_pool_config_set_params(config, caps.get(), setup.size, setup.min, setup.max);
    gst_buffer_pool_config_set_allocator(config, nullptr, &setup.params);
    for (const char* option : setup.options)
        gst_buffer_pool_config_add_option(config, option);
    return gst_buffer_pool_set_config(pool.get(), config);
}

Owned<GstBuffer> acquire(const Owned<GstBufferPool>& pool, GstFlowReturn* result) {
    return acquireWith(pool, nullptr, result);
}

Owned<GstBuffer> acquireNow(const Owned<GstBufferPool>& pool, GstFlowReturn* result) {
    GstBufferPoolAcquireParams params{};
    params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
    return acquireWith(pool, &params, result);
}

} // namespace mediaheap::test
