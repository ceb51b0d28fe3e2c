// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/memfd.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>

#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "sync/plain_side.h"

#ifndef MFD_NOEXEC_SEAL // Linux 6.3
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace mediaheap {

namespace {

std::string remedyFor(int code) {
    if (code == EMFILE)
        return "close descriptors or raise the limit (ulimit -n)";
    if (code == ENOSYS)
        return "memfd_create needs Linux 3.17";
    return {};
}

} // namespace

Result<UniqueFd> createSealedMemfd(Kernel& kernel, const std::string& name, uint64_t size,
                                   bool more) {
    // A kernel may insist on non-executable memfds (vm.memfd_noexec); one before 6.3 does not know
    // the flag.
    const char* const label = name.empty() ? "mediaheap" : name.c_str();
    int created = uninterrupted(
        [&] { return kernel.memfdCreate(label, MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL); });
    if (created == -EINVAL)
        created = uninterrupted([&] { return kernel.memfdCreate(label, MFD_ALLOW_SEALING); });
    if (created < 0)
        return makeError(-created, "memfd_create", {}, remedyFor(-created));
    UniqueFd fd(created);

    const int sized = uninterrupted([&] { return kernel.truncate(fd.get(), size); });
    if (sized < 0)
        return makeError(-sized, "size a memfd to " + std::to_string(size) + " bytes");

    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | (more ? 0 : F_SEAL_SEAL);
    const int sealed = uninterrupted([&] { return kernel.addSeals(fd.get(), seals); });
    if (sealed < 0)
        return makeError(-sealed, "seal a memfd against shrinking and growing");
    return fd;
}

Result<std::unique_ptr<Source>> MemfdSource::open(Kernel& kernel, const SourceOptions& options) {
    if (options.prefault)
        return makeError(EOPNOTSUPP, "open source memfd",
                         "prefault=1: it allocates block by block and reserves nothing at open",
                         "leave prefault out, or use udmabuf");
    return std::unique_ptr<Source>(new MemfdSource(kernel));
}

Result<SourceMemory> MemfdSource::create(uint64_t, size_t size, const CreateOptions& options) {
    // A block that is exported read-only is sealed against writing then.
    Result<UniqueFd> fd = createSealedMemfd(kernel_, options.name, size, /*more=*/true);
    if (!fd)
        return std::move(fd).error();
    return SourceMemory{std::move(fd).value(), {}, std::make_unique<PlainSide>(kernel_, size)};
}

} // namespace mediaheap
