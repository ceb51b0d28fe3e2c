// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What becomes of accesses to a mapping that is closed, and of faults that are somebody else's.
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fault_kernel.h"
#include "must.h"
#include "protection.h"
#include "sync/access_guard.h"
#include "sync/access_trace.h"

namespace mediaheap {

/// Places that a report is to name.
__attribute__((noinline)) void strayRead(const void* address) { (void)test::peek(address); }
__attribute__((noinline)) void strayWrite(void* address) { test::poke(address, 1); }
__attribute__((noinline)) void lastOpener(AccessTrace& trace, Access access) {
    test::must(trace.opens(access, {0, 64}));
}

namespace {

using test::must;
using test::peek;
using test::poke;
using test::protectionOf;
using testing::AllOf;
using testing::ContainsRegex;
using testing::ExitedWithCode;
using testing::HasSubstr;
using testing::KilledBySignal;
using testing::Not;

/// Guarded memory.
class Guarded {
public:
    explicit Guarded(StrayPolicy policy, bool writable = true) {
        const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
        EXPECT_EQ(kernel.map(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, &address),
                  0);
        guard = must(AccessGuard::make(kernel, address, size, writable, {policy, &strays}));
        guard->lend("frame", "memfd,size=1M,sanitize=1");
        trace = std::make_unique<AccessTrace>(guard.get());
    }
    ~Guarded() {
        trace.reset();
        guard.reset();
        kernel.unmap(address, size);
    }

    uint8_t* at(size_t offset) const { return static_cast<uint8_t*>(address) + offset; }
    void opens(Access access) { must(trace->opens(access, {0, size})); }
    void closes() { must(trace->closes(true)); }

    test::FaultKernel kernel{Kernel::system()};
    const size_t size = 4 * kernel.pageSize();
    void* address = nullptr;
    std::atomic<unsigned> strays{0};
    std::unique_ptr<AccessGuard> guard;
    std::unique_ptr<AccessTrace> trace;
};

// ---- Abort.

TEST(StrayAccessDeathTest, NamesAReadThatNoAccessIsOpenFor) {
    Guarded memory(StrayPolicy::Abort);
    EXPECT_EXIT(strayRead(memory.at(100)), KilledBySignal(SIGABRT),
                AllOf(ContainsRegex("mediaheap: stray read at 0x[0-9a-f]+64: byte 100 of the " +
                                    std::to_string(memory.size) +
                                    " of block 'frame' of heap 'memfd,size=1M,sanitize=1', by "
                                    "thread [0-9]+ 'unit-sync', outside any access\n"),
                      ContainsRegex("#0 .*(strayRead|peek).* at "), HasSubstr("strayRead"),
                      HasSubstr("stray_access_test.cpp"),
                      HasSubstr("no access there has ended before"), HasSubstr("stray=report")));
}

TEST(StrayAccessDeathTest, NamesTheLastAccessThatEndedThere) {
    Guarded memory(StrayPolicy::Abort);
    lastOpener(*memory.trace, Access::ReadWrite);
    memory.closes();
    EXPECT_EXIT(strayWrite(memory.at(0)), KilledBySignal(SIGABRT),
                AllOf(HasSubstr("stray write"), HasSubstr("strayWrite"),
                      ContainsRegex("the last access that ended there: access #[0-9]+ for reading "
                                    "and writing, opened by thread [0-9]+ here:\n"),
                      HasSubstr("lastOpener"), Not(HasSubstr("that is open there"))));
}

TEST(StrayAccessDeathTest, NamesAWriteInAnAccessForReadingAndWhoOpenedThat) {
    Guarded memory(StrayPolicy::Abort);
    lastOpener(*memory.trace, Access::Read);
    EXPECT_EQ(peek(memory.at(0)), 0);
    EXPECT_EXIT(
        strayWrite(memory.at(7)), KilledBySignal(SIGABRT),
        AllOf(HasSubstr("stray write"), HasSubstr("byte 7 of"),
              HasSubstr("in an access for reading"),
              ContainsRegex("the access that is open there: access #[0-9]+ for reading, opened"),
              HasSubstr("lastOpener")));
}

TEST(StrayAccessDeathTest, NamesAFreedBlock) {
    Guarded memory(StrayPolicy::Abort);
    memory.guard->takeBack();
    EXPECT_EXIT(strayRead(memory.at(0)), KilledBySignal(SIGABRT),
                AllOf(HasSubstr("of freed block 'frame'"), HasSubstr("after it was given back")));
}

TEST(StrayAccessDeathTest, EndsAJumpIntoABlockWhateverTheChoice) {
    Guarded memory(StrayPolicy::Report);
    EXPECT_EXIT(reinterpret_cast<void (*)()>(memory.address)(), KilledBySignal(SIGABRT),
                AllOf(HasSubstr("stray jump"), HasSubstr("cannot be let through")));
}

TEST(StrayAccessDeathTest, EndsAWriteToWhatCanOnlyBeReadWhateverTheChoice) {
    Guarded memory(StrayPolicy::Report, /*writable=*/false);
    EXPECT_EXIT(strayWrite(memory.address), KilledBySignal(SIGABRT),
                AllOf(HasSubstr("stray write"), HasSubstr("cannot be let through")));
}

TEST(StrayAccessDeathTest, EndsTheProgramWhereTheMappingCannotBeOpened) {
    Guarded memory(StrayPolicy::Report);
    EXPECT_EXIT(
        {
            memory.kernel.failFrom(test::Call::Protect, 1, ENOMEM);
            strayRead(memory.address);
        },
        KilledBySignal(SIGABRT),
        HasSubstr("cannot be let through (errno " + std::to_string(ENOMEM) + ")"));
}

// ---- Report and go on.

class StrayReportTest : public testing::Test {
protected:
    /// What is written to stderr while @p provoke runs.
    template <typename Provoke> static std::string reportsOf(Provoke provoke) {
        testing::internal::CaptureStderr();
        provoke();
        return testing::internal::GetCapturedStderr();
    }

