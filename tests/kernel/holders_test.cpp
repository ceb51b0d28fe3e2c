// SPDX-License-Identifier: LGPL-2.1-or-later
//
// `mediaheap holders` and `mediaheap show` on real DMA-BUFs: in two processes and a driver.
#include <array>
#include <cstdio>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "child_process.h"
#include "device_work.h"
#include "real_heap.h"
#include "temporary_directory.h"
#include "vivid_capture.h"

namespace mediaheap::test {
namespace {

using Json = nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

class Holders : public RealHeap {
protected:
    Holders() { open(",size=16M"); }

    static std::string tool(const std::string& arguments) {
        const std::string command = MEDIAHEAP_TOOL " " + arguments + " 2>&1";
        FILE* const out = ::popen(command.c_str(), "re");
        std::string text;
        std::array<char, 4096> part;
        while (const size_t got = std::fread(part.data(), 1, part.size(), out))
            text.append(part.data(), got);
        ::pclose(out);
        return text;
    }

    /// The only buffer of that name.
    static Json onlyBuffer(const std::string& name) {
        const std::string text = tool("holders --json " + name);
        const Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
        if (document.is_discarded() || document.at("buffers").size() != 1) {
            ADD_FAILURE() << text;
            return Json();
        }
        EXPECT_EQ(document.at("importers_unknown"), "");
        EXPECT_EQ(document.at("hidden_processes"), 0);
        return document.at("buffers").at(0);
    }

    static std::map<int, Json> byProcess(const Json& buffer) {
        std::map<int, Json> found;
        for (const Json& process : buffer.at("processes"))
            found[process.at("pid")] = process;
        return found;
    }
};

INSTANTIATE_TEST_SUITE_P(Sources, Holders, testing::Values("udmabuf", "dma-heap:system"),
                         sourceName);

TEST_P(Holders, AreTheProcessesThatHaveIt) {
    const Block block = allocate(1 << 20, "preview");
    const Block other = allocate(4096, "other");
    const ChildProcess child([] { return 0; });
    const Json buffer = onlyBuffer("preview");
    EXPECT_EQ(buffer.at("kind"), "dmabuf");
    EXPECT_EQ(buffer.at("inode"), inodeOf(block.fd()));
    EXPECT_EQ(buffer.at("size"), 1 << 20);
    EXPECT_EQ(buffer.at("exporter"), isUdmabuf() ? "udmabuf" : "system");
    EXPECT_EQ(buffer.at("unexplained"), 0) << buffer;
    const auto processes = byProcess(buffer);
    ASSERT_EQ(processes.size(), 2u) << buffer;
    EXPECT_EQ(processes.at(::getpid()).at("fds"), Json::array({block.fd()}));
    EXPECT_EQ(processes.at(::getpid()).at("mappings"), 1);
    EXPECT_EQ(processes.at(child.pid()).at("fds"), Json::array({block.fd()}));
    EXPECT_EQ(processes.at(child.pid()).at("mappings"), 0);
}

TEST_P(Holders, AreTheDriversThatAreAttached) {
    const Block block = allocate(1 << 20, "imported");
    EXPECT_EQ(onlyBuffer("imported").at("devices"), Json::array());
    const auto work = beginWork(block.fd(), Access::Write);
    ASSERT_TRUE(work);
    const Json buffer = onlyBuffer("imported");
    EXPECT_THAT(buffer.at("devices").get<std::vector<std::string>>(), Contains(HasSubstr("vgem")));
    EXPECT_GE(buffer.at("unexplained"), 1) << "the reference of the driver";
    EXPECT_THAT(tool("holders imported"), HasSubstr("device vgem: attached"));
}

TEST_P(Holders, CountDriversThatMapWithoutBeingAttached) {
    VividCapture camera;
    ASSERT_TRUE(camera.isOpen());
    const size_t frame = camera.setFormat();
    const Block block = allocate(frame, "frame");
    camera.request(1);
    camera.queue(0, block.fd(), block.size());
    camera.start();
    EXPECT_GE(onlyBuffer("frame").at("unexplained"), 1);
    EXPECT_THAT(tool("holders frame"), HasSubstr("of nobody seen here: a driver"));
    camera.stop();
    camera.request(0);
}

TEST_P(Holders, AreShownWithTheirBlocksAfterTheyWereKilled) {
    const TemporaryDirectory temporary;
    const EnvironmentVariable variable("MEDIAHEAP_RUNTIME_DIR", temporary.path().c_str());
    ChildProcess child([] {
        auto own = must(Heap::open(GetParam() + std::string(",size=1M,zone=killed")));
        AllocOptions options;
        options.name = "lost";
        Block block = must(own->allocate(8192, options));
        return std::make_pair(std::move(own), std::move(block));
    });
    const std::string section = "# process " + std::to_string(child.pid());
    EXPECT_THAT(tool("show"), HasSubstr(section + " (kernel-holders)\n"));
    child.kill();
    const std::string text = tool("show");
    EXPECT_THAT(text, HasSubstr(section + " (kernel-holders), crashed"));
    EXPECT_THAT(text, HasSubstr("length=8KB,    name=\"lost\""));
    EXPECT_THAT(tool("show --sweep"), HasSubstr("tables of 1 heap"));
    EXPECT_THAT(tool("show"), HasSubstr("no process has a heap open"));
}

} // namespace
} // namespace mediaheap::test
