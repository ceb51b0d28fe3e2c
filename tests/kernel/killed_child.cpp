// SPDX-License-Identifier: LGPL-2.1-or-later
#include "killed_child.h"

#include <csignal>
#include <fcntl.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace mediaheap::test {

void killAfter(const std::function<bool()>& work, const std::function<void()>& meanwhile) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    const pid_t child = ::fork();
    if (child == 0) {
        bool good = false;
        try {
            good = work();
        } catch (...) {
        }
        const char verdict = good ? '+' : '-';
        (void)!::write(ready[1], &verdict, 1);
        for (;;)
            ::pause();
    }
    ::close(ready[1]);
    char verdict = '-';
    const bool heard = ::read(ready[0], &verdict, 1) == 1;
    ::close(ready[0]);
    if (heard && verdict == '+')
        meanwhile();
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (verdict != '+')
        throw std::runtime_error("the process that was to be killed could not do its work");
}

} // namespace mediaheap::test