    Guarded memory{StrayPolicy::Report};
};

TEST_F(StrayReportTest, LetsAnAccessThrough) {
    const std::string text = reportsOf([&] {
        errno = 1234;
        strayWrite(memory.at(5));
        EXPECT_EQ(errno, 1234) << "of the program, which the handler is not to touch";
    });
    EXPECT_THAT(text, AllOf(HasSubstr("stray write"), HasSubstr("byte 5 of"),
                            HasSubstr("strayWrite"), HasSubstr("let through")));
    EXPECT_EQ(memory.strays, 1u);
    EXPECT_EQ(protectionOf(memory.address, memory.size), "rw-");
    EXPECT_EQ(peek(memory.at(5)), 1) << "it has been done";
}

TEST_F(StrayReportTest, IsOpenUntilTheNextAccessBegins) {
    reportsOf([&] { strayRead(memory.at(0)); });
    const std::string text = reportsOf([&] {
        strayWrite(memory.at(0));
        strayWrite(memory.at(memory.size - 1));
    });
    EXPECT_EQ(text, "");
    EXPECT_EQ(memory.strays, 1u);
    memory.opens(Access::Read);
    EXPECT_EQ(protectionOf(memory.address, memory.size), "r--");
    reportsOf([&] { strayWrite(memory.at(0)); });
    EXPECT_EQ(memory.strays, 2u);
    memory.opens(Access::Read);
    EXPECT_EQ(protectionOf(memory.address, memory.size), "r--") << "nested ones count, too";
    must(memory.trace->closes(false));
    memory.closes();
    EXPECT_EQ(protectionOf(memory.address, memory.size), "---");
}

TEST_F(StrayReportTest, IsOpenUntilAnAccessEnds) {
    memory.opens(Access::Read);
    memory.opens(Access::Read);
    reportsOf([&] { strayWrite(memory.at(0)); });
    must(memory.trace->closes(false));
    EXPECT_EQ(protectionOf(memory.address, memory.size), "r--");
    memory.closes();
}

TEST_F(StrayReportTest, CountsEachAndTellsOfAPlaceOnce) {
    std::vector<std::string> texts;
    for (int n = 0; n < 3; ++n) {
        texts.push_back(reportsOf([&] { strayRead(memory.at(8)); }));
        memory.opens(Access::Write);
        memory.closes();
    }
    EXPECT_EQ(memory.strays, 3u);
    EXPECT_THAT(texts[1], AllOf(HasSubstr("stray read"), HasSubstr("as before at this place\n"),
                                Not(HasSubstr("#0"))));
    EXPECT_THAT(texts[2], HasSubstr("as before"));
}

TEST_F(StrayReportTest, HidesMemoryFromTheKernelWithoutASignal) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    EXPECT_EQ(::write(ends[1], memory.address, 1), -1);
    EXPECT_EQ(errno, EFAULT);
    EXPECT_EQ(memory.strays, 0u);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_F(StrayReportTest, LetsThreadsStrayAtOnce) {
    constexpr unsigned threadCount = 4;
    constexpr unsigned rounds = 25;
    std::atomic<unsigned> done{0};
    const std::string text = reportsOf([&] {
        std::vector<std::thread> threads;
        for (unsigned id = 0; id < threadCount; ++id) {
            threads.emplace_back([&, id] {
                for (unsigned n = 0; n < rounds; ++n)
                    strayWrite(memory.at(id * 64));
                ++done;
            });
        }
        // Meanwhile the mapping is closed again and again.
        while (done < threadCount) {
            memory.opens(Access::Read);
            memory.closes();
        }
        for (std::thread& thread : threads)
            thread.join();
    });
    EXPECT_GE(memory.strays, 1u);
    EXPECT_LE(memory.strays, threadCount * rounds);
    EXPECT_THAT(text, HasSubstr("stray write"));
}

// ---- Faults that are not ours. Each in a process of its own, in which no handler is in force yet.

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
            strayRead(page);
        },
        ExitedWithCode(7), AllOf(HasSubstr("theirs"), Not(HasSubstr("stray"))));
}

