// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

/**
 * GstMediaHeapSimDeviceOp:
 * @GST_MEDIA_HEAP_SIM_DEVICE_OP_IDENTITY: reads
 * @GST_MEDIA_HEAP_SIM_DEVICE_OP_INVERT: reads, and writes the complement
 * @GST_MEDIA_HEAP_SIM_DEVICE_OP_CHECKSUM: reads, and shows the CRC-32
 * @GST_MEDIA_HEAP_SIM_DEVICE_OP_FILL: writes the same byte everywhere
 *
 * What mediaheapsimdevice does with the bytes of a buffer.
 *
 * Since: 0.1
 */
typedef enum {
    GST_MEDIA_HEAP_SIM_DEVICE_OP_IDENTITY,
    GST_MEDIA_HEAP_SIM_DEVICE_OP_INVERT,
    GST_MEDIA_HEAP_SIM_DEVICE_OP_CHECKSUM,
    GST_MEDIA_HEAP_SIM_DEVICE_OP_FILL,
} GstMediaHeapSimDeviceOp;

#define GST_TYPE_MEDIA_HEAP_SIM_DEVICE_OP (gst_media_heap_sim_device_op_get_type())
GType gst_media_heap_sim_device_op_get_type(void);

#define GST_TYPE_MEDIA_HEAP_SIM_DEVICE (gst_media_heap_sim_device_get_type())
G_DECLARE_FINAL_TYPE(GstMediaHeapSimDevice, gst_media_heap_sim_device, GST, MEDIA_HEAP_SIM_DEVICE,
                     GstBaseTransform)

G_END_DECLS
