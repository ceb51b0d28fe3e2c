// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What becomes of accesses to a mapping that is closed.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guarded_memory.h"
#include "must.h"
#include "protection.h"

namespace mediaheap {

/// Places that a report is to name.
__attribute__((noinline)) void strayRead(const void* address) { (void)test::peek(address); }
__attribute__((noinline)) void strayWrite(void* address) { test::poke(address, 1); }
__attribute__((noinline)) void lastOpener(AccessTrace& trace, Access access) {
    test::must(trace.opens(access, {0, 64}));
}

namespace {

using test::Guarded;
using test::must;
using test::peek;
using test::protectionOf;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::KilledBySignal;
using testing::Not;

// ---- Abort.

TEST(StrayAccessDeathTest, NamesAReadThatNoAccessIsOpenFor) {
    Guarded memory(StrayPolicy::Abort);
    EXPECT_EXIT(strayRead(memory.at(100)), KilledBySignal(SIGABRT),
                AllOf(ContainsRegex("mediaheap: stray read at 0x[0-9a-f]+64: byte 100 of the " +
                                    std::to_string(memory.size) +
                                    " of block 'frame' of heap 'memfd,size=1M,sanitize=1', by "
                                    "thread [0-9]+ '[^']+', outside any access\n"),
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

} // namespace
} // namespace mediaheap