TEST_F(OtherHandlersDeathTest, OneOfTheOldKindGetsItsFaults) {
    EXPECT_EXIT(
        {
            page = closedPage();
            setHandler([](int number) { ::_exit(number == SIGSEGV ? 8 : 9); });
            Guarded memory(StrayPolicy::Abort);
            strayRead(page);
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
            strayWrite(page);
            strayWrite(memory.address);
            ::mprotect(page, 4096, PROT_NONE);
            strayWrite(page);
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
                        strayRead(page);
                    else
                        jumps = jumps + 1;
                }
                strayRead(memory.address);
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
            strayRead(page);
        },
        KilledBySignal(SIGSEGV), testing::MatchesRegex("once "));
}

TEST_F(OtherHandlersDeathTest, NoneAtAllMeansTheDefaultAction) {
    EXPECT_EXIT(
        {
            page = closedPage();
            ::signal(SIGSEGV, SIG_DFL);
            Guarded memory(StrayPolicy::Abort);
            strayRead(page);
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
            strayRead(page);
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
            strayWrite(page);
            strayWrite(memory.address);
            ::_exit(memory.strays == 1 && peek(page) == 1 ? 15 : 16);
        },
        ExitedWithCode(15), HasSubstr("stray write"));
}

TEST_F(OtherHandlersDeathTest, OneOnAStackOfItsOwnStillTellsOfAnOverflow) {
    EXPECT_EXIT(
        {
            static char room[1 << 16];
            stack_t stack{};
            stack.ss_sp = room;
            stack.ss_size = sizeof room;
            ::sigaltstack(&stack, nullptr);
            setHandler(
                [](int, siginfo_t*, void*) {
                    char here = 0;
                    ::_exit(&here >= room && &here < room + sizeof room ? 17 : 18);
                },
                SA_ONSTACK);
            Guarded memory(StrayPolicy::Abort);
            strayRead(closedPage());
        },
        ExitedWithCode(17), "");
}

} // namespace
} // namespace mediaheap
