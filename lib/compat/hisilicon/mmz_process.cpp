// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mmz_process.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <unistd.h>
#include <utility>
#include <vector>

#include <mediaheap/log.h>

namespace mediaheap::hisi {

namespace {

constexpr size_t longestName = 15; // mmb_name[16] of V4
constexpr size_t longestZone = 31; // mmz_name[32]

std::string cut(const char* text, size_t longest) {
    std::string name(text);
    if (name.size() > longest)
        name.resize(longest);
    return name;
}

HI_S32 codeOf(const Error& error) {
    switch (error.code) {
    case ENOMEM: // no room
    case ENOENT: // no such zone
    case EMFILE:
    case ENFILE:
        return HI_ERR_SYS_NOMEM;
    case EOPNOTSUPP:
        return HI_ERR_SYS_NOT_SUPPORT;
    case EACCES:
    case EPERM:
        return HI_ERR_SYS_NOT_PERM;
    case EBUSY:
    case ETIMEDOUT:
        return HI_ERR_SYS_BUSY;
    case EINVAL:
    case EOVERFLOW:
        return HI_ERR_SYS_ILLEGAL_PARAM;
    default:
        return HI_ERR_SYS_NOTREADY;
    }
}

HI_S32 refuse(const char* call, const Error& error) {
    writeLog(LogLevel::Warning, (std::string(call) + ": " + error.message()).c_str());
    return codeOf(error);
}

bool liesIn(uint64_t at, uint64_t size, uint64_t first, uint64_t length) {
    return at >= first && at - first < length && size <= length - (at - first);
}

} // namespace

bool machineIsCoherent() noexcept {
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__)
    return true;
#else
    return false; // some devices may be, which no program can tell
#endif
}

Result<std::shared_ptr<Heap>> MmzProcess::heap() {
    const std::lock_guard lock(opening_);
    if (heap_)
        return heap_;
    Result<std::shared_ptr<Heap>> heap = Heap::open("auto");
    if (heap) {
        heap_ = heap.value();
        client_ = Heap::newClient();
    }
    return heap;
}

void MmzProcess::sayOnce(bool& said, const char* line) {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(said, true))
            return;
    }
    writeLog(LogLevel::Info, line);
}

Result<Block> MmzProcess::make(Heap& heap, size_t size, AllocOptions options, bool cached) {
    options.cached = cached;
    Result<Block> block = heap.allocate(size, options);
    if (block || block.error().code != EOPNOTSUPP)
        return block;
    if (!cached && !kind_.coherent && heap.isDmaBuf())
        return block;
    // Memory that is no DMA-BUF no hardware sees.
    options.cached.reset();
    Result<Block> other = heap.allocate(size, options);
    if (!other)
        return other;
    if (cached)
        sayOnce(saidUncached_, "HI_MPI_SYS_MmzAlloc_Cached: this heap maps only past the caches, "
                               "which is slower and no less right");
    else
        sayOnce(saidCoherent_, "HI_MPI_SYS_MmzAlloc: this heap maps only through the caches, which "
                               "are coherent here; to rehearse a board use source simulated");
    return other;
}

Result<Block> MmzProcess::makeSomewhere(Heap& heap, size_t size, const AllocOptions& options,
                                        bool cached) {
    for (;;) {
        Result<Block> block = make(heap, size, options, cached);
        if (!block || block->address() != 0)
            return block;
        block->reset();
        AllocOptions nobody;
        nobody.name = "address 0";
        nobody.zone = options.zone;
        Result<Block> zero = heap.allocate(1, nobody);
        if (!zero)
            return zero;
        // Another thread may have been faster.
        const std::lock_guard lock(mutex_);
        if (zero->address() == 0)
            zero_ = std::move(zero).value();
    }
}

HI_S32 MmzProcess::allocate(HI_U64* address, void** data, const char* name, const char* zone,
                            HI_U32 size, bool cached) {
    const char* const call = cached ? "HI_MPI_SYS_MmzAlloc_Cached" : "HI_MPI_SYS_MmzAlloc";
    if (!address || !data)
        return HI_ERR_SYS_NULL_PTR;
    if (size == 0)
        return HI_ERR_SYS_ILLEGAL_PARAM;
    Result<std::shared_ptr<Heap>> heap = this->heap();
    if (!heap) {
        refuse(call, heap.error());
        return HI_ERR_SYS_NOTREADY;
    }

    AllocOptions options;
    options.name = name ? cut(name, longestName) : "";
    options.zone = zone && *zone ? cut(zone, longestZone) : "anonymous";
    options.client = client_;
    options.manualSync = true;
    Result<Block> block = makeSomewhere(*heap.value(), size, options, cached);
    if (!block)
        return refuse(call, block.error());

    auto piece = std::make_shared<Piece>();
    piece->block = std::move(block).value();
    piece->cached = cached;
    const std::lock_guard lock(mutex_);
    *address = piece->block.address();
    *data = piece->block.data();
    byData_[reinterpret_cast<uintptr_t>(*data)] = piece;
    byAddress_[*address] = std::move(piece);
    return HI_SUCCESS;
}

MmzProcess::PieceRef MmzProcess::at(HI_U64 address) const {
    const auto after = byAddress_.upper_bound(address);
    if (after == byAddress_.begin())
        return nullptr;
    const PieceRef& piece = std::prev(after)->second;
    return address - piece->block.address() < piece->block.size() ? piece : nullptr;
}

MmzProcess::PieceRef MmzProcess::around(const void* data) const {
    const auto at = reinterpret_cast<uintptr_t>(data);
    const auto after = byData_.upper_bound(at);
    if (after == byData_.begin())
        return nullptr;
    const auto& [first, piece] = *std::prev(after);
    return at - first < piece->block.size() ? piece : nullptr;
}

