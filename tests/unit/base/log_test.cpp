// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string>

#include <gtest/gtest.h>

#include <mediaheap/log.h>

#include "base/log.h"
#include "captured_log.h"

namespace mediaheap {
namespace {

TEST(Log, GoesToTheHandlerInForce) {
    const test::CapturedLog captured;
    log(LogLevel::Warning, "the first");
    log(LogLevel::Debug, "the second");
    EXPECT_EQ(captured.text(LogLevel::Debug), "the first\nthe second\n");
    EXPECT_EQ(captured.text(LogLevel::Warning), "the first\n");
}

TEST(Log, GivesThePreviousHandlerBack) {
    const LogHandler mine = [](LogLevel, const char*) {};
    const LogHandler before = setLogHandler(mine);
    EXPECT_EQ(setLogHandler(before), mine);
}

TEST(Log, PrintsErrorsAndWarningsToStderrByDefault) {
    const LogHandler before = setLogHandler(nullptr);
    testing::internal::CaptureStderr();
    log(LogLevel::Error, "an error");
    log(LogLevel::Warning, "a warning");
    log(LogLevel::Info, "an information");
    log(LogLevel::Debug, "a detail");
    const std::string printed = testing::internal::GetCapturedStderr();
    setLogHandler(before);
    EXPECT_EQ(printed, "mediaheap: error: an error\nmediaheap: a warning\n");
}

} // namespace
} // namespace mediaheap
