// SPDX-License-Identifier: LGPL-2.1-or-later
//
// GLib's locks as ThreadSanitizer can see them. GMutex and GCond sleep on futexes by themselves, in
// a library that is not instrumented, so without help nothing would seem to order what two threads
// of a pipeline do. GStreamer calls them by name and so comes by here; the real functions do the
// work. (GRecMutex, GRWLock and GThread are pthreads, which the sanitizer knows.)
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

namespace {

template <typename Function> Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// What the threads of a pool run, and for whom.
struct Work {
    GFunc run;
    gpointer user;
};

void runVisibly(gpointer item, gpointer work) {
    __tsan_acquire(item);
    static_cast<Work*>(work)->run(item, static_cast<Work*>(work)->user);
}

} // namespace

extern "C" {

void g_mutex_lock(GMutex* mutex) {
    static auto* const lock = real<void(GMutex*)>("g_mutex_lock");
    lock(mutex);
    __tsan_acquire(mutex);
}

gboolean g_mutex_trylock(GMutex* mutex) {
    static auto* const tryLock = real<gboolean(GMutex*)>("g_mutex_trylock");
    const gboolean locked = tryLock(mutex);
    if (locked)
        __tsan_acquire(mutex);
    return locked;
}

void g_mutex_unlock(GMutex* mutex) {
    static auto* const unlock = real<void(GMutex*)>("g_mutex_unlock");
    __tsan_release(mutex);
    unlock(mutex);
}

void g_cond_wait(GCond* cond, GMutex* mutex) {
    static auto* const wait = real<void(GCond*, GMutex*)>("g_cond_wait");
    __tsan_release(mutex);
    wait(cond, mutex);
    __tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond* cond, GMutex* mutex, gint64 endTime) {
    static auto* const wait = real<gboolean(GCond*, GMutex*, gint64)>("g_cond_wait_until");
    __tsan_release(mutex);
    const gboolean signalled = wait(cond, mutex, endTime);
    __tsan_acquire(mutex);
    return signalled;
}

GThreadPool* g_thread_pool_new(GFunc run, gpointer user, gint threads, gboolean exclusive,
                               GError** error) {
    static auto* const make =
        real<GThreadPool*(GFunc, gpointer, gint, gboolean, GError**)>("g_thread_pool_new");
    // For the life of the process, since a pool may be freed while its threads still run.
    return make(runVisibly, new Work{run, user}, threads, exclusive, error);
}

gboolean g_thread_pool_push(GThreadPool* pool, gpointer item, GError** error) {
    static auto* const push =
        real<gboolean(GThreadPool*, gpointer, GError**)>("g_thread_pool_push");
    __tsan_release(item);
    return push(pool, item, error);
}

} // extern "C"