Block MmzProcess::forget(const PieceRef& piece) {
    byAddress_.erase(piece->block.address());
    byData_.erase(reinterpret_cast<uintptr_t>(piece->data()));
    // Whoever has freed everything is told that nothing is taken. A block that is being made and
    // gets address 0 meanwhile is made again.
    return byAddress_.empty() ? std::move(zero_) : Block();
}

HI_S32 MmzProcess::free(HI_U64 address) {
    PieceRef piece; // goes after the lock
    Block zero;
    const std::lock_guard lock(mutex_);
    piece = at(address);
    if (!piece || piece->freed)
        return HI_ERR_SYS_ILLEGAL_PARAM;
    piece->freed = true;
    piece->ownMapping = false;
    if (piece->mappings > 0)
        return HI_ERR_SYS_BUSY;
    zero = forget(piece);
    return HI_SUCCESS;
}

HI_S32 MmzProcess::flush(HI_U64 address, const void* data, HI_U32 size) {
    if (!data)
        return HI_ERR_SYS_NULL_PTR;
    std::vector<PieceRef> pieces;
    size_t offset = 0;
    {
        const std::lock_guard lock(mutex_);
        if (address == 0) {
            for (const auto& [first, piece] : byAddress_)
                pieces.push_back(piece);
        } else {
            const PieceRef piece = at(address);
            if (!piece || !liesIn(address, size, piece->block.address(), piece->block.size()) ||
                size == 0)
                return HI_ERR_SYS_ILLEGAL_PARAM;
            if (around(data) != piece)
                return HI_ERR_SYS_NOT_PERM;
            offset = static_cast<size_t>(address - piece->block.address());
            pieces.push_back(piece);
        }
    }

    HI_S32 answer = HI_SUCCESS;
    for (const PieceRef& piece : pieces) {
        if (!piece->cached)
            continue;
        const size_t length = address == 0 ? piece->block.size() : size;
        const Result<void> flushed = piece->block.flush(offset, length);
        if (!flushed)
            answer = refuse("HI_MPI_SYS_MmzFlushCache", flushed.error());
    }
    return answer;
}

void* MmzProcess::map(HI_U64 address, HI_U32 size, bool cached) {
    const std::lock_guard lock(mutex_);
    const PieceRef piece = at(address);
    if (!piece || piece->freed || piece->cached != cached || size == 0 ||
        !liesIn(address, size, piece->block.address(), piece->block.size()))
        return nullptr;
    piece->mappings++;
    return static_cast<uint8_t*>(piece->block.data()) + (address - piece->block.address());
}

HI_S32 MmzProcess::unmap(const void* data, HI_U32 size) {
    if (!data)
        return HI_ERR_SYS_NULL_PTR;
    PieceRef piece; // goes after the lock
    Block zero;
    {
        const std::lock_guard lock(mutex_);
        piece = around(data);
        const auto first = piece ? reinterpret_cast<uintptr_t>(piece->data()) : 0;
        if (!piece || size == 0 || (piece->mappings == 0 && !piece->ownMapping) ||
            !liesIn(reinterpret_cast<uintptr_t>(data), size, first, piece->block.size()))
            return HI_ERR_SYS_ILLEGAL_PARAM;
        if (piece->mappings > 0)
            piece->mappings--;
        else
            piece->ownMapping = false;
        if (piece->freed && piece->mappings == 0)
            zero = forget(piece);
    }
    if (!piece->cached)
        return HI_SUCCESS;
    const Result<void> flushed = piece->block.flush(0, piece->block.size());
    return flushed ? HI_SUCCESS : refuse("HI_MPI_SYS_Munmap", flushed.error());
}

HI_S32 MmzProcess::describe(const void* data, SYS_VIRMEM_INFO_S* info) const {
    if (!data || !info)
        return HI_ERR_SYS_NULL_PTR;
    const std::lock_guard lock(mutex_);
    const PieceRef piece = around(data);
    if (!piece || (piece->mappings == 0 && !piece->ownMapping))
        return HI_ERR_SYS_ILLEGAL_PARAM;
    const auto offset = static_cast<uint64_t>(static_cast<const uint8_t*>(data) - piece->data());
    info->u64PhyAddr = piece->block.address() + offset;
    info->bCached = piece->cached ? HI_TRUE : HI_FALSE;
    return HI_SUCCESS;
}

void MmzProcess::logLeaks() const {
    const std::lock_guard lock(mutex_);
    for (const auto& [address, piece] : byAddress_) {
        char line[160];
        const std::string& name = piece->block.name();
        std::snprintf(line, sizeof line, "MMB LEAK(pid=%d): 0x%" PRIX64 ", %zu bytes, '%s'",
                      static_cast<int>(::getpid()), address, piece->block.size(),
                      name.empty() ? "<null>" : name.c_str());
        writeLog(LogLevel::Warning, line);
    }
}

int MmzProcess::exportFd(HI_U64 address, HI_U32* offset) const {
    PieceRef piece;
    {
        const std::lock_guard lock(mutex_);
        piece = at(address);
        if (!piece || piece->freed)
            return -1;
    }
    Result<UniqueFd> fd = piece->block.exportFd();
    if (!fd) {
        refuse("mediaheap_hisi_export_fd", fd.error());
        return -1;
    }
    if (offset)
        *offset = static_cast<HI_U32>(address - piece->block.address());
    return fd.value().release();
}

} // namespace mediaheap::hisi
