// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rehearsal.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "must.h"

namespace mediaheap::test {

namespace {

using Kind = simulated::Operation::Kind;

std::array<uint32_t, 256> crcTable() {
    std::array<uint32_t, 256> table{};
    for (uint32_t n = 0; n < table.size(); ++n) {
        uint32_t remainder = n;
        for (int bit = 0; bit < 8; ++bit)
            remainder = remainder & 1 ? (remainder >> 1) ^ 0xedb88320u : remainder >> 1;
        table[n] = remainder;
    }
    return table;
}

uint32_t crc32(const uint8_t* bytes, size_t size) {
    static const std::array<uint32_t, 256> table = crcTable();
    uint32_t crc = ~0u;
    for (size_t n = 0; n < size; ++n)
        crc = table[(crc ^ bytes[n]) & 0xff] ^ (crc >> 8);
    return ~crc;
}

void invert(uint8_t* bytes, size_t size) {
    std::transform(bytes, bytes + size, bytes, [](uint8_t byte) { return ~byte; });
}

} // namespace

Rehearsal::Rehearsal(const std::string& heap) : heap_(must(Heap::open(heap))) { worker.pause(); }

Rehearsal::~Rehearsal() { worker.resume(); }

size_t Rehearsal::allocate(size_t size, const std::string& name, bool cached) {
    AllocOptions options;
    options.name = name;
    options.zero = true;
    if (!cached)
        options.cached = false;
    Block block = must(heap_->allocate(size, options));
    std::vector<uint8_t> zeroes(block.size());
    blocks_.push_back({std::move(block), std::move(zeroes)});
    return blocks_.size() - 1;
}

void Rehearsal::free(size_t block) { blocks_[block] = {}; }

void Rehearsal::begin(Part part, Access access) {
    if (isBusy(part.block))
        worker.resume();
    must(block(part.block).beginAccess(access, part.offset, part.size));
}

void Rehearsal::end(size_t number) { must(block(number).endAccess()); }

void Rehearsal::cpuWrite(Part part) {
    const std::vector<uint8_t> bytes = fresh(part.size);
    std::memcpy(static_cast<uint8_t*>(block(part.block).data()) + part.offset, bytes.data(),
                bytes.size());
    std::memcpy(expected(part), bytes.data(), bytes.size());
}

void Rehearsal::cpuRead(Part part) {
    compare(std::memcmp(static_cast<uint8_t*>(block(part.block).data()) + part.offset,
                        expected(part), part.size) == 0);
}

void Rehearsal::deviceWrite(Part part) {
    settle(part.block);
    const std::vector<uint8_t> bytes = fresh(part.size);
    must(camera.write(fd(part), part.offset, bytes.data(), bytes.size()));
    std::memcpy(expected(part), bytes.data(), bytes.size());
}

void Rehearsal::deviceRead(Part part) {
    settle(part.block);
    std::vector<uint8_t> bytes(part.size);
    must(encoder.read(fd(part), part.offset, bytes.data(), bytes.size()));
    compare(std::memcmp(bytes.data(), expected(part), part.size) == 0);
}

void Rehearsal::deviceFill(Part part) {
    settle(part.block);
    const uint8_t value = fresh(1)[0];
    must(camera.fill(fd(part), part.offset, part.size, value));
    std::memset(expected(part), value, part.size);
}

void Rehearsal::deviceInvert(Part part) {
    settle(part.block);
    must(encoder.invert(fd(part), part.offset, part.size));
    invert(expected(part), part.size);
}

void Rehearsal::deviceChecksum(Part part) {
    settle(part.block);
    compare(must(encoder.checksum(fd(part), part.offset, part.size)) ==
            crc32(expected(part), part.size));
}

void Rehearsal::deviceCopy(Part from, Part to) {
    settle(from.block);
    settle(to.block);
    must(encoder.copy(fd(from), from.offset, fd(to), to.offset, from.size));
    std::memmove(expected(to), expected(from), from.size);
}

void Rehearsal::start(Kind kind, Part part, Part target) {
    worker.pause();
    simulated::Operation operation;
    operation.kind = kind;
    operation.fd = fd(part);
    operation.offset = part.offset;
    operation.size = part.size;
    operation.value = fresh(1)[0];
    if (kind == Kind::Copy) {
        operation.target = fd(target);
        operation.targetOffset = target.offset;
    } else {
        target.block = part.block;
    }
    started_.push_back({must(worker.start(operation)), part.block, target.block});

    // The worker keeps the order, and everybody else waits for it: to them it is done by now.
    switch (kind) {
    case Kind::Fill:
        std::memset(expected(part), operation.value, part.size);
        break;
    case Kind::Invert:
        invert(expected(part), part.size);
        break;
    case Kind::Checksum:
        startedChecksum_ = crc32(expected(part), part.size);
        break;
    case Kind::Copy:
        std::memmove(expected(target), expected(part), part.size);
        break;
    }
}

void Rehearsal::finish() {
    worker.resume();
    worker.finish();
    if (startedChecksum_)
        compare(worker.lastChecksum() == *startedChecksum_);
    startedChecksum_.reset();
    started_.clear();
    worker.pause();
}

bool Rehearsal::isBusy(size_t block) const {
    return std::any_of(started_.begin(), started_.end(), [block](const Started& one) {
        return one.block == block || one.target == block;
    });
}

void Rehearsal::settle(size_t block) {
    if (isBusy(block))
        finish();
}

void Rehearsal::readAll() {
    finish();
    for (size_t n = 0; n < blocks_.size(); ++n) {
        if (blocks_[n].block.isValid())
            deviceRead(whole(n));
    }
}

/// Bytes of the sequence that belongs to this write (splitmix64).
std::vector<uint8_t> Rehearsal::fresh(size_t size) {
    uint64_t state = ++writes_ << 32;
    std::vector<uint8_t> bytes(size);
    for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
        uint64_t word = state += 0x9e3779b97f4a7c15;
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
        word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
        word ^= word >> 31;
        std::memcpy(bytes.data() + at, &word, std::min(sizeof word, size - at));
    }
    return bytes;
}

} // namespace mediaheap::test
