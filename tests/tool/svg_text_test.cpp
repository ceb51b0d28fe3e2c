// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string>

#include <gtest/gtest.h>

#include "svg_text.h"

namespace mediaheap::tool {
namespace {

constexpr const char* bad = "\xef\xbf\xbd";

TEST(SvgTextTest, EscapesMarkup) {
    EXPECT_EQ(escapeXml("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
}

TEST(SvgTextTest, LeavesCharactersOfEveryLength) {
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xa5z";
    EXPECT_EQ(escapeXml(text), text);
}

TEST(SvgTextTest, ReplacesWhatIsNoCharacterOfXml) {
    const struct {
        std::string text;
        size_t replaced;
    } rows[] = {{"\xff", 1},
                {"\xc3", 1},
                {"\xc0\x80", 2},
                {"\xe0\x80\x80", 3},
                {"\xed\xa0\x80", 3},
                {"\xef\xbf\xbf", 3},
                {"\xf4\x90\x80\x80", 4},
                {"\x01\x1b", 2},
                {std::string(1, '\0'), 1},
                {"\x80", 1},
                {"\xe2\x82", 2}};
    for (const auto& row : rows) {
        std::string expected;
        for (size_t n = 0; n < row.replaced; n++)
            expected += bad;
        EXPECT_EQ(escapeXml(row.text), expected) << testing::PrintToString(row.text);
    }
}

} // namespace
} // namespace mediaheap::tool
