// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace mediaheap::tool {

/// @p text as it may stand in XML, between tags and in attributes: markup escaped, and what is no
/// UTF-8 or no character of XML 1.0 replaced by U+FFFD. Names are their owners' bytes.
std::string escapeXml(const std::string& text);

} // namespace mediaheap::tool
