// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "plan/plan.h"

namespace mediaheap::tool {

/// A plan as a page for people: what is known before the search for a heap, and the rest.
std::string planHeadAsText(const plan::Plan& plan);
std::string planSearchAsText(const plan::Plan& plan);

/// The same as JSON; @p measured is a JSON document that it holds as `measured`, where there is
/// one.
std::string planAsJson(const plan::Plan& plan, const std::string& measured);

/// `in 12 states of the zone, every order of giving back`, or how many orders were drawn with which
/// seed.
std::string describeSearch(const plan::SearchResult& result, const plan::Sequence& sequence);

} // namespace mediaheap::tool
