// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

/**
 * GstMediaHeapDownloadCopy:
 * @GST_MEDIA_HEAP_DOWNLOAD_COPY_AUTO: out of heap memory that the CPU reads slowly
 * @GST_MEDIA_HEAP_DOWNLOAD_COPY_NEVER: not for speed's sake
 * @GST_MEDIA_HEAP_DOWNLOAD_COPY_ALWAYS: every buffer
 *
 * When mediaheapdownload copies. Frames whose layout the element after it cannot take are copied in
 * any case.
 *
 * Since: 0.1
 */
typedef enum {
    GST_MEDIA_HEAP_DOWNLOAD_COPY_AUTO,
    GST_MEDIA_HEAP_DOWNLOAD_COPY_NEVER,
    GST_MEDIA_HEAP_DOWNLOAD_COPY_ALWAYS,
} GstMediaHeapDownloadCopy;

#define GST_TYPE_MEDIA_HEAP_DOWNLOAD_COPY (gst_media_heap_download_copy_get_type())
GType gst_media_heap_download_copy_get_type(void);

#define GST_TYPE_MEDIA_HEAP_DOWNLOAD (gst_media_heap_download_get_type())
G_DECLARE_FINAL_TYPE(GstMediaHeapDownload, gst_media_heap_download, GST, MEDIA_HEAP_DOWNLOAD,
                     GstBaseTransform)

G_END_DECLS
