// SPDX-License-Identifier: LGPL-2.1-or-later
#include "soc/job.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "kernel/kernel.h"
#include "soc/crc32.h"

namespace mediaheap {

namespace {

using Kind = simulated::Operation::Kind;

Access accessOf(Kind kind) {
    switch (kind) {
    case Kind::Fill:
        return Access::Write;
    case Kind::Invert:
        return Access::ReadWrite;
    case Kind::Checksum:
    case Kind::Copy:
        break;
    }
    return Access::Read;
}

} // namespace

Result<Job::Import> Job::importRange(int fd, ByteRange range, Access access) {
    Result<std::shared_ptr<SimulatedBuffer>> buffer = SimulatedBuffer::find(fd);
    if (!buffer)
        return std::move(buffer).error();
    const uint64_t whole = buffer.value()->size();
    if (range.size == 0 || range.offset >= whole || range.size > whole - range.offset)
        return makeError(EINVAL, "work on a block",
                         std::to_string(range.size) + " bytes at " + std::to_string(range.offset) +
                             " are not a part of its " + std::to_string(whole),
                         "give at least one byte, and none beyond its end");
    return Import{std::move(buffer).value(), range, access};
}

Result<Job> Job::import(const simulated::Operation& operation) {
    Job job;
    job.operation_ = operation;
    Result<Import> main =
        importRange(operation.fd, {operation.offset, operation.size}, accessOf(operation.kind));
    if (!main)
        return std::move(main).error();
    job.main_ = std::move(main).value();
    if (operation.kind == Kind::Copy) {
        Result<Import> target =
            importRange(operation.target, {operation.targetOffset, operation.size}, Access::Write);
        if (!target)
            return std::move(target).error();
        job.target_ = std::move(target).value();
    }
    return job;
}

void Job::announce(const DeviceParty& device) {
    main_.announced = main_.buffer->announce(device, main_.access, main_.range);
    if (target_.buffer)
        target_.announced = target_.buffer->announce(device, target_.access, target_.range);
}

Result<void> Job::addFence(int fence) {
    std::vector<std::pair<Import*, UniqueFd>> copies;
    for (Import* import : {&main_, &target_}) {
        if (!import->buffer)
            continue;
        const int copy = Kernel::current().duplicate(fence);
        if (copy < 0)
            return makeError(-copy, "give a block a fence", {},
                             "close descriptors or raise the limit (ulimit -n)");
        copies.emplace_back(import, UniqueFd(copy));
    }
    for (auto& [import, copy] : copies) {
        Result<void> added = import->buffer->fences().add(std::move(copy), import->access);
        if (!added)
            return added;
    }
    return {};
}

uint32_t Job::run(const DeviceParty& device) const {
    uint32_t checksum = 0;
    const size_t size = static_cast<size_t>(main_.range.size);
    const auto access = [&](const SimulatedBuffer::Touch& touch) {
        main_.buffer->deviceAccess(device, main_.access, main_.range, main_.announced, touch);
    };
    switch (operation_.kind) {
    case Kind::Fill:
        access([&](uint8_t* bytes) { std::memset(bytes, operation_.value, size); });
        break;
    case Kind::Invert:
        access([&](uint8_t* bytes) {
            for (size_t i = 0; i < size; i++)
                bytes[i] = static_cast<uint8_t>(~bytes[i]);
        });
        break;
    case Kind::Checksum:
        access([&](const uint8_t* bytes) { checksum = crc32(bytes, size); });
        break;
    case Kind::Copy:
        copy(device);
        break;
    }
    return checksum;
}

void Job::copy(const DeviceParty& device) const {
    // Through a buffer of the device's own: source and target may be one block, and overlap.
    std::vector<uint8_t> inside(static_cast<size_t>(main_.range.size));
    main_.buffer->deviceAccess(
        device, Access::Read, main_.range, main_.announced,
        [&](const uint8_t* bytes) { std::memcpy(inside.data(), bytes, inside.size()); });
    target_.buffer->deviceAccess(
        device, Access::Write, target_.range, target_.announced,
        [&](uint8_t* bytes) { std::memcpy(bytes, inside.data(), inside.size()); });
}

} // namespace mediaheap
