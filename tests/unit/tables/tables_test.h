// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "environment_variable.h"
#include "fault_file_system.h"
#include "fault_kernel.h"
#include "leak_check.h"
#include "must.h"
#include "tables/heap_table.h"
#include "tables/table_scan.h"
#include "temporary_directory.h"

namespace mediaheap::test {

/// Tables in a runtime directory of the test's own. Nothing may be left of a test when its tables
/// are gone: no descriptor, no mapping.
class TablesTest : public testing::Test {
protected:
    TablesTest() = default;
    ~TablesTest() override {
        EXPECT_EQ(faults.mappingsLeft(), "");
        EXPECT_EQ(leaks_.difference(), "");
    }

    Result<std::unique_ptr<HeapTable>> tryCreate(const std::string& heap = "memfd,size=64M") {
        return HeapTable::create(faults, files, {heap, table::addressesAreLabels},
                                 {{"anonymous", 0, 0x44000000, uint64_t{64} << 20}});
    }
    std::unique_ptr<HeapTable> create(const std::string& heap = "memfd,size=64M") {
        return must(tryCreate(heap));
    }

    static HeapTable::BlockFacts block(uint64_t offset, uint64_t size, const std::string& name) {
        HeapTable::BlockFacts facts;
        facts.address = 0x44000000 + offset;
        facts.size = size;
        facts.name = name;
        facts.state = table::SlotState::Live;
        return facts;
    }

    TableScan scan() { return scanTables(faults, files, {directory}); }
    /// The only heap in the directory; fails the test where there are none or several.
    SharedHeap onlyHeap() {
        const TableScan found = scan();
        EXPECT_EQ(found.heaps.size(), 1u);
        for (const UnreadableTable& one : found.unreadable)
            ADD_FAILURE() << one.path << ": " << one.reason;
        return found.heaps.empty() ? SharedHeap() : found.heaps.front();
    }
    std::vector<std::string> names() const { return TemporaryDirectory::names(directory); }

private:
    const LeakCheck leaks_;

protected:
    const TemporaryDirectory temporary;
    const std::string directory = temporary.path() + "/run";
    const EnvironmentVariable variable{"MEDIAHEAP_RUNTIME_DIR", directory.c_str()};
    FaultKernel faults{Kernel::system()};
    FaultFileSystem files;
};

} // namespace mediaheap::test
