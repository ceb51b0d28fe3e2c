// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_MEDIA_HEAP_UPLOAD (gst_media_heap_upload_get_type())
G_DECLARE_FINAL_TYPE(GstMediaHeapUpload, gst_media_heap_upload, GST, MEDIA_HEAP_UPLOAD,
                     GstBaseTransform)

G_END_DECLS
