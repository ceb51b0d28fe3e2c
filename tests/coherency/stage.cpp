// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stage.h"

#include <algorithm>
#include <exception>
#include <thread>

// The linker says where a section of that name begins and ends.
extern "C" {
extern const char __start_offender[];
extern const char __stop_offender[];
}

namespace mediaheap::test {

__attribute__((noinline, section("offender"))) void Stage::beginAsOffender(Part part,
                                                                           Access access) {
    begin(part, access);
    asm volatile(""); // no tail call: this function has to be on the stack
}

bool Stage::isOffender(const std::vector<void*>& backtrace) {
    return std::any_of(backtrace.begin(), backtrace.end(), [](void* address) {
        const auto* const code = static_cast<const char*>(address);
        return code > __start_offender && code <= __stop_offender;
    });
}

void Stage::elsewhere(const std::function<void()>& work) {
    std::exception_ptr failure;
    std::thread thread([&] {
        try {
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    });
    thread.join();
    if (failure)
        std::rethrow_exception(failure);
}

} // namespace mediaheap::test
