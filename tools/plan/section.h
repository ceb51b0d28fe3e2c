// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mediaheap/result.h>

namespace mediaheap::plan {

/// A width and a height.
struct Extent {
    uint64_t width = 0;
    uint64_t height = 0;
};

/// One `[kind name]` of a file with its keys. Whoever reads it takes the keys that he knows, and
/// asks finish() for what is left.
///
/// The first error of each kind is kept, and what is taken after it is worth nothing: a reader
/// takes everything and asks once.
class Section {
public:
    Section(std::string file, unsigned line, std::string kind, std::string name);

    const std::string& kind() const { return kind_; }
    const std::string& name() const { return name_; }
    unsigned line() const { return line_; }

    /// Errors: EINVAL for a key that is there already.
    Result<void> add(unsigned line, std::string_view key, std::string_view value);
    bool has(std::string_view key) const;

    /// The text of a key, @p otherwise where it is not given.
    std::string takeText(std::string_view key, const std::string& otherwise);
    /// The same for a key that has to be there.
    std::string takeText(std::string_view key);
    /// A number from @p least to @p most.
    uint64_t takeNumber(std::string_view key, uint64_t least, uint64_t most);
    uint64_t takeNumber(std::string_view key, uint64_t least, uint64_t most, uint64_t otherwise);
    /// Bytes; K, M and G multiply, also after a fraction (`1.5M`), which has to come out whole.
    uint64_t takeBytes(std::string_view key);
    uint64_t takeBytes(std::string_view key, uint64_t otherwise);
    bool takeYes(std::string_view key, bool otherwise);
    /// `1920x1080`.
    Extent takeExtent(std::string_view key);
    /// One of @p words, by its index.
    size_t takeWord(std::string_view key, const std::vector<std::string>& words, size_t otherwise);
    /// Words between commas.
    std::vector<std::string> takeList(std::string_view key);

    /// The line of a key, of the section where it is not given.
    unsigned lineOf(std::string_view key) const;
    /// Keys that are no mistake, whatever else is.
    void leave(const std::vector<std::string>& keys);
    /// Keeps an error about a line, unless there is one already.
    void fail(unsigned line, const std::string& cause, const std::string& remedy = {});
    /// A key that nobody took, if any: misspelt, it is the cause of what else is wrong. Else the
    /// first that has to be there and is not, else the first other error.
    Result<void> finish() const;

private:
    struct Key {
        unsigned line;
        std::string key;
        std::string value;
        bool taken;
    };

    Key* take(std::string_view key);
    Key* need(std::string_view key);

    std::string file_;
    unsigned line_;
    std::string kind_;
    std::string name_;
    std::vector<Key> keys_;
    std::vector<std::string> known_; ///< keys that were asked for
    Error missing_;
    Error error_;
};

/// The bytes that @p text stands for; nothing where it is malformed or beyond largestBytes.
std::optional<uint64_t> parseBytes(std::string_view text);
/// Without the space at both ends.
std::string_view trimmed(std::string_view text);

} // namespace mediaheap::plan
