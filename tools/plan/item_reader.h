// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "item.h"
#include "section.h"

namespace mediaheap::plan {

/// Whether a section of that kind describes an item.
bool isItem(const std::string& kind);

/// The item that a section describes; the section keeps what is wrong with it.
Item readItem(Section& section);

} // namespace mediaheap::plan
