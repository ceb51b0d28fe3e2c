// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include <gst/gst.h>

#include "gst_ptr.h"

namespace mediaheap::plugin {

/// Speaks up when upstream gets no memory from the pool or the allocator that it was lent.
///
/// Where it has waited for a buffer in vain it ends the stream, with an error that knows neither
/// heap nor remedy; hence an element error comes before that, which does. Where the pool did not
/// start, or the allocator gave nothing, upstream may help itself elsewhere; hence a warning, one
/// for each stream.
///
/// Thread safety: start(), stop() and watch() belong to whoever starts and stops the stream, and to
/// the streaming thread in between. Memory may be asked for in any thread.
class FailureWatch {
public:
    /// @p element outlives this object, but not what is watched.
    explicit FailureWatch(GstElement* element) : element_(element) {}
    ~FailureWatch() { stop(); }
    FailureWatch(const FailureWatch&) = delete;
    FailureWatch& operator=(const FailureWatch&) = delete;

    void start();
    void stop();
    /// The element goes to PLAYING: what somebody has waited for in a pause was nobody's fault.
    void play();

    /// Watches a lent pool for as long as it lives.
    void watch(GstBufferPool* pool);
    /// Warns once for each stream when somebody has waited long for a buffer of @p pool, other than
    /// in a pipeline that is paused.
    void watchWaits(GstBufferPool* pool);
    /// Watches an allocator, which others have too, until another one is watched or stop().
    void watch(GstAllocator* allocator);

    /// The same for what the element itself waits for, and says with @p reason.
    void tellOfWait(const char* reason);

    /// What this thread asks for while this lives is the element's own business: neither its
    /// upstream nor those of other elements that share the heap have failed to get it.
    class Pause {
    public:
        Pause();
        ~Pause();
        /// The last reason for a failure since then; NULL where there was none.
        StringPtr heard() const;
        Pause(const Pause&) = delete;
        Pause& operator=(const Pause&) = delete;

    private:
        friend class FailureWatch;
        Pause* const outer_;
        std::string heard_;
    };

private:
    class Teller;

    using Tell = void (Teller::*)(const gchar* reason);
    gulong connect(gpointer source, const char* signal, Tell tell);

    GstElement* const element_;
    std::shared_ptr<Teller> teller_;
    ObjectPtr<GstAllocator> allocator_;
    gulong handler_ = 0;
};

} // namespace mediaheap::plugin
