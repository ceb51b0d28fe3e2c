// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The grammar of heap strings: docs/heap-string.md.
#include "heap/heap_string.h"

#include <cerrno>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "must.h"

namespace mediaheap {
namespace {

using test::must;
using testing::HasSubstr;

// ---- What is right, and its one canonical form.

struct Form {
    const char* written;
    const char* canonical;
};

void PrintTo(const Form& form, std::ostream* out) { *out << form.written; }

class CanonicalForm : public testing::TestWithParam<Form> {};

TEST_P(CanonicalForm, IsTheSameForAllWaysToWriteIt) {
    const HeapString heap = must(HeapString::parse(GetParam().written));
    EXPECT_EQ(heap.canonical(), GetParam().canonical);
    EXPECT_EQ(must(HeapString::parse(heap.canonical())).canonical(), GetParam().canonical)
        << "the canonical form reads back as something else";
}

INSTANTIATE_TEST_SUITE_P(
    Sources, CanonicalForm,
    testing::Values(Form{"memfd", "memfd"}, Form{"udmabuf", "udmabuf"}, Form{"auto", "auto"},
                    Form{"dma-heap:system", "dma-heap:system"},
                    Form{"dma-heap:linux,cma", "dma-heap:linux,cma"},
                    Form{"dma-heap:linux,cma,size=8M", "dma-heap:linux,cma,size=8M"},
                    Form{"dma-heap:linux,cma,extra,zone=a", "dma-heap:linux,cma,extra,zone=a"},
                    Form{"dma-heap:system-uncached", "dma-heap:system-uncached"}));

INSTANTIATE_TEST_SUITE_P(
    Sizes, CanonicalForm,
    testing::Values(
        Form{"memfd,size=64M", "memfd,size=64M"}, Form{"memfd,size=64m", "memfd,size=64M"},
        Form{"memfd,size=65536K", "memfd,size=64M"}, Form{"memfd,size=65536k", "memfd,size=64M"},
        Form{"memfd,size=67108864", "memfd,size=64M"},
        Form{"memfd,size=0x4000000", "memfd,size=64M"}, Form{"memfd,size=0X1000", "memfd,size=4K"},
        Form{"memfd,size=0xfg", "memfd,size=15G"}, Form{"memfd,size=1G", "memfd,size=1G"},
        Form{"memfd,size=1g", "memfd,size=1G"}, Form{"memfd,size=1536K", "memfd,size=1536K"},
        Form{"memfd,size=00064M", "memfd,size=64M"}, Form{"memfd,size=4097", "memfd,size=4097"},
        Form{"memfd,size=18446744073709551615", "memfd,size=18446744073709551615"},
        Form{"memfd,size=17179869183G", "memfd,size=17179869183G"}));

INSTANTIATE_TEST_SUITE_P(
    Keys, CanonicalForm,
    testing::Values(
        Form{"memfd,mmz=a,0,4096,0x1000", "memfd,mmz=a,0,0x1000,4K"},
        Form{"simulated,line=32,mmz=a,0,0,4K:+x,0,4K",
             "simulated,line=32,mmz=a,0,0x0,4K:+x,0x0,4K"},
        Form{"memfd,mmz=@/etc/board,v2.mmz", "memfd,mmz=@/etc/board,v2.mmz"},
        Form{"memfd,zone=anonymous", "memfd"}, Form{"memfd,zone=camera", "memfd,zone=camera"},
        Form{"memfd,base=1088M", "memfd,base=0x44000000"},
        Form{"memfd,base=0x44000000", "memfd,base=0x44000000"},
        Form{"memfd,cached=1", "memfd,cached=1"}, Form{"memfd,cached=0", "memfd,cached=0"},
        Form{"memfd,contiguous=0", "memfd,contiguous=0"},
        Form{"memfd,require=dmabuf", "memfd,require=dmabuf"},
        Form{"memfd,cache=0", "memfd,cache=0"}, Form{"memfd,cache=4096K", "memfd,cache=4M"},
        Form{"udmabuf,prefault=1", "udmabuf,prefault=1"},
        Form{"memfd,sanitize=0", "memfd,sanitize=0"},
        Form{"memfd,stray=report,sanitize=1", "memfd,sanitize=1,stray=report"},
        Form{"memfd,offer=1,size=64M", "memfd,size=64M,offer=1"},
        Form{"udmabuf,sanitize=1,stray=abort", "udmabuf,sanitize=1,stray=abort"},
        Form{"udmabuf,prefault=0,cache=1M,require=dmabuf,contiguous=0,cached=1,base=0x1000,"
             "zone=z,size=8M",
             "udmabuf,size=8M,zone=z,base=0x1000,cached=1,contiguous=0,require=dmabuf,"
             "cache=1M,prefault=0"}));

// ---- What is wrong, and what people are told.

struct Refusal {
    std::string written;
    int code;
    const char* cause;
    const char* remedy;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.written; }

class RefusedForm : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedForm, SaysWhatIsWrongAndWhatWouldBeRight) {
    const Refusal& row = GetParam();
    const Result<HeapString> heap = HeapString::parse(row.written);
    ASSERT_FALSE(heap.ok()) << heap->canonical();
    EXPECT_EQ(heap.error().code, row.code);
    EXPECT_THAT(heap.error().cause, HasSubstr(row.cause));
    EXPECT_THAT(heap.error().remedy, HasSubstr(row.remedy));
}

constexpr const char* grammar = "<source>[:<name>][,key=value...]";

INSTANTIATE_TEST_SUITE_P(
    Sources, RefusedForm,
    testing::Values(Refusal{"", EINVAL, "no source", grammar},
                    Refusal{",", EINVAL, "no source", grammar},
                    Refusal{":system", EINVAL, "no source", grammar},
                    Refusal{"size=64M", EINVAL, "size=64M", grammar},
                    Refusal{"ion", EINVAL, "unknown source 'ion'", "mpp, mmz, dma-heap:<name>"},
                    Refusal{"Memfd", EINVAL, "unknown source 'Memfd'", "memfd"},
                    Refusal{" memfd", EINVAL, "unknown source", "memfd"},
                    Refusal{"memfd?size=64M", EINVAL, "begins with 'memfd?size=64M'", grammar},
                    Refusal{"dma-heap", EINVAL, "name", "dma-heap:system"},
                    Refusal{"dma-heap:", EINVAL, "dma-heap:", ""},
                    Refusal{"dma-heap,size=64M", EINVAL, "name", "dma-heap:system"},
                    Refusal{"dma-heap:a/b", EINVAL, "name", ""},
                    Refusal{"dma-heap:../null", EINVAL, "name", ""},
                    Refusal{"dma-heap:..", EINVAL, "name", ""},
                    Refusal{"dma-heap:.", EINVAL, "name", ""},
                    Refusal{"dma-heap:two words", EINVAL, "name", ""},
                    Refusal{std::string("dma-heap:a\0b", 12), EINVAL, "name", ""},
                    Refusal{"memfd:name", EINVAL, "takes no name", "memfd"},
                    Refusal{"udmabuf:name", EINVAL, "takes no name", "udmabuf"},
                    Refusal{"auto:name", EINVAL, "takes no name", "auto"}));

INSTANTIATE_TEST_SUITE_P(
    Parts, RefusedForm,
    testing::Values(Refusal{"memfd,", EINVAL, "not key=value", grammar},
                    Refusal{"memfd,,size=1M", EINVAL, "not key=value", grammar},
                    Refusal{"memfd,size", EINVAL, "'size' is not key=value", grammar},
                    Refusal{"dma-heap:linux,size=1M,cma", EINVAL, "'cma' is not key=value",
                            grammar},
                    Refusal{"memfd,colour=red", EINVAL, "unknown key 'colour'", "size, zone, base"},
                    Refusal{"memfd,=5", EINVAL, "unknown key ''", "size, zone, base"},
                    Refusal{"memfd,SIZE=1M", EINVAL, "unknown key 'SIZE'", "size, zone, base"},
                    Refusal{"memfd, size=1M", EINVAL, "unknown key ' size'", "size, zone, base"},
                    Refusal{"memfd,size=1M,size=1M", EINVAL, "'size' is given twice", "once"}));

INSTANTIATE_TEST_SUITE_P(
    Sizes, RefusedForm,
    testing::Values(Refusal{"memfd,size=0", EINVAL, "size=0", "at least one page"},
                    Refusal{"memfd,size=0K", EINVAL, "size=0", "at least one page"},
                    Refusal{"memfd,size=", EINVAL, "size= is not a size", "size=64M"},
                    Refusal{"memfd,size=K", EINVAL, "size=K is not a size", "size=64M"},
                    Refusal{"memfd,size=64T", EINVAL, "size=64T is not a size", "K, M or G"},
                    Refusal{"memfd,size=64MB", EINVAL, "size=64MB is not a size", "K, M or G"},
                    Refusal{"memfd,size=64 M", EINVAL, "is not a size", "size=64M"},
                    Refusal{"memfd,size=1.5M", EINVAL, "size=1.5M is not a size", "size=64M"},
                    Refusal{"memfd,size=-1", EINVAL, "size=-1 is not a size", "size=64M"},
                    Refusal{"memfd,size=+1", EINVAL, "size=+1 is not a size", "size=64M"},
                    Refusal{"memfd,size=0x", EINVAL, "size=0x is not a size", "size=64M"},
                    Refusal{"memfd,size=0xfz", EINVAL, "size=0xfz is not a size", "size=64M"},
                    Refusal{"memfd,size=12ab", EINVAL, "is not a size", "size=64M"},
                    Refusal{"memfd,size=18446744073709551616", EINVAL, "is not a size", "size=64M"},
                    Refusal{"memfd,size=17179869184G", EINVAL, "is not a size", "size=64M"},
                    Refusal{"memfd,cache=much", EINVAL, "cache=much is not a size", "cache=64M"},
                    Refusal{"memfd,base=here", EINVAL, "base=here is not", "base="}));

INSTANTIATE_TEST_SUITE_P(
    Values, RefusedForm,
    testing::Values(
        Refusal{"memfd,zone=", EINVAL, "zone=", "1 to 31"},
        Refusal{"memfd,zone=12345678901234567890123456789012", EINVAL, "zone=", "1 to 31"},
        Refusal{"memfd,zone=two words", EINVAL, "zone=two words", "blanks"},
        Refusal{"memfd,zone=a\"b", EINVAL, "zone=", "quotes"},
        Refusal{"memfd,zone=a\nb", EINVAL, "zone=", "blanks"},
        Refusal{"memfd,zone=a=b", EINVAL, "zone=a=b", "'='"},
        Refusal{"memfd,cached=2", EINVAL, "cached=2", "cached=0 or cached=1"},
        Refusal{"memfd,cached=", EINVAL, "cached=", "cached=0 or cached=1"},
        Refusal{"memfd,contiguous=yes", EINVAL, "contiguous=yes", "contiguous=0"},
        Refusal{"memfd,prefault=01", EINVAL, "prefault=01", "prefault=0"},
        Refusal{"memfd,require=", EINVAL, "require=", "require=dmabuf"},
        Refusal{"memfd,require=physical", EINVAL, "require=physical", "require=dmabuf"},
        Refusal{"memfd,sanitize=2", EINVAL, "sanitize=2", "sanitize=0"},
        Refusal{"memfd,stray=", EINVAL, "stray=", "stray=abort or stray=report"},
        Refusal{"memfd,offer=yes", EINVAL, "offer=yes is neither 0 nor 1", "offer=1"},
        Refusal{"memfd,stray=1", EINVAL, "stray=1 is neither", "stray=abort"},
        Refusal{"memfd,mmz=anonymous,0,0x44000000", EINVAL, "3 fields", "mmz= comes last"},
        Refusal{"memfd,mmz=a,0,0,1M,size=1M", EINVAL, "5 fields", "comes last"},
        Refusal{"memfd,size=1M,mmz=a,0,0,1M", EINVAL, "beside size=", "leave"}));

TEST(HeapStringParser, TakesAZoneNameOf31Characters) {
    const std::string zone = "1234567890123456789012345678901";
    EXPECT_EQ(must(HeapString::parse("memfd,zone=" + zone)).zone, zone);
}

TEST(HeapStringParser, SurvivesAStringOfAMegabyte) {
    std::string text = "dma-heap:a";
    while (text.size() < (1u << 20))
        text += ",a";
    EXPECT_TRUE(HeapString::parse(text).ok() || !HeapString::parse(text).error().message().empty());
    EXPECT_FALSE(HeapString::parse(text + ",size=0").ok());
}

// ---- What two strings have in common.

TEST(HeapStringFacility, IsSourceNameAndZone) {
    EXPECT_EQ(must(HeapString::parse("memfd")).facility(),
              must(HeapString::parse("memfd,zone=anonymous,size=8M")).facility());
    EXPECT_NE(must(HeapString::parse("memfd")).facility(),
              must(HeapString::parse("memfd,zone=camera")).facility());
    EXPECT_NE(must(HeapString::parse("dma-heap:system")).facility(),
              must(HeapString::parse("dma-heap:reserved")).facility());
}

} // namespace
} // namespace mediaheap
