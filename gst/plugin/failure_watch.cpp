// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failure_watch.h"

#include <atomic>

namespace mediaheap::plugin {

/// What the handlers of one stream have in common. They may outlive the element.
class FailureWatch::Teller {
public:
    explicit Teller(GstElement* element) { g_weak_ref_init(&element_, element); }
    ~Teller() { g_weak_ref_clear(&element_); }
    Teller(const Teller&) = delete;
    Teller& operator=(const Teller&) = delete;

    void silence() { done_ = true; }
    void setPaused(bool paused) { paused_ = paused; }

    void tell(const gchar* reason) {
        if (paused_ || done_.exchange(true))
            return;
        const ObjectPtr<GstElement> element(static_cast<GstElement*>(g_weak_ref_get(&element_)));
        if (!element)
            return;
        GST_ELEMENT_WARNING(element.get(), RESOURCE, NO_SPACE_LEFT, ("%s", reason),
                            ("the element before this one got no memory of the heap"));
        // gst-launch-1.0 stops reading messages the moment that an error is posted, which upstream
        // will do next.
        g_usleep(pause);
    }

private:
    static constexpr gulong pause = 100 * 1000; // microseconds

    GWeakRef element_;
    std::atomic<bool> paused_{false};
    std::atomic<bool> done_{false};
};

void FailureWatch::start() { teller_ = std::make_shared<Teller>(element_); }

void FailureWatch::stop() {
    if (allocator_)
        g_signal_handler_disconnect(allocator_.get(), handler_);
    allocator_.reset();
    if (teller_)
        teller_->silence();
    teller_.reset();
}

void FailureWatch::watch(GstAllocator* allocator) {
    if (allocator == allocator_.get())
        return;
    if (allocator_)
        g_signal_handler_disconnect(allocator_.get(), handler_);
    allocator_ = newRef(allocator);
    handler_ = connect(allocator);
}

gulong FailureWatch::connect(gpointer source) {
    using Shared = std::shared_ptr<Teller>;
    return g_signal_connect_data(
        source, "allocation-failed",
        G_CALLBACK(+[](GstObject*, const gchar* reason, Shared* teller) noexcept {
            if (*teller)
                (*teller)->tell(reason);
        }),
        new Shared(teller_),
        [](gpointer teller, GClosure*) { delete static_cast<Shared*>(teller); },
        static_cast<GConnectFlags>(0));
}

void FailureWatch::setPaused(bool paused) {
    if (teller_)
        teller_->setPaused(paused);
}

} // namespace mediaheap::plugin
