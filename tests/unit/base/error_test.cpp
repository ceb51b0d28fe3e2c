// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <mediaheap/result.h>

#include "base/error.h"

namespace mediaheap {
namespace {

TEST(ErrorMessage, NamesHeapStepCauseAndRemedy) {
    Error error = makeError(ENOENT, "open /dev/udmabuf", "no such device node", "load the module");
    error.heap = "udmabuf";
    EXPECT_EQ(error.message(),
              "heap 'udmabuf': open /dev/udmabuf: no such device node; load the module");
}

TEST(ErrorMessage, SaysWhatTheSystemSaysWhereNoCauseIsGiven) {
    EXPECT_EQ(makeError(EACCES, "open it").message(), "open it: Permission denied (EACCES)");
}

TEST(ErrorMessage, GivesTheNumberOfAnErrorWithoutAName) {
    EXPECT_NE(makeError(123456, "try").message().find("123456"), std::string::npos);
}

TEST(ErrorMessage, LeavesOutWhatIsNotThere) {
    Error error;
    error.code = EIO;
    EXPECT_EQ(error.message(), "Input/output error (EIO)");
}

TEST(ResultOfValue, HoldsAValueOrAnError) {
    const Result<int> good = 7;
    EXPECT_TRUE(good.ok());
    EXPECT_TRUE(good);
    EXPECT_EQ(good.value(), 7);

    const Result<int> bad = makeError(EIO, "read");
    EXPECT_FALSE(bad.ok());
    EXPECT_FALSE(bad);
    EXPECT_EQ(bad.error().code, EIO);
}

TEST(ResultOfValue, HandsOverWhatCannotBeCopied) {
    Result<std::unique_ptr<std::string>> result = std::make_unique<std::string>("frame");
    EXPECT_EQ((*result)->size(), 5u);
    const std::unique_ptr<std::string> taken = std::move(result).value();
    EXPECT_EQ(*taken, "frame");
}

TEST(ResultOfNothing, SucceedsUnlessToldOtherwise) {
    const Result<void> good;
    EXPECT_TRUE(good.ok());
    const Result<void> bad = makeError(EBUSY, "destroy");
    EXPECT_FALSE(bad.ok());
    EXPECT_EQ(bad.error().step, "destroy");
}

TEST(ResultDeathTest, EndsTheProgramRatherThanInventAValue) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    const Result<int> bad = makeError(EIO, "read");
    EXPECT_DEATH((void)bad.value(), "");
    const Result<int> good = 7;
    EXPECT_DEATH((void)good.error(), "");
    const Result<void> nothing;
    EXPECT_DEATH((void)nothing.error(), "");
}

} // namespace
} // namespace mediaheap
