// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstring>
#include <type_traits>

#include <glib.h>

namespace mediaheap::gst {

/// The bits of flags that a C program has set. GStreamer leaves the upper ones to whoever wants
/// them, and reading an enumeration outside its range is undefined in C++.
template <typename Flags> guint rawFlags(const Flags& flags) {
    static_assert(std::is_enum_v<Flags> && sizeof(Flags) == sizeof(guint));
    guint raw = 0;
    std::memcpy(&raw, &flags, sizeof raw);
    return raw;
}

} // namespace mediaheap::gst
