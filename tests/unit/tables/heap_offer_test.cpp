// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A process that offers its heap, and others that ask for it.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>

#include "child_process.h"
#include "tables/ask_offer.h"
#include "tables/heap_offer.h"
#include "tables/process_identity.h"
#include "tables/table_name.h"
#include "tables_test.h"

namespace mediaheap {
namespace {

using test::ChildProcess;
using test::must;
using test::TablesTest;
using testing::IsEmpty;
using testing::SizeIs;

class HeapOfferTest : public TablesTest {
protected:
    static HeapOffer::Handler gives(uint64_t bytes) {
        return [bytes](OfferOperation) { return HeapOffer::Answer{bytes}; };
    }
    std::unique_ptr<HeapOffer> offer(uint32_t number, HeapOffer::Handler handler) {
        return must(HeapOffer::make(faults, files, number, std::move(handler)));
    }

    std::string socketOf(pid_t pid) {
        const ProcessIdentity owner = must(identify(faults, pid));
        TableName name;
        name.pid = owner.pid;
        name.startTime = owner.startTime;
        name.pidNamespace = pidNamespace(FileSystem::system());
        return name.text();
    }
    Result<HeapOffer::Answer> ask(uint32_t number, OfferOperation operation = OfferOperation::Trim,
                                  pid_t pid = ::getpid()) {
        const RuntimeDirectory at = must(RuntimeDirectory::look(FileSystem::system(), directory));
        return askOffer(FileSystem::system(), at.fd(), socketOf(pid), number, operation);
    }
    int refusal(uint32_t number) {
        const auto answer = ask(number);
        return answer ? 0 : answer.error().code;
    }
};

TEST_F(HeapOfferTest, AnswersWithWhatTheHeapGaveBack) {
    std::vector<OfferOperation> seen;
    const auto one = offer(7, [&](OfferOperation operation) {
        seen.push_back(operation);
        return HeapOffer::Answer{uint64_t{5} << 30};
    });
    EXPECT_EQ(must(ask(7)).bytes, uint64_t{5} << 30);
    EXPECT_EQ(must(ask(7, OfferOperation::Destroy)).bytes, uint64_t{5} << 30);
    EXPECT_THAT(seen, testing::ElementsAre(OfferOperation::Trim, OfferOperation::Destroy));
}

TEST_F(HeapOfferTest, PassesTheReasonOfARefusalOn) {
    const auto one = offer(7, [](OfferOperation) -> Result<HeapOffer::Answer> {
        Error error;
        error.code = EBUSY;
        error.step = "destroy the heap";
        error.cause = "2 blocks\n\x1b[31m " + std::string(2000, 'x');
        return error;
    });
    const auto answer = ask(7);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, EBUSY);
    EXPECT_THAT(answer.error().message(),
                testing::StartsWith("destroy the heap: 2 blocks  [31m xxx"))
        << "cut to the message's size, and without control characters";
}

TEST_F(HeapOfferTest, KeepsTheHeapsOfAProcessApart) {
    const auto one = offer(1, gives(111));
    const auto two = offer(2, gives(222));
    EXPECT_THAT(names(), SizeIs(1)) << "one socket";
    EXPECT_EQ(must(ask(1)).bytes, 111u);
    EXPECT_EQ(must(ask(2)).bytes, 222u);
    EXPECT_EQ(refusal(3), ENODEV);
}

TEST_F(HeapOfferTest, StopsListeningWithTheLastHeap) {
    auto one = offer(1, gives(111));
    auto two = offer(2, gives(222));
    one.reset();
    EXPECT_EQ(refusal(1), ENODEV);
    EXPECT_EQ(must(ask(2)).bytes, 222u);
    two.reset();
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_EQ(refusal(2), ECONNREFUSED);
    const auto again = offer(3, gives(333));
    EXPECT_EQ(must(ask(3)).bytes, 333u);
}

TEST_F(HeapOfferTest, TakesNoRequestsFromOtherUsers) {
    std::atomic<unsigned> calls{0};
    files.peer = ::geteuid() + 1;
    const auto one = offer(1, [&](OfferOperation) {
        calls++;
        return HeapOffer::Answer{};
    });
    EXPECT_EQ(refusal(1), EPERM);
    EXPECT_EQ(calls, 0u);
}

TEST_F(HeapOfferTest, TakesRequestsFromRoot) {
    files.user = ::geteuid(); // whoever we are
    files.peer = 0;
    const auto one = offer(1, gives(111));
    EXPECT_EQ(must(ask(1)).bytes, 111u);
}

TEST_F(HeapOfferTest, RefusesWhatIsNoRequest) {
    const auto one = offer(1, gives(111));
    offer::Request sound{};
    std::memcpy(sound.magic, offer::magic, sizeof sound.magic);
    sound.version = offer::version;
    sound.operation = 1;
    sound.heap = 1;
    const auto send = [&](const offer::Request& request) {
        const UniqueFd connection(
            FileSystem::system().connectTo((directory + "/" + socketOf(::getpid())).c_str()));
        EXPECT_TRUE(connection.isValid());
        FileSystem::system().send(connection.get(), &request, sizeof request);
        EXPECT_EQ(FileSystem::system().waitForEither(connection.get(), -1, 60000), 1);
        offer::Reply reply{};
        EXPECT_EQ(FileSystem::system().receive(connection.get(), &reply, sizeof reply),
                  static_cast<ssize_t>(sizeof reply));
        return reply.error;
    };
    EXPECT_EQ(send(sound), 0);
    offer::Request wrong = sound;
    wrong.magic[0] = 'X';
    EXPECT_EQ(send(wrong), EPROTO);
    wrong = sound;
    wrong.version = 2;
    EXPECT_EQ(send(wrong), EPROTO);
    wrong = sound;
    wrong.operation = 3;
    EXPECT_EQ(send(wrong), EPROTO);
}

TEST_F(HeapOfferTest, SurvivesWhoHangsUpAndWhoSendsTooLittle) {
    const auto one = offer(1, gives(111));
    const std::string path = directory + "/" + socketOf(::getpid());
    { const UniqueFd silent(FileSystem::system().connectTo(path.c_str())); }
    {
        const UniqueFd terse(FileSystem::system().connectTo(path.c_str()));
        FileSystem::system().send(terse.get(), "x", 1);
    }
    EXPECT_EQ(must(ask(1)).bytes, 111u);
}

TEST_F(HeapOfferTest, AnswersManyAtOnce) {
    std::atomic<uint64_t> calls{0};
    const auto one = offer(1, [&](OfferOperation) { return HeapOffer::Answer{++calls}; });
    std::vector<std::thread> askers;
    std::atomic<unsigned> answered{0};
    for (int n = 0; n < 4; n++) {
        askers.emplace_back([&] {
            for (int times = 0; times < 10; times++)
                answered += ask(1).ok() ? 1 : 0;
        });
    }
    for (std::thread& asker : askers)
        asker.join();
    EXPECT_EQ(answered, 40u);
    EXPECT_EQ(calls, 40u);
}

// ThreadSanitizer knows no threads in the child of a process that has some.
#ifndef __SANITIZE_THREAD__
TEST_F(HeapOfferTest, IsTheParentsAlone) {
    auto one = offer(1, gives(111));
    ChildProcess child([&] {
        one.reset(); // the copy of the child
        return offer(1, gives(222));
    });
    EXPECT_EQ(must(ask(1)).bytes, 111u);
    EXPECT_EQ(must(ask(1, OfferOperation::Trim, child.pid())).bytes, 222u);
    child.finish();
    EXPECT_EQ(must(ask(1)).bytes, 111u);
    EXPECT_THAT(names(), SizeIs(1));
}
#endif

TEST_F(HeapOfferTest, DoesNotAnswerForAParentThatIsGone) {
    // The child of an offering process lives on, and must not keep the socket open.
    int grandchild = -1;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd from(ends[0]);
    const UniqueFd to(ends[1]);
    ChildProcess parent([&] {
        auto held = offer(1, gives(111));
        if (::fork() == 0) {
            const pid_t own = ::getpid(); // told by itself: fork() has let go of the socket by now
            (void)!::write(to.get(), &own, sizeof own);
            for (;;)
                ::pause();
        }
        return held;
    });
    ASSERT_EQ(::read(from.get(), &grandchild, sizeof grandchild),
              static_cast<ssize_t>(sizeof grandchild));
    const std::string socket = socketOf(parent.pid());
    parent.kill();
    const RuntimeDirectory at = must(RuntimeDirectory::look(FileSystem::system(), directory));
    EXPECT_EQ(askOffer(FileSystem::system(), at.fd(), socket, 1, OfferOperation::Trim).error().code,
              ECONNREFUSED);
    ::kill(grandchild, SIGKILL);
}

TEST_F(HeapOfferTest, FailsWithAReasonAndLeavesNothingWhereTheSystemFails) {
    unsigned failures = 0;
    for (uint64_t ordinal = 1;; ordinal++) {
        files.failNth(ordinal, EIO);
        auto made = HeapOffer::make(faults, files, 1, gives(111));
        if (!made) {
            failures++;
            EXPECT_NE(made.error().step, "");
            EXPECT_THAT(names(), IsEmpty()) << files.fired();
            continue;
        }
        // Without its namespace it listens under another name than those who ask look for. Else one
        // fault costs one answer at most, whenever it strikes.
        const bool elsewhere = files.fired() == "describeAt";
        unsigned answered = 0;
        for (int times = 0; times < 3; times++)
            answered += ask(1).ok() ? 1 : 0;
        if (!elsewhere) {
            EXPECT_GE(answered, 2u) << files.fired();
        }
        const bool struck = !files.fired().empty();
        made.value().reset();
        for (const std::string& name : names())
            ::unlink((directory + "/" + name).c_str());
        if (!struck)
            break;
    }
    EXPECT_GE(failures, 4u);
}

} // namespace
} // namespace mediaheap
