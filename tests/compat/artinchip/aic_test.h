// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cerrno>
#include <optional>
#include <string>

#include <dma_allocator.h>

#include "captured_log.h"
#include "heap_test.h"

namespace mediaheap::test {

/// ArtInChip's calls on an emulated machine; MEDIAHEAP_DEFAULT says which heap they find.
class AicTest : public HeapTest {
protected:
    AicTest() { use("memfd,size=1M"); }

    void use(const char* heap) {
        default_.reset();
        default_.emplace("MEDIAHEAP_DEFAULT", heap);
    }

    /// errno of a call that returns nothing; 0 where it went well.
    template <typename Call> static int errorOf(Call call) {
        errno = 0;
        call();
        return errno;
    }

    CapturedLog log;

private:
    std::optional<EnvironmentVariable> default_;
};

} // namespace mediaheap::test
