// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/// Marks what libmediaheap exports; everything else in the library is hidden.
#define MEDIAHEAP_API __attribute__((visibility("default")))
