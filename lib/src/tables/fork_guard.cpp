// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/fork_guard.h"

#include <algorithm>
#include <mutex>
#include <pthread.h>
#include <vector>

namespace mediaheap {

namespace {

struct Guarded {
    std::mutex mutex; // held across fork(), so that the child finds the list whole
    std::vector<ForkGuarded*> all;
};

Guarded& guarded() {
    // Never destroyed: heaps are opened and closed while the program exits, too.
    static Guarded* const list = [] {
        ::pthread_atfork([] { guarded().mutex.lock(); }, [] { guarded().mutex.unlock(); },
                         [] {
                             for (ForkGuarded* const one : guarded().all)
                                 one->abandon();
                             guarded().mutex.unlock();
                         });
        return new Guarded;
    }();
    return *list;
}

} // namespace

ForkGuarded::ForkGuarded() {
    const std::lock_guard lock(guarded().mutex);
    guarded().all.push_back(this);
}

ForkGuarded::~ForkGuarded() {
    Guarded& list = guarded();
    const std::lock_guard lock(list.mutex);
    list.all.erase(std::remove(list.all.begin(), list.all.end(), this), list.all.end());
}

} // namespace mediaheap
