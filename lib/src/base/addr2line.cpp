// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/addr2line.h"

#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mediaheap/unique_fd.h>

namespace mediaheap {

namespace {

constexpr std::chrono::seconds patience{10};

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

/// All that @p fd gives until its end, or until the patience is over.
bool readAll(int fd, std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            return false;
        pollfd polled{fd, POLLIN, 0};
        if (::poll(&polled, 1, static_cast<int>(left.count())) <= 0)
            continue;
        char buffer[4096];
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got > 0)
            text.append(buffer, static_cast<size_t>(got));
        else if (got == 0 || errno != EINTR)
            return got == 0;
    }
}

/// The standard output of a program; empty where it cannot be had. Its environment is empty, so
/// that it speaks English and nothing preloaded speaks in between.
std::string outputOf(const std::vector<std::string>& command) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0)
        return {};
    const UniqueFd output(ends[0]);
    UniqueFd input(ends[1]);

    std::vector<char*> arguments;
    for (const std::string& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    char* const environment[] = {nullptr};

    posix_spawn_file_actions_t actions;
    if (::posix_spawn_file_actions_init(&actions) != 0)
        return {};
    pid_t child = -1;
    const bool spawned =
        ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
        ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
        ::posix_spawn_file_actions_adddup2(&actions, input.get(), 1) == 0 &&
        ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environment) == 0;
    ::posix_spawn_file_actions_destroy(&actions);
    if (!spawned)
        return {};
    input.reset();

    std::string text;
    if (!readAll(output.get(), text)) {
        ::kill(child, SIGKILL);
        text.clear();
    }
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return text;
}

} // namespace

const std::string& addr2linePath() {
    static const std::string* const path = new std::string(findInPath("addr2line"));
    return *path;
}

std::vector<std::string> runAddr2line(const std::string& module,
                                      const std::vector<uint64_t>& addresses) {
    std::vector<std::string> answers(addresses.size());
    if (addr2linePath().empty() || module.empty() || module[0] != '/')
        return answers;

    std::vector<std::string> command{addr2linePath(), "-aCfip", "-e", module};
    for (const uint64_t address : addresses) {
        char text[32];
        std::snprintf(text, sizeof text, "0x%" PRIx64, address);
        command.emplace_back(text);
    }
    // "0x0000000000001139: function at file:line", then " (inlined by) function at file:line".
    const std::string text = outputOf(command);
    size_t answer = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        at = end + 1;
        const size_t colon = line.find(": ");
        if (line.compare(0, 2, "0x") == 0 && colon != std::string::npos) {
            line.erase(0, colon + 2);
            ++answer;
        } else {
            line = "\n" + line;
        }
        const size_t unknown = line.find(" at ??:");
        if (unknown != std::string::npos)
            line.erase(unknown);
        const bool known = line.compare(0, 2, "??") != 0 && answer > 0;
        if (known && answer <= answers.size())
            answers[answer - 1] += line;
    }
    return answers;
}

} // namespace mediaheap
