// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the manual page and docs/heap-string.md say of heap strings, beside the lists that the
// library reads them with.
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_kernel.h"
#include "heap/heap_key.h"
#include "sources/catalog.h"
#include "sources/source_names.h"

using namespace mediaheap;

namespace {

using Words = std::vector<std::string>;

std::string read(const std::string& path) {
    std::ifstream file(std::string(MEDIAHEAP_TREE "/") + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What stands between the two; empty, and so equal to nothing, where one is missing.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const size_t found = text.find(begin);
    if (found == std::string::npos)
        return {};
    const size_t from = found + begin.size();
    const size_t to = text.find(end, from);
    return to == std::string::npos ? std::string() : text.substr(from, to - from);
}

std::string manual(const std::string& begin, const std::string& end) {
    return between(read("tools/mediaheap/mediaheap.1"), begin, end);
}

/// The table under a heading, up to its first line that is none of it.
std::string table(const std::string& heading) {
    return "\n" + between(read("docs/heap-string.md"), "\n" + heading + "\n\n", "\n\n");
}

/// The first group of every match.
Words allOf(const std::string& text, const std::string& pattern) {
    Words found;
    const std::regex wanted(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), wanted), end; at != end; ++at)
        found.push_back((*at)[1]);
    return found;
}

Words tagLines(const std::string& section) {
    return allOf(section, "(?:^|\n)\\.TP\n\\.[BIR]+ ([^\n]+)");
}

Words manualKeys() {
    Words keys;
    for (const std::string& tag : tagLines(manual("\nKeys:\n", ".SH ENVIRONMENT"))) {
        for (const std::string& key : allOf(tag, "([a-z]+)="))
            keys.push_back(key);
    }
    return keys;
}

Words manualSources() {
    Words sources;
    for (const std::string& tag : tagLines(manual("\nSources:\n", "\nKeys:\n")))
        sources.push_back(allOf(tag, "^([a-z-]+)").at(0));
    return sources;
}

/// What the documents call that which auto tries, in its order.
Words autoOrder() {
    test::FakeKernel machine;
    machine.addHeapNode("/dev/dma_heap/mpp");
    machine.addDmaHeap("reserved");
    machine.addDmaHeap("system");
    Words order;
    for (const CatalogEntry& entry : listSources(machine)) {
        if (!entry.automatic)
            continue;
        if (entry.source != "dma-heap")
            order.push_back(entry.source);
        else
            order.push_back(entry.name == "system" ? "system heap" : "CMA heaps");
    }
    return order;
}

/// The sources that @p text names, in its order; each by what autoOrder() calls it.
Words named(const std::string& text) {
    return allOf(text,
                 "(CMA heaps|system heap|\\b(?:mpp|mmz|dma-heap|udmabuf|memfd|simulated)\\b)");
}

Words withAuto(Words sources) {
    sources.emplace_back("auto");
    return sources;
}

} // namespace

TEST(Manual, HasEveryKeyOfHeapStringsInTheParsersOrder) {
    EXPECT_THAT(manualKeys(), testing::ElementsAreArray(heapKeys()));
}

TEST(Manual, HasEverySourceInTheCataloguesOrder) {
    EXPECT_THAT(manualSources(), testing::ElementsAreArray(withAuto(sourceNames())));
}

TEST(Manual, SaysInWhichOrderAutoTriesSources) {
    EXPECT_THAT(named(manual("usable one of ", ".PP")), testing::ElementsAreArray(autoOrder()));
}

TEST(HeapStringDocument, HasEveryKeyInOneTable) {
    EXPECT_THAT(allOf(table("## Keys"), "\n\\| `([a-z]+)"),
                testing::UnorderedElementsAreArray(heapKeys()));
}

TEST(HeapStringDocument, HasEverySourceInOneTable) {
    EXPECT_THAT(allOf(table("## Sources"), "\n\\| `([a-z-]+)"),
                testing::UnorderedElementsAreArray(withAuto(sourceNames())));
}

TEST(HeapStringDocument, SaysInWhichOrderAutoTriesSources) {
    EXPECT_THAT(named(between(table("## Sources"), "the first that works of ", "|")),
                testing::ElementsAreArray(autoOrder()));
}
