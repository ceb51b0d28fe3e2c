// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dmabuf_caps.h"

#include <gst/allocators/allocators.h>
#include <gst/mediaheap/drm_format.h>
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
        const char* translated = translate(text);
        if (!translated)
            return;
        GValue item = G_VALUE_INIT;
        g_value_init(&item, G_TYPE_STRING);
        g_value_set_string(&item, translated);
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

/// The DMA_DRM form of @p structure, or NULL when none of its formats has one.
GstStructure* toDmaDrm(const GstStructure* structure) {
    StructurePtr result(gst_structure_copy(structure));
    if (!translateField(structure, "format", result.get(), "drm-format", gst::drmOfFormat))
        return nullptr;
    gst_structure_set(result.get(), "format", G_TYPE_STRING, "DMA_DRM", nullptr);
    return result.release();
}

/// The plain form of a raw video structure in DMA-BUFs, or NULL when its layout is not known to be
/// linear.
GstStructure* toPlain(const GstStructure* structure) {
    StructurePtr result(gst_structure_copy(structure));
    if (!gst::isDmaDrm(structure))
        return result.release();
    if (!translateField(structure, "drm-format", result.get(), "format", gst::formatOfDrm))
        return nullptr;
    gst_structure_remove_field(result.get(), "drm-format");
    return result.release();
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

CapsPtr withDmaBuf(const GstCaps* caps) { return withDmaBuf(caps, gst::knowsDmaDrm()); }

CapsPtr withDmaBuf(const GstCaps* caps, bool withDrm) {
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
        if (GstStructure* drm = withDrm ? toDmaDrm(structure) : nullptr)
            append(drm);
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
