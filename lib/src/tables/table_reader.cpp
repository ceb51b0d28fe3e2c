// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/table_reader.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>

#include <mediaheap/unique_fd.h>

#include "base/error.h"
#include "base/fence.h"
#include "kernel/file_system.h"
#include "kernel/retry.h"

namespace mediaheap {

using namespace table;

namespace {

constexpr int steadyAttempts = 64;

/// The bytes of the file from its beginning, as they come.
Result<std::string> copyFile(FileSystem& files, int fd) {
    std::string bytes(largestFile + 1, '\0'); // one more than any table, to see that it is longer
    size_t length = 0;
    while (length < bytes.size()) {
        const ssize_t got = uninterrupted(
            [&] { return files.readAt(fd, &bytes[length], bytes.size() - length, length); });
        if (got < 0)
            return makeError(static_cast<int>(-got), "read a table");
        if (got == 0)
            break;
        length += static_cast<size_t>(got);
    }
    bytes.resize(length);
    return bytes;
}

std::optional<uint32_t> sequenceOf(const std::string& bytes, size_t offset) {
    uint32_t sequence = 0;
    if (bytes.size() < offset + sizeof sequence)
        return std::nullopt;
    std::memcpy(&sequence, bytes.data() + offset, sizeof sequence);
    return sequence;
}

/// The slots that are not the same life in all of @p copies.
std::vector<bool> changed(const std::string (&copies)[3]) {
    std::vector<bool> result(slotCapacity);
    for (size_t n = 0; n < slotCapacity; n++) {
        const size_t offset = slotsOffset + n * sizeof(SlotRecord);
        const auto middle = sequenceOf(copies[1], offset);
        result[n] =
            sequenceOf(copies[0], offset) != middle || sequenceOf(copies[2], offset) != middle;
    }
    return result;
}

} // namespace

Result<TableContent> readTable(FileSystem& files, int directory, const std::string& name) {
    const int opened = uninterrupted([&] {
        return files.openAt(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    });
    if (opened < 0)
        return makeError(-opened, "open " + name);
    const UniqueFd fd(opened);
    FileStatus status;
    if (const int described = files.describe(fd.get(), status); described < 0)
        return makeError(-described, "look at " + name);
    if (!S_ISREG(status.mode))
        return makeError(EINVAL, "open " + name, "it is no regular file");

    constexpr size_t sequence = offsetof(TableHeader, sequence);
    for (int attempt = 0; attempt < steadyAttempts; attempt++) {
        uint32_t before = 0;
        uint32_t after = 0;
        const auto look = [&](uint32_t& value) {
            value = 0;
            return uninterrupted(
                [&] { return files.readAt(fd.get(), &value, sizeof value, sequence); });
        };
        if (look(before) < 0)
            return makeError(EIO, "read " + name);
        orderAll();
        Result<std::string> bytes = copyFile(files, fd.get());
        orderAll();
        if (!bytes)
            return std::move(bytes).error();
        if (look(after) < 0)
            return makeError(EIO, "read " + name);
        if (before == after && before % 2 == 0)
            return parseTable(bytes.value(), /*steady=*/true);
    }

    // What is the same in three copies was whole in the middle one.
    std::string copies[3];
    for (std::string& copy : copies) {
        Result<std::string> bytes = copyFile(files, fd.get());
        orderAll();
        if (!bytes)
            return std::move(bytes).error();
        copy = std::move(bytes).value();
    }
    return parseTable(copies[1], /*steady=*/false, changed(copies));
}

} // namespace mediaheap
