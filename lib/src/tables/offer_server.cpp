// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/offer_server.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "base/log.h"
#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "tables/fork_guard.h"
#include "tables/process_identity.h"
#include "tables/table_name.h"

namespace mediaheap {

namespace {

constexpr int pauseAfterFailure = 100;  // milliseconds
constexpr unsigned mostFailures = 1000; // one after another

/// Forgets the server of the parent. What it has in memory stays: its locks may be held by threads
/// that are not there any more.
class Current final : public ForkGuarded {
public:
    OfferServer& get() {
        OfferServer* server = server_.load();
        if (!server) {
            auto* const fresh = new OfferServer;
            if (server_.compare_exchange_strong(server, fresh))
                return *fresh;
            delete fresh;
        }
        return *server;
    }

private:
    void abandon() noexcept override {
        if (OfferServer* const server = server_.exchange(nullptr))
            server->abandon();
    }

    std::atomic<OfferServer*> server_{nullptr};
};

/// Blocks all signals of this thread for as long as it lives; a thread made meanwhile inherits
/// that.
class NoSignals {
public:
    NoSignals() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

private:
    sigset_t before_;
};

} // namespace

OfferServer& OfferServer::instance() {
    // Never destroyed: heaps are closed while the program exits, too.
    static Current* const current = new Current;
    return current->get();
}

void OfferServer::abandon() noexcept {
    listening_.reset();
    stopping_.reset();
    directory_.reset();
}

Result<void> OfferServer::add(Kernel& kernel, FileSystem& files, uint32_t number,
                              HeapOffer::Handler handler) {
    const std::lock_guard life(lifeMutex_);
    if (!thread_.joinable()) {
        if (Result<void> started = start(kernel, files); !started)
            return started;
    }
    const std::lock_guard lock(mutex_);
    handlers_[number] = std::move(handler);
    return {};
}

void OfferServer::remove(uint32_t number) {
    const std::lock_guard life(lifeMutex_);
    bool last = false;
    {
        const std::lock_guard lock(mutex_);
        last = handlers_.erase(number) > 0 && handlers_.empty();
    }
    if (last)
        stop();
}

Result<void> OfferServer::start(Kernel& kernel, FileSystem& files) {
    Result<RuntimeDirectory> directory = RuntimeDirectory::open(files);
    if (!directory)
        return std::move(directory).error();
    const Result<ProcessIdentity> owner = identify(kernel, files.processId());
    if (!owner)
        return owner.error();
    TableName name;
    name.pid = owner.value().pid;
    name.startTime = owner.value().startTime;
    name.pidNamespace = pidNamespace(files);

    // Through the descriptor: that is the directory which was looked at, and a socket's path must
    // be short.
    const std::string path = "/proc/self/fd/" + std::to_string(directory->fd()) + "/" + name.text();
    UniqueFd stopping(kernel.eventFd());
    if (!stopping.isValid())
        return makeError(EMFILE, "make an eventfd");
    const int listening = files.listenAt(path.c_str());
    if (listening < 0)
        return makeError(-listening, "listen at " + directory->path() + "/" + name.text());
    files_ = &files;
    name_ = name.text();
    directory_ = std::make_unique<RuntimeDirectory>(std::move(directory).value());
    listening_ = UniqueFd(listening);
    stopping_ = std::move(stopping);
    const NoSignals inherited;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
        stop();
        return makeError(EAGAIN, "start a thread", error.what());
    }
    return {};
}

void OfferServer::stop() {
    if (thread_.joinable()) {
        (void)files_->wake(stopping_.get());
        thread_.join();
    }
    (void)files_->removeAt(directory_->fd(), name_.c_str());
    listening_.reset();
    stopping_.reset();
    directory_.reset();
}

void OfferServer::run() {
    for (unsigned failures = 0; failures < mostFailures;) {
        const int ready = uninterrupted(
            [&] { return files_->waitForEither(listening_.get(), stopping_.get(), -1); });
        if (ready > 0 && (ready & 2) != 0)
            return;
        uid_t peer = 0;
        const UniqueFd connection(ready > 0 ? files_->acceptFrom(listening_.get(), peer) : -1);
        if (connection.isValid()) {
            failures = 0;
            serve(connection.get(), peer);
        } else { // where there are no descriptors left, there will be some later
            failures++;
            (void)files_->waitForEither(-1, stopping_.get(), pauseAfterFailure);
        }
    }
    log(LogLevel::Warning, "nobody can ask for this process's heaps any more: its socket fails");
}

void OfferServer::serve(int connection, uid_t peer) {
    // It is read whoever asks: a reply would be lost with a request that nobody has read.
    offer::Request request{};
    const int ready = uninterrupted(
        [&] { return files_->waitForEither(connection, stopping_.get(), offer::longestSilence); });
    if (ready != 1 || files_->receive(connection, &request, sizeof request) !=
                          static_cast<ssize_t>(sizeof request))
        return;
    offer::Reply reply{};
    if (peer == 0 || peer == files_->userId())
        reply = answer(request);
    else
        reply.error = EPERM;
    std::memcpy(reply.magic, offer::magic, sizeof reply.magic);
    reply.version = offer::version;
    (void)files_->send(connection, &reply, sizeof reply);
}

offer::Reply OfferServer::answer(const offer::Request& request) {
    offer::Reply reply{};
    const auto refuse = [&](const Error& error) {
        reply.error = error.code;
        const std::string text = error.message();
        std::memcpy(reply.text, text.data(), std::min(text.size(), sizeof reply.text - 1));
    };
    const auto operation = static_cast<OfferOperation>(request.operation);
    if (std::memcmp(request.magic, offer::magic, sizeof request.magic) != 0 ||
        request.version != offer::version ||
        (operation != OfferOperation::Trim && operation != OfferOperation::Destroy)) {
        refuse(makeError(EPROTO, "read the request", "it is none that this version knows"));
        return reply;
    }
    const std::lock_guard lock(mutex_);
    const auto handler = handlers_.find(request.heap);
    if (handler == handlers_.end()) {
        refuse(makeError(ENODEV, "find the heap", "this process offers none of that number"));
        return reply;
    }
    const Result<HeapOffer::Answer> answered = handler->second(operation);
    if (answered)
        reply.bytes = answered.value().bytes;
    else
        refuse(answered.error());
    return reply;
}

} // namespace mediaheap
