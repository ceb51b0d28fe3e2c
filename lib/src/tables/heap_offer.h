// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <mediaheap/result.h>

#include "tables/offer_protocol.h"

namespace mediaheap {

class FileSystem;
class Kernel;

/// A heap of this process that other processes of the same user, and root, may ask for its memory:
/// `offer=1` in its heap string.
///
/// They do so on a local socket in the runtime directory (mode 0600; the kernel says who is at the
/// other end), on which one small thread of the process listens for as long as it offers anything.
/// The thread takes no signals.
class HeapOffer {
public:
    struct Answer {
        uint64_t bytes = 0; ///< given back to the system
    };
    /// Called on that thread; must not end the offer.
    using Handler = std::function<Result<Answer>(OfferOperation)>;

    /// @p number: of the heap in its process (HeapTable::number()).
    ///
    /// Errors: those of RuntimeDirectory::open(); EAGAIN there can be no thread; what socket(2) and
    /// bind(2) answer.
    static Result<std::unique_ptr<HeapOffer>> make(Kernel& kernel, FileSystem& files,
                                                   uint32_t number, Handler handler);
    /// Waits for a call of the handler that is under way.
    ~HeapOffer();
    HeapOffer(const HeapOffer&) = delete;
    HeapOffer& operator=(const HeapOffer&) = delete;

private:
    explicit HeapOffer(uint32_t number) : number_(number) {}

    const uint32_t number_;
};

} // namespace mediaheap
