// SPDX-License-Identifier: LGPL-2.1-or-later
#include "violation_reports.h"

#include <gst/plugin/stream_error.h>

#include "debug.h"

#define GST_CAT_DEFAULT simDeviceDebug()

namespace mediaheap::plugin {

namespace {

/// One mistake in a pool of many buffers shows on each of them.
constexpr guint64 mostMessages = 8;

} // namespace

void ViolationReports::reset() {
    count_ = 0;
    posted_ = 0;
    known_.clear();
    backtraces_.clear();
}

/// The text for developers. To name the lines of a backtrace holds the stream up for a while, so
/// each is spelled out once.
std::string ViolationReports::detailOf(const simulated::Violation& violation) {
    const std::vector<void*>& backtrace = violation.cpu.backtrace;
    if (backtrace.empty() || backtraces_.insert(backtrace).second)
        return violation.text();
    return violation.summary() + "\nthe CPU's access was opened where that of a message before was";
}

bool ViolationReports::isNews(const simulated::Violation& violation) {
    return posted_ < mostMessages && known_.insert({violation.kind, violation.block}).second;
}

bool ViolationReports::post(const std::vector<simulated::Violation>& violations, bool strict) {
    log(violations);
    for (const simulated::Violation& violation : violations) {
        if (!strict && !isNews(violation))
            continue;
        posted_++;
        const std::string summary = violation.summary();
        const std::string text = detailOf(violation);
        if (!strict) {
            GST_ELEMENT_WARNING(element_, RESOURCE, SYNC, ("%s", summary.c_str()),
                                ("%s", text.c_str()));
            continue;
        }
        letPipelineSettle(element_);
        GST_ELEMENT_ERROR(element_, RESOURCE, SYNC, ("%s", summary.c_str()), ("%s", text.c_str()));
        return false;
    }
    return true;
}

void ViolationReports::log(const std::vector<simulated::Violation>& violations) {
    for (const simulated::Violation& violation : violations)
        GST_INFO_OBJECT(element_, "%s", violation.summary().c_str());
    count_ += violations.size();
}

void ViolationReports::postSum() {
    if (count_ > posted_)
        GST_ELEMENT_INFO(element_, RESOURCE, SYNC,
                         ("%" G_GUINT64_FORMAT " mistakes with caches, of which %" G_GUINT64_FORMAT
                          " were told; GST_DEBUG=mediaheapsimdevice:4 tells them all",
                          count(), posted_),
                         (nullptr));
}

} // namespace mediaheap::plugin
