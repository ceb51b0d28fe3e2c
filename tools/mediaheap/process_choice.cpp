// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process_choice.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>
#include <utility>

#include "kernel/kernel.h"

namespace mediaheap::tool {

namespace {

/// `process 1 (init)`, or nothing where there is none.
std::optional<std::string> running(int64_t number) {
    const std::string text = "process " + std::to_string(number);
    if (const Result<ProcessIdentity> process = identify(Kernel::system(), number))
        return text + " (" + process.value().name + ")";
    // /proc may hide those of other users; whether there is one a signal would tell.
    if (::kill(static_cast<pid_t>(number), 0) == 0 || errno == EPERM)
        return text;
    return std::nullopt;
}

std::string count(size_t number, const char* one, const char* many) {
    return std::to_string(number) + (number == 1 ? one : many);
}

} // namespace

std::optional<int64_t> processNumber(const std::string& text) {
    int32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number < 1)
        return std::nullopt;
    return number;
}

ProcessChoice::ProcessChoice(std::string text)
    : text_(std::move(text)), number_(processNumber(text_)) {}

bool ProcessChoice::means(const ProcessIdentity& process) const {
    return text_.empty() || text_ == process.name || number_ == process.pid;
}

std::string ProcessChoice::hasNone(const std::string& heap, size_t others) const {
    const std::string what = (heap.empty() ? "heap" : "heap " + heap) + " open";
    if (isEverybody()) {
        const std::string text = "no process has a " + what + " that is seen here";
        return others == 0 ? text
                           : text + "; " + count(others, " process has", " processes have") +
                                 " other heaps, `mediaheap show` lists them";
    }

    std::string text = "no process called " + text_ + " has a " + what;
    if (number_) {
        const auto process = running(*number_);
        text = process ? *process + " has no " + what : "there is no process " + text_;
    }
    if (others == 0)
        return text + "; no other process has " +
               (heap.empty() ? "a heap open" : "such a heap open");
    return text + "; " + count(others, " other process has", " other processes have") +
           (heap.empty() ? " a heap open" : " such a heap open");
}

} // namespace mediaheap::tool
