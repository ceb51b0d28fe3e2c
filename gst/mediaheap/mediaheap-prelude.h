/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/**
 * GST_MEDIA_HEAP_API: (skip)
 *
 * Marks what the library exports.
 */
#define GST_MEDIA_HEAP_API extern __attribute__((visibility("default")))
