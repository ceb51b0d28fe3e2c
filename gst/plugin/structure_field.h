// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace mediaheap::plugin {

/// A number of a structure such as a heap's stats; 0 where it is not there.
inline guint64 field(const GstStructure* structure, const char* name) {
    guint64 value = 0;
    gst_structure_get_uint64(structure, name, &value);
    return value;
}

} // namespace mediaheap::plugin
