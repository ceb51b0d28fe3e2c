/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/mediaheap/gstmediaheap.h>
#include <gst/mediaheap/gstmediaheapbufferpool.h>
#include <gst/mediaheap/gstmediaheapbufferpoolconfig.h>
#include <gst/mediaheap/gstmediaheapmemory.h>
