// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Faults that are somebody else's: other handlers of SIGSEGV, before ours and after it.
#include <csetjmp>
#include <csignal>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guarded_memory.h"
#include "protection.h"

namespace mediaheap {
namespace {

using test::Guarded;
using test::peek;
using test::poke;
using testing::AllOf;
using testing::ExitedWithCode;
using testing::HasSubstr;
using testing::KilledBySignal;
using testing::Not;

/// Each in a process of its own, in which no handler of ours is in force yet.
class OtherHandlersDeathTest : public testing::Test {
protected:
    OtherHandlersDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
    ~OtherHandlersDeathTest() override { GTEST_FLAG_SET(death_test_style, "fast"); }

    static void* closedPage() {
        return ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    static void setHandler(void (*handler)(int), int flags = 0) {
        struct sigaction action {};
        action.sa_handler = handler;
        action.sa_flags = flags;
        ::sigaction(SIGSEGV, &action, nullptr);
    }
    static void setHandler(void (*handler)(int, siginfo_t*, void*), int flags = 0) {
        struct sigaction action {};
        action.sa_sigaction = handler;
        action.sa_flags = SA_SIGINFO | flags;
        ::sigaction(SIGSEGV, &action, nullptr);
    }
    static void say(const char* text) {
        if (::write(STDERR_FILENO, text, std::char_traits<char>::length(text)) < 0)
            ::_exit(99);
    }

    static void* page;        // closed, and none of ours
    static sigjmp_buf escape; // where a handler jumps to
};

void* OtherHandlersDeathTest::page = nullptr;
sigjmp_buf OtherHandlersDeathTest::escape;

TEST_F(OtherHandlersDeathTest, OneBeforeOursGetsItsFaultsWithAllThatTheKernelSaid) {
    EXPECT_EXIT(
        {
            page = closedPage();
            setHandler([](int number, siginfo_t* info, void* context) {
                const bool right = number == SIGSEGV && info->si_addr == page &&
                                   info->si_code == SEGV_ACCERR && context != nullptr;
                say(right ? "theirs" : "wrong");
                ::_exit(7);
            });
            Guarded memory(StrayPolicy::Abort);
            (void)peek(page);
        },
        ExitedWithCode(7), AllOf(HasSubstr("theirs"), Not(HasSubstr("stray"))));
}

TEST_F(OtherHandlersDeathTest, OneOfTheOldKindGetsItsFaults) {
    EXPECT_EXIT(
        {
            page = closedPage();
            setHandler([](int number) { ::_exit(number == SIGSEGV ? 8 : 9); });
            Guarded memory(StrayPolicy::Abort);
            (void)peek(page);
        },
        ExitedWithCode(8), "");
}

TEST_F(OtherHandlersDeathTest, OneThatMendsItsFaultsGoesOnDoingSoBesideOurs) {
    EXPECT_EXIT(
        {
            page = closedPage();
            setHandler([](int, siginfo_t* info, void*) {
                ::mprotect(info->si_addr, 4096, PROT_READ | PROT_WRITE);
            });
            Guarded memory(StrayPolicy::Report);
            poke(page, 1);
            poke(memory.address, 1);
            ::mprotect(page, 4096, PROT_NONE);
            poke(page, 1);
            ::_exit(memory.strays == 1 && peek(page) == 1 ? 10 : 11);
        },
        ExitedWithCode(10), HasSubstr("stray write"));
}

TEST_F(OtherHandlersDeathTest, OneThatJumpsAwayMayDoSoAgainAndAgain) {
    for (const int flags : {0, SA_NODEFER}) {
        EXPECT_EXIT(
            {
                page = closedPage();
                setHandler([](int, siginfo_t*, void*) { ::siglongjmp(escape, 1); }, flags);
                Guarded memory(StrayPolicy::Report);
                volatile int jumps = 0;
                while (jumps < 3) {
                    // With SA_NODEFER the mask need not be restored: nothing was blocked.
                    if (::sigsetjmp(escape, flags == 0) == 0)
                        (void)peek(page);
                    else
                        jumps = jumps + 1;
                }
                (void)peek(memory.address);
                ::_exit(memory.strays == 1 ? 12 : 13);
            },
            ExitedWithCode(12), HasSubstr("stray read"))
            << flags;
    }
}

TEST_F(OtherHandlersDeathTest, OneForOneFaultIsGoneForTheNext) {
    EXPECT_EXIT(
        {
            page = closedPage();
            setHandler([](int, siginfo_t*, void*) { say("once "); },
                       static_cast<int>(SA_RESETHAND));
            Guarded memory(StrayPolicy::Report);
            (void)peek(page);
        },
        KilledBySignal(SIGSEGV), testing::MatchesRegex("once "));
}

TEST_F(OtherHandlersDeathTest, NoneAtAllMeansTheDefaultAction) {
    EXPECT_EXIT(
        {
            page = closedPage();
            ::signal(SIGSEGV, SIG_DFL);
            Guarded memory(StrayPolicy::Abort);
            (void)peek(page);
        },
        KilledBySignal(SIGSEGV), "");
    EXPECT_EXIT(
        {
            ::signal(SIGSEGV, SIG_DFL);
            Guarded memory(StrayPolicy::Abort);
            ::kill(::getpid(), SIGSEGV);
            ::pause();
        },
        KilledBySignal(SIGSEGV), "")
        << "when somebody sends the signal";
}

TEST_F(OtherHandlersDeathTest, AnIgnoredSignalIsIgnoredUnlessItIsAFault) {
    EXPECT_EXIT(
        {
            ::signal(SIGSEGV, SIG_IGN);
            Guarded memory(StrayPolicy::Abort);
            ::raise(SIGSEGV);
            ::_exit(14);
        },
        ExitedWithCode(14), "");
    EXPECT_EXIT(
        {
            page = closedPage();
            ::signal(SIGSEGV, SIG_IGN);
            Guarded memory(StrayPolicy::Abort);
            (void)peek(page);
        },
        KilledBySignal(SIGSEGV), "");
}

struct sigaction passedOnTo;

TEST_F(OtherHandlersDeathTest, OneAfterOursKeepsItsFaultsAndPassesOursOn) {
    EXPECT_EXIT(
        {
            page = closedPage();
            Guarded memory(StrayPolicy::Report);
            struct sigaction theirs {};
            theirs.sa_flags = SA_SIGINFO;
            theirs.sa_sigaction = [](int number, siginfo_t* info, void* context) {
                if (info->si_addr == page)
                    ::mprotect(page, 4096, PROT_READ | PROT_WRITE);
                else
                    passedOnTo.sa_sigaction(number, info, context);
            };
            ::sigaction(SIGSEGV, &theirs, &passedOnTo);
            poke(page, 1);
            poke(memory.address, 1);
            ::_exit(memory.strays == 1 && peek(page) == 1 ? 15 : 16);
        },
        ExitedWithCode(15), HasSubstr("stray write"));
}

TEST_F(OtherHandlersDeathTest, OneOnAStackOfItsOwnIsStillCalledThere) {
    EXPECT_EXIT(
        {
            static char room[1 << 16];
            stack_t stack{};
            stack.ss_sp = room;
            stack.ss_size = sizeof room;
            ::sigaltstack(&stack, nullptr);
            setHandler(
                [](int, siginfo_t*, void*) {
                    // A local variable may be elsewhere under AddressSanitizer.
                    const auto* const here = static_cast<char*>(__builtin_frame_address(0));
                    ::_exit(here >= room && here < room + sizeof room ? 17 : 18);
                },
                SA_ONSTACK);
            Guarded memory(StrayPolicy::Abort);
            (void)peek(closedPage());
        },
        ExitedWithCode(17), "");
}

} // namespace
} // namespace mediaheap
