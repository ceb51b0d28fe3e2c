// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/machine_fault.h"

#include <cstddef>
#include <cstring>
#include <ucontext.h>

namespace mediaheap {

namespace {

using Kind = MachineFault::Kind;

#if defined(__aarch64__)
/// The records behind the registers (Linux, arch/arm64/include/uapi/asm/sigcontext.h).
struct ContextRecord {
    uint32_t magic;
    uint32_t size;
};
constexpr uint32_t esrMagic = 0x45535201;

Kind kindOf(const mcontext_t& machine) noexcept {
    const auto* at = reinterpret_cast<const unsigned char*>(machine.__reserved);
    const auto* const end = at + sizeof machine.__reserved;
    while (static_cast<size_t>(end - at) >= sizeof(ContextRecord) + sizeof(uint64_t)) {
        ContextRecord record;
        std::memcpy(&record, at, sizeof record);
        if (record.magic == esrMagic) {
            uint64_t syndrome = 0;
            std::memcpy(&syndrome, at + sizeof record, sizeof syndrome);
            // Arm ARM, ESR_ELx: exception class, and WnR of a data abort.
            const uint64_t exceptionClass = syndrome >> 26 & 0x3f;
            if (exceptionClass == 0x20 || exceptionClass == 0x21)
                return Kind::Execute;
            if (exceptionClass == 0x24 || exceptionClass == 0x25)
                return (syndrome & 1u << 6) != 0 ? Kind::Write : Kind::Read;
            return Kind::Unknown;
        }
        if (record.magic == 0 || record.size == 0 || record.size > static_cast<size_t>(end - at))
            break;
        at += record.size;
    }
    return Kind::Unknown;
}
#elif defined(__x86_64__) || defined(__i386__)
Kind kindOf(const mcontext_t& machine) noexcept {
    // Intel SDM, volume 3, "Page-Fault Exception": the error code's W/R and I/D bits.
    const auto code = static_cast<uint64_t>(machine.gregs[REG_ERR]);
    if ((code & 0x10) != 0)
        return Kind::Execute;
    return (code & 0x2) != 0 ? Kind::Write : Kind::Read;
}
#elif defined(__arm__)
Kind kindOf(const mcontext_t& machine) noexcept {
    // Arm ARM, DFSR: WnR.
    return (machine.error_code & 1u << 11) != 0 ? Kind::Write : Kind::Read;
}
#else
Kind kindOf(const mcontext_t&) noexcept { return Kind::Unknown; }
#endif

uintptr_t pcOf(const mcontext_t& machine) noexcept {
#if defined(__aarch64__)
    return machine.pc;
#elif defined(__x86_64__)
    return static_cast<uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__i386__)
    return static_cast<uintptr_t>(machine.gregs[REG_EIP]);
#elif defined(__arm__)
    return machine.arm_pc;
#elif defined(__riscv)
    return machine.__gregs[REG_PC];
#else
    (void)machine;
    return 0;
#endif
}

} // namespace

MachineFault MachineFault::of(const void* context) noexcept {
    MachineFault fault;
    if (const auto* const user = static_cast<const ucontext_t*>(context)) {
        fault.pc = pcOf(user->uc_mcontext);
        fault.kind = kindOf(user->uc_mcontext);
    }
    return fault;
}

} // namespace mediaheap
