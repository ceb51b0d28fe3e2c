// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {

/// A forked child that runs a function, then says so and waits to be killed or let go.
class ChildProcess {
public:
    /// Returns when the child has run @p work.
    template <typename Work> explicit ChildProcess(Work work) {
        int up[2];
        int down[2];
        if (::pipe2(up, O_CLOEXEC) != 0 || ::pipe2(down, O_CLOEXEC) != 0)
            std::abort();
        const UniqueFd ready(up[0]);
        UniqueFd say(up[1]);
        UniqueFd wait(down[0]);
        goOn_ = UniqueFd(down[1]);
        pid_ = ::fork();
        if (pid_ == 0) {
            goOn_.reset();
            {
                const auto kept = work();
                (void)!::write(say.get(), "r", 1);
                char byte = 0;
                while (::read(wait.get(), &byte, 1) < 0 && errno == EINTR) {
                }
                (void)kept;
            }
            ::_exit(0);
        }
        say.reset();
        char byte = 0;
        if (pid_ < 0 || ::read(ready.get(), &byte, 1) != 1)
            std::abort();
    }
    ~ChildProcess() { kill(); }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    pid_t pid() const { return pid_; }

    /// SIGKILL, and waits for its end.
    void kill() {
        if (pid_ > 0)
            ::kill(pid_, SIGKILL);
        reap();
    }
    /// SIGKILL; it stays a zombie until reap().
    void killOnly() {
        ::kill(pid_, SIGKILL);
        siginfo_t info;
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }
    /// Lets what its function returned go, and the child end; waits for that.
    void finish() {
        goOn_.reset();
        reap();
    }
    void reap() {
        if (pid_ > 0)
            ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

private:
    pid_t pid_ = -1;
    UniqueFd goOn_;
};

} // namespace mediaheap::test
