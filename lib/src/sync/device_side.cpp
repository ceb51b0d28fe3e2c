// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/device_side.h"

namespace mediaheap {

DeviceSide::~DeviceSide() = default;

} // namespace mediaheap
