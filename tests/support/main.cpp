// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdio>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

/// What meson and automake take for "skipped".
constexpr int exitSkipped = 77;

} // namespace

/// GoogleTest counts a program whose tests were all skipped, or of which a filter left nothing, as
/// passed. Here the first is skipped and the second has failed.
int main(int argc, char** argv) {
    testing::InitGoogleMock(&argc, argv);
    // Nothing of the tests in the machine's own runtime directory; those that want one make it.
    ::setenv("MEDIAHEAP_RUNTIME_DIR", "off", 0);
    const int result = RUN_ALL_TESTS();
    if (GTEST_FLAG_GET(list_tests))
        return result;

    const testing::UnitTest& run = *testing::UnitTest::GetInstance();
    if (run.test_to_run_count() == 0) {
        std::fprintf(stderr, "no test ran\n");
        return 1;
    }
    if (result == 0 && run.skipped_test_count() == run.test_to_run_count())
        return exitSkipped;
    return result;
}
