// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/addr2line.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/backtrace.h"
#include "base/digits.h"

namespace mediaheap {

namespace {

constexpr int64_t patience = 10000; // milliseconds

std::string findInPath(const std::string& program) {
    const char* const path = std::getenv("PATH");
    const std::string folders = path ? path : "/usr/bin:/bin";
    for (size_t at = 0; at <= folders.size();) {
        const size_t colon = std::min(folders.find(':', at), folders.size());
        const std::string folder = folders.substr(at, colon - at);
        at = colon + 1;
        const std::string file = folder + "/" + program;
        if (!folder.empty() && folder[0] == '/' && ::access(file.c_str(), X_OK) == 0)
            return file;
    }
    return {};
}

/// A program's command line, put together without allocating.
class Command {
public:
    Command(const char* program, const char* module, const uint64_t* addresses,
            size_t count) noexcept {
        size_t used = 0;
        for (const char* const word : {program, "-aCfip", "-e", module})
            words_[used++] = const_cast<char*>(word);
        for (size_t n = 0; n < std::min(count, longestBacktrace); ++n) {
            std::strcpy(texts_[n], Digits::hex(addresses[n]).text());
            words_[used++] = texts_[n];
        }
        words_[used] = nullptr;
    }

    char* const* words() const noexcept { return words_; }

private:
    char texts_[longestBacktrace][20]; // 0x and 16 digits
    char* words_[longestBacktrace + 5];
};

/// In the new process: runs @p words with @p output as its standard output, and nothing else to
/// read or to say. The environment is empty, so that it speaks English and nothing is preloaded.
[[noreturn]] void become(char* const* words, int output) noexcept {
    char* const environment[] = {nullptr};
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0 && ::dup2(nothing, 0) >= 0 && ::dup2(output, 1) >= 0 &&
        ::dup2(nothing, 2) >= 0)
        ::execve(words[0], words, environment);
    ::_exit(127);
}

int64_t now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
}

/// All that @p fd gives, cut where there is no more room; false where the end does not come in
/// time.
bool readAll(int fd, char* text, size_t capacity) noexcept {
    const int64_t deadline = now() + patience;
    size_t length = 0;
    bool complete = false;
    for (int64_t left = patience; left > 0 && !complete; left = deadline - now()) {
        pollfd polled{fd, POLLIN, 0};
        if (::poll(&polled, 1, static_cast<int>(left)) <= 0)
            continue;
        char rest[256];
        const bool full = length + 1 >= capacity;
        const ssize_t got =
            full ? ::read(fd, rest, sizeof rest) : ::read(fd, text + length, capacity - 1 - length);
        if (got > 0)
            length += full ? 0 : static_cast<size_t>(got);
        else if (got == 0 || errno != EINTR)
            complete = true;
    }
    text[length] = '\0';
    return complete;
}

} // namespace

const char* addr2linePath() noexcept {
    static const std::string* const path = new std::string(findInPath("addr2line"));
    return path->c_str();
}

bool runAddr2line(const char* program, const char* module, const uint64_t* addresses, size_t count,
                  char* answer, size_t capacity) noexcept {
    answer[0] = '\0';
    if (*module != '/')
        return true; // [vdso] and the like: there is no file to ask about
    int ends[2];
    if (*program == '\0' || ::pipe2(ends, O_CLOEXEC) < 0)
        return false;
    const Command command(program, module, addresses, count);

    // No signal handler of the program may run in a copy of it.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    // fork() would run pthread_atfork() handlers, which no signal handler may.
    const auto child =
        static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (child == 0)
        become(command.words(), ends[1]);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);

    ::close(ends[1]);
    const bool complete = child > 0 && readAll(ends[0], answer, capacity);
    ::close(ends[0]);
    if (child > 0) {
        if (!complete)
            ::kill(child, SIGKILL);
        while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    return complete;
}

} // namespace mediaheap
