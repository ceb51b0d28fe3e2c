// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gst/gst.h>
#include <mediaheap/simulated/violation.h>

namespace mediaheap::plugin {

/// Tells of mistakes with caches on the bus: the first of each kind on each block, and no more than
/// anybody reads. The others are counted and logged.
///
/// Thread safety: count() from any thread, the others one at a time.
class ViolationReports {
public:
    /// @p element outlives this object.
    explicit ViolationReports(GstElement* element) : element_(element) {}

    /// Counts anew.
    void reset();

    /// Posts each of @p violations that is news as a warning; @p strict: the first as an error.
    /// False for that error, which ends the stream.
    bool post(const std::vector<simulated::Violation>& violations, bool strict);

    /// Counts and logs what came when nobody listens to the bus any more.
    void log(const std::vector<simulated::Violation>& violations);

    /// At the end of the stream: says how many there were, where not each was posted.
    void postSum();

    guint64 count() const { return count_; }

private:
    bool isNews(const simulated::Violation& violation);
    std::string detailOf(const simulated::Violation& violation);

    GstElement* const element_;
    std::atomic<guint64> count_{0};
    guint64 posted_ = 0;
    std::set<std::pair<simulated::ViolationKind, std::string>> known_;
    std::set<std::vector<void*>> backtraces_; // that were spelled out
};

} // namespace mediaheap::plugin
