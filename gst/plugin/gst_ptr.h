// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include <gst/gst.h>

namespace mediaheap::plugin {

/// Gives back what a pointer owns. Several of GStreamer's unref functions are static inline, so
/// they cannot be template arguments.
struct Releaser {
    void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
    void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
    void operator()(GstContext* context) const { gst_context_unref(context); }
    void operator()(GstQuery* query) const { gst_query_unref(query); }
    void operator()(GstStructure* structure) const { gst_structure_free(structure); }
    void operator()(GError* error) const { g_error_free(error); }
    void operator()(gchar* string) const { g_free(string); }
    void operator()(gchar** strings) const { g_strfreev(strings); }
};

struct ObjectReleaser {
    void operator()(gpointer object) const { gst_object_unref(object); }
};

template <typename T> using ObjectPtr = std::unique_ptr<T, ObjectReleaser>;
using BufferPtr = std::unique_ptr<GstBuffer, Releaser>;
using CapsPtr = std::unique_ptr<GstCaps, Releaser>;
using ContextPtr = std::unique_ptr<GstContext, Releaser>;
using ErrorPtr = std::unique_ptr<GError, Releaser>;
using QueryPtr = std::unique_ptr<GstQuery, Releaser>;
using StringPtr = std::unique_ptr<gchar, Releaser>;
using StringsPtr = std::unique_ptr<gchar*, Releaser>;
using StructurePtr = std::unique_ptr<GstStructure, Releaser>;

/// A reference of its own to @p object, which may be NULL.
template <typename T> ObjectPtr<T> newRef(T* object) {
    return ObjectPtr<T>(object ? static_cast<T*>(gst_object_ref(object)) : nullptr);
}

} // namespace mediaheap::plugin
