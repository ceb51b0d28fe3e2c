// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dmabuf_caps.h"

#include <gst/allocators/allocators.h>
#include <gst/video/video.h>

namespace mediaheap::plugin {

namespace {

constexpr const char* rawVideo = "video/x-raw";

bool isRawVideo(const GstCaps* caps, guint index, MemoryFeature where) {
    return gst_structure_has_name(gst_caps_get_structure(caps, index), rawVideo) &&
           memoryFeature(gst_caps_get_features(caps, index)) == where;
}

/// The features @p from with one memory feature replaced; system memory needs no feature.
GstCapsFeatures* exchange(const GstCapsFeatures* from, const char* remove, const char* add) {
    GstCapsFeatures* features = gst_caps_features_copy(from);
    gst_caps_features_remove(features, remove);
    if (add)
        gst_caps_features_add(features, add);
    return features;
}

#if GST_CHECK_VERSION(1, 24, 0)

/// Calls @p use for every string of @p value, a string or a list of strings.
template <typename Use> void forEachString(const GValue* value, Use use) {
    if (value && G_VALUE_HOLDS_STRING(value)) {
        use(g_value_get_string(value));
        return;
    }
    if (!value || !GST_VALUE_HOLDS_LIST(value))
        return;
    for (guint i = 0; i < gst_value_list_get_size(value); ++i) {
        const GValue* item = gst_value_list_get_value(value, i);
        if (G_VALUE_HOLDS_STRING(item))
            use(g_value_get_string(item));
    }
}

/// Puts the strings that @p translate makes of field @p from of @p source into field @p to of
/// @p target. False when nothing was left.
template <typename Translate>
bool translateField(const GstStructure* source, const char* from, GstStructure* target,
                    const char* to, Translate translate) {
    GValue list = G_VALUE_INIT;
    gst_value_list_init(&list, 4);
    forEachString(gst_structure_get_value(source, from), [&](const char* text) {
        StringPtr translated(translate(text));
        if (!translated)
            return;
        GValue item = G_VALUE_INIT;
        g_value_init(&item, G_TYPE_STRING);
        g_value_take_string(&item, translated.release());
        gst_value_list_append_and_take_value(&list, &item);
    });
    const guint count = gst_value_list_get_size(&list);
    if (count == 1)
        gst_structure_set_value(target, to, gst_value_list_get_value(&list, 0));
    else if (count > 1)
        gst_structure_set_value(target, to, &list);
    g_value_unset(&list);
    return count > 0;
}

gchar* drmFormatOf(const char* format) {
    const guint32 fourcc =
        gst_video_dma_drm_fourcc_from_format(gst_video_format_from_string(format));
    return fourcc ? gst_video_dma_drm_fourcc_to_string(fourcc, 0) : nullptr;
}

gchar* linearFormatOf(const char* drmFormat) {
    guint64 modifier = 0;
    const guint32 fourcc = gst_video_dma_drm_fourcc_from_string(drmFormat, &modifier);
    if (!fourcc || modifier != 0)
        return nullptr;
    const GstVideoFormat format = gst_video_dma_drm_fourcc_to_format(fourcc);
    return format == GST_VIDEO_FORMAT_UNKNOWN ? nullptr
                                              : g_strdup(gst_video_format_to_string(format));
}

/// The DMA_DRM form of @p structure, or NULL when none of its formats has one.
GstStructure* toDmaDrm(const GstStructure* structure) {
    StructurePtr result(gst_structure_copy(structure));
    if (!translateField(structure, "format", result.get(), "drm-format", drmFormatOf))
        return nullptr;
    gst_structure_set(result.get(), "format", G_TYPE_STRING, "DMA_DRM", nullptr);
    return result.release();
}

#endif

/// Whether @p structure speaks of DRM formats, which GStreamer has since 1.24.
bool isDmaDrm(const GstStructure* structure) {
    return g_strcmp0(gst_structure_get_string(structure, "format"), "DMA_DRM") == 0;
}

/// The plain form of a raw video structure in DMA-BUFs, or NULL when its layout is not known to be
/// linear.
GstStructure* toPlain(const GstStructure* structure) {
    StructurePtr result(gst_structure_copy(structure));
    if (!isDmaDrm(structure))
        return result.release();
#if GST_CHECK_VERSION(1, 24, 0)
    if (translateField(structure, "drm-format", result.get(), "format", linearFormatOf)) {
        gst_structure_remove_field(result.get(), "drm-format");
        return result.release();
    }
#endif
    return nullptr;
}

} // namespace

MemoryFeature memoryFeature(const GstCapsFeatures* features) {
    if (!features)
        return MemoryFeature::System;
    if (gst_caps_features_is_any(features))
        return MemoryFeature::Other;
    MemoryFeature found = MemoryFeature::System;
    for (guint i = 0; i < gst_caps_features_get_size(features); ++i) {
        const gchar* name = gst_caps_features_get_nth(features, i);
        if (g_str_equal(name, GST_CAPS_FEATURE_MEMORY_DMABUF))
            found = MemoryFeature::DmaBuf;
        else if (g_str_has_prefix(name, "memory:") &&
                 !g_str_equal(name, GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY))
            return MemoryFeature::Other;
    }
    return found;
}

CapsPtr withDmaBuf(const GstCaps* caps) {
    CapsPtr result(gst_caps_copy(caps));
    if (gst_caps_is_any(caps))
        return result;
    for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
        if (!isRawVideo(caps, i, MemoryFeature::System))
            continue;
        const GstStructure* structure = gst_caps_get_structure(caps, i);
        const GstCapsFeatures* features = gst_caps_get_features(caps, i);
        const auto append = [&](GstStructure* added) {
            GstCaps* one = gst_caps_new_full(added, nullptr);
            gst_caps_set_features(one, 0,
                                  exchange(features, GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY,
                                           GST_CAPS_FEATURE_MEMORY_DMABUF));
            result.reset(gst_caps_merge(result.release(), one));
        };
#if GST_CHECK_VERSION(1, 24, 0)
        if (GstStructure* drm = toDmaDrm(structure))
            append(drm);
#endif
        append(gst_structure_copy(structure));
    }
    return result;
}

CapsPtr plainOfDmaBuf(const GstCaps* caps) {
    CapsPtr result(gst_caps_new_empty());
    if (gst_caps_is_any(caps))
        return result;
    for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
        if (!isRawVideo(caps, i, MemoryFeature::DmaBuf))
            continue;
        if (GstStructure* plain = toPlain(gst_caps_get_structure(caps, i))) {
            GstCaps* one = gst_caps_new_full(plain, nullptr);
            gst_caps_set_features(
                one, 0,
                exchange(gst_caps_get_features(caps, i), GST_CAPS_FEATURE_MEMORY_DMABUF, nullptr));
            result.reset(gst_caps_merge(result.release(), one));
        }
    }
    return result;
}

CapsPtr withoutDmaBuf(const GstCaps* caps) {
    CapsPtr result(gst_caps_copy(caps));
    if (gst_caps_is_any(caps))
        return result;
    for (guint i = gst_caps_get_size(caps); i-- > 0;) {
        if (memoryFeature(gst_caps_get_features(caps, i)) == MemoryFeature::DmaBuf)
            gst_caps_remove_structure(result.get(), i);
    }
    return result;
}

} // namespace mediaheap::plugin
