// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failure_watch.h"

#include <mutex>
#include <string>
#include <utility>

#include "stream_error.h"

namespace mediaheap::plugin {

/// What the handlers of one stream have in common. They may outlive the element.
class FailureWatch::Teller {
public:
    explicit Teller(GstElement* element) { g_weak_ref_init(&element_, element); }
    ~Teller() { g_weak_ref_clear(&element_); }
    Teller(const Teller&) = delete;
    Teller& operator=(const Teller&) = delete;

    void silence() {
        const std::lock_guard lock(mutex_);
        warned_ = failed_ = waited_ = true;
    }

    void setPaused(bool paused) {
        const std::lock_guard lock(mutex_);
        paused_ = paused;
        heard_.clear();
    }

    std::string heard() const {
        const std::lock_guard lock(mutex_);
        return heard_;
    }

    void tellOfLack(const gchar* reason) { tell(reason, Gravity::Warning); }
    void tellOfError(const gchar* reason) { tell(reason, Gravity::Error); }

    /// Upstream, or the element itself, waits for a buffer of a pool.
    void tellOfWait(const gchar* reason) {
        const ObjectPtr<GstElement> element(static_cast<GstElement*>(g_weak_ref_get(&element_)));
        if (!element || !isMeantToMove(element.get()))
            return;
        {
            const std::lock_guard lock(mutex_);
            if (std::exchange(waited_, true))
                return;
        }
        GST_ELEMENT_WARNING(element.get(), RESOURCE, NO_SPACE_LEFT, ("%s", reason), (nullptr));
    }

private:
    enum class Gravity { Warning, Error };
    static constexpr gulong pause = 100 * 1000; // microseconds

    void tell(const gchar* reason, Gravity gravity) {
        if (!isNews(reason, gravity))
            return;
        const ObjectPtr<GstElement> element(static_cast<GstElement*>(g_weak_ref_get(&element_)));
        if (!element)
            return;
        if (gravity == Gravity::Error) {
            letPipelineSettle(element.get());
            GST_ELEMENT_ERROR(element.get(), RESOURCE, NO_SPACE_LEFT, ("%s", reason),
                              ("the element before this one got no buffer of the lent pool"));
            return;
        }
        GST_ELEMENT_WARNING(element.get(), RESOURCE, NO_SPACE_LEFT, ("%s", reason),
                            ("the element before this one got no memory of the heap"));
        // gst-launch-1.0 stops reading messages the moment that an error is posted, which upstream
        // will do next.
        g_usleep(pause);
    }

    bool isNews(const gchar* reason, Gravity gravity) {
        const std::lock_guard lock(mutex_);
        if (paused_) {
            heard_ = reason;
            return false;
        }
        const bool isKnown = gravity == Gravity::Error ? failed_ : warned_;
        warned_ = true;
        failed_ = failed_ || gravity == Gravity::Error;
        return !isKnown;
    }

    GWeakRef element_;
    mutable std::mutex mutex_; // guards what follows
    bool paused_ = false;
    bool warned_ = false;
    bool failed_ = false;
    bool waited_ = false;
    std::string heard_;
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
    handler_ = connect(allocator, "allocation-failed", &Teller::tellOfLack);
}

void FailureWatch::watch(GstBufferPool* pool) {
    connect(pool, "allocation-failed::start", &Teller::tellOfLack);
    connect(pool, "allocation-failed::buffer", &Teller::tellOfError);
    // Who does not wait knows what to do without.
    connect(pool, "allocation-failed::buffer-now", &Teller::tellOfLack);
}

void FailureWatch::watchWaits(GstBufferPool* pool) {
    connect(pool, "waiting", &Teller::tellOfWait);
}

gulong FailureWatch::connect(gpointer source, const char* signal, Tell tell) {
    struct Listener {
        std::shared_ptr<Teller> teller;
        Tell tell;
    };
    return g_signal_connect_data(
        source, signal,
        G_CALLBACK(+[](GstObject*, const gchar* reason, Listener* listener) noexcept {
            if (listener->teller)
                (*listener->teller.*listener->tell)(reason);
        }),
        new Listener{teller_, tell},
        [](gpointer listener, GClosure*) { delete static_cast<Listener*>(listener); },
        static_cast<GConnectFlags>(0));
}

StringPtr FailureWatch::heard() const {
    const std::string heard = teller_ ? teller_->heard() : "";
    return StringPtr(heard.empty() ? nullptr : g_strdup(heard.c_str()));
}

void FailureWatch::setPaused(bool paused) {
    if (teller_)
        teller_->setPaused(paused);
}

} // namespace mediaheap::plugin
