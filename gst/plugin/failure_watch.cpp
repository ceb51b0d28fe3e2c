// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failure_watch.h"

#include <mutex>
#include <string>
#include <utility>

#include "stream_error.h"

namespace mediaheap::plugin {

namespace {

/// What this thread is about, where that concerns nobody else.
thread_local FailureWatch::Pause* ownBusiness = nullptr;

} // namespace

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

    void play() {
        const std::lock_guard lock(mutex_);
        movesSince_ = g_get_monotonic_time();
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
            if (g_get_monotonic_time() - movesSince_ < shortestWait || std::exchange(waited_, true))
                return;
        }
        GST_ELEMENT_WARNING(element.get(), RESOURCE, NO_SPACE_LEFT, ("%s", reason), (nullptr));
    }

private:
    enum class Gravity { Warning, Error };
    // microseconds
    static constexpr gulong pause = 100 * 1000;
    static constexpr gint64 shortestWait = 1000 * 1000;

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
        if (ownBusiness != nullptr) {
            ownBusiness->heard_ = reason;
            return false;
        }
        const std::lock_guard lock(mutex_);
        const bool isKnown = gravity == Gravity::Error ? failed_ : warned_;
        warned_ = true;
        failed_ = failed_ || gravity == Gravity::Error;
        return !isKnown;
    }

    GWeakRef element_;
    mutable std::mutex mutex_; // guards what follows
    bool warned_ = false;
    bool failed_ = false;
    bool waited_ = false;
    gint64 movesSince_ = g_get_monotonic_time();
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

void FailureWatch::play() {
    if (teller_)
        teller_->play();
}

void FailureWatch::tellOfWait(const char* reason) {
    if (teller_)
        teller_->tellOfWait(reason);
}

FailureWatch::Pause::Pause() : outer_(std::exchange(ownBusiness, this)) {}
FailureWatch::Pause::~Pause() { ownBusiness = outer_; }

StringPtr FailureWatch::Pause::heard() const {
    return StringPtr(heard_.empty() ? nullptr : g_strdup(heard_.c_str()));
}

} // namespace mediaheap::plugin
