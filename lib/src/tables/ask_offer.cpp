// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/ask_offer.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <mediaheap/unique_fd.h>

#include "base/error.h"
#include "kernel/file_system.h"
#include "kernel/retry.h"

namespace mediaheap {

Result<HeapOffer::Answer> askOffer(FileSystem& files, int directory, const std::string& name,
                                   uint32_t heap, OfferOperation operation) {
    const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/" + name;
    const UniqueFd connection(uninterrupted([&] { return files.connectTo(path.c_str()); }));
    if (!connection.isValid())
        return makeError(ECONNREFUSED, "connect to its process", "it does not listen");

    offer::Request request{};
    std::memcpy(request.magic, offer::magic, sizeof request.magic);
    request.version = offer::version;
    request.operation = static_cast<uint32_t>(operation);
    request.heap = heap;
    // One that refuses us may have hung up already; its reply says why.
    (void)files.send(connection.get(), &request, sizeof request);
    const int ready = uninterrupted(
        [&] { return files.waitForEither(connection.get(), -1, offer::longestSilence); });
    if (ready <= 0)
        return makeError(ETIMEDOUT, "wait for its answer");
    offer::Reply reply{};
    if (files.receive(connection.get(), &reply, sizeof reply) !=
            static_cast<ssize_t>(sizeof reply) ||
        std::memcmp(reply.magic, offer::magic, sizeof reply.magic) != 0 ||
        reply.version != offer::version || reply.error < 0)
        return makeError(EPROTO, "read its answer", "it is none that this version knows");
    if (reply.error == 0)
        return HeapOffer::Answer{reply.bytes};
    std::string text(reply.text, strnlen(reply.text, sizeof reply.text));
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            c = ' ';
    }
    return makeError(reply.error, {}, text);
}

} // namespace mediaheap
