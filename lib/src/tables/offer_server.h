// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

#include "tables/heap_offer.h"
#include "tables/offer_protocol.h"
#include "tables/runtime_directory.h"

namespace mediaheap {

/// The thread that answers for the heaps that this process offers. It runs while there are any.
///
/// Thread safety: all members from any thread.
class OfferServer {
public:
    /// The one of this process. A forked child has another: threads are not inherited.
    static OfferServer& instance();

    Result<void> add(Kernel& kernel, FileSystem& files, uint32_t number,
                     HeapOffer::Handler handler);
    void remove(uint32_t number);

    /// In a forked child: closes what it has of the parent's.
    void abandon() noexcept;

private:
    Result<void> start(Kernel& kernel, FileSystem& files);
    void stop();
    void run();
    void serve(int connection, uid_t peer);
    offer::Reply answer(const offer::Request& request);

    std::mutex lifeMutex_; // of starting and stopping; taken before mutex_
    std::mutex mutex_;     // of the handlers, held while one is called
    std::map<uint32_t, HeapOffer::Handler> handlers_;

    // While the thread runs.
    FileSystem* files_ = nullptr;
    std::unique_ptr<RuntimeDirectory> directory_;
    std::string name_;
    UniqueFd listening_;
    UniqueFd stopping_;
    std::thread thread_;
};

} // namespace mediaheap
