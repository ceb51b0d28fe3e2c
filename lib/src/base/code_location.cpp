// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/code_location.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <link.h> // ElfW
#include <unistd.h>

namespace mediaheap {

namespace {

/// Lines of a file, read with read(2) alone.
class LineReader {
public:
    explicit LineReader(const char* path) noexcept : fd_(::open(path, O_RDONLY | O_CLOEXEC)) {}
    ~LineReader() {
        if (fd_ >= 0)
            ::close(fd_);
    }
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    /// The next line without its newline, cut where it is too long; nullptr at the end.
    const char* next() noexcept {
        size_t length = 0;
        bool any = false;
        for (int c = get(); c >= 0; c = get()) {
            any = true;
            if (c == '\n')
                break;
            if (length < sizeof line_ - 1)
                line_[length++] = static_cast<char>(c);
        }
        line_[length] = '\0';
        return any ? line_ : nullptr;
    }

private:
    int get() noexcept {
        if (at_ == filled_) {
            ssize_t got = -1;
            if (fd_ >= 0) {
                do
                    got = ::read(fd_, buffer_, sizeof buffer_);
                while (got < 0 && errno == EINTR);
            }
            at_ = 0;
            filled_ = got > 0 ? static_cast<size_t>(got) : 0;
            if (filled_ == 0)
                return -1;
        }
        return static_cast<unsigned char>(buffer_[at_++]);
    }

    const int fd_;
    size_t at_ = 0;
    size_t filled_ = 0;
    char buffer_[1024];
    char line_[CodeLocation::longestPath + 128];
};

uint64_t parseHex(const char*& text) noexcept {
    uint64_t value = 0;
    for (;; ++text) {
        if (*text >= '0' && *text <= '9')
            value = value * 16 + static_cast<uint64_t>(*text - '0');
        else if (*text >= 'a' && *text <= 'f')
            value = value * 16 + static_cast<uint64_t>(*text - 'a') + 10;
        else
            return value;
    }
}

/// A line of /proc/self/maps (proc(5)): `start-end perms offset device inode   path`.
struct MapsLine {
    uint64_t start;
    uint64_t end;
    bool readable;
    uint64_t offset;
    const char* path; ///< empty for memory of no file

    explicit MapsLine(const char* text) noexcept {
        start = parseHex(text);
        text += *text != '\0';
        end = parseHex(text);
        text += *text != '\0';
        readable = *text == 'r';
        text = skipField(text);
        offset = parseHex(text);
        text = skipField(skipField(skipField(text)));
        path = text;
    }

private:
    static const char* skipField(const char* text) noexcept {
        while (*text != '\0' && *text != ' ')
            ++text;
        while (*text == ' ')
            ++text;
        return text;
    }
};

/// What the module whose file header is mapped at @p header has been moved by from the addresses
/// that its symbols have (elf(5)).
bool loadBias(uint64_t header, uint64_t& bias) noexcept {
    const auto* const elf = reinterpret_cast<const ElfW(Ehdr)*>(static_cast<uintptr_t>(header));
    if (std::memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 || elf->e_phentsize != sizeof(ElfW(Phdr)))
        return false;
    const auto* const segments =
        reinterpret_cast<const ElfW(Phdr)*>(static_cast<uintptr_t>(header + elf->e_phoff));
    for (unsigned n = 0; n < elf->e_phnum; ++n) {
        const auto& segment = segments[n];
        if (segment.p_type == PT_LOAD && segment.p_offset <= elf->e_phoff) {
            bias = header - (segment.p_vaddr - segment.p_offset);
            return true;
        }
    }
    return false;
}

} // namespace

bool locateCode(const void* code, CodeLocation& location) noexcept {
    const auto wanted = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(code));
    const int savedErrno = errno;
    bool found = false;
    uint64_t header = 0;
    location.module[0] = '\0';
    LineReader maps("/proc/self/maps");
    while (const char* const text = maps.next()) {
        const MapsLine line(text);
        if (line.offset == 0 && line.readable && *line.path != '\0') {
            header = line.start;
            std::strncpy(location.module, line.path, sizeof location.module - 1);
            location.module[sizeof location.module - 1] = '\0';
        }
        if (wanted < line.start || wanted >= line.end)
            continue;
        found = *line.path != '\0';
        if (!found)
            break;
        uint64_t bias = 0;
        const bool headed =
            std::strncmp(location.module, line.path, sizeof location.module - 1) == 0 &&
            loadBias(header, bias);
        std::strncpy(location.module, line.path, sizeof location.module - 1);
        location.module[sizeof location.module - 1] = '\0';
        location.address = headed ? wanted - bias : wanted - line.start + line.offset;
        break;
    }
    errno = savedErrno;
    return found;
}

} // namespace mediaheap
