// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/heap_offer.h"

#include <utility>

#include "tables/offer_server.h"

namespace mediaheap {

Result<std::unique_ptr<HeapOffer>> HeapOffer::make(Kernel& kernel, FileSystem& files,
                                                   uint32_t number, Handler handler) {
    if (Result<void> added = OfferServer::instance().add(kernel, files, number, std::move(handler));
        !added)
        return std::move(added).error();
    return std::unique_ptr<HeapOffer>(new HeapOffer(number));
}

HeapOffer::~HeapOffer() { OfferServer::instance().remove(number_); }

} // namespace mediaheap
