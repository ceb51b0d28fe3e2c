// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

#include <mediaheap/export.h>

namespace mediaheap {

/// What failed, why, and what the user can do about it.
///
/// Since: 0.1
struct MEDIAHEAP_API Error {
    /// An errno value, never 0. Programs decide by it; people read message().
    int code = 0;
    /// The step that failed, as "open /dev/udmabuf".
    std::string step;
    /// Why, in words; left empty it is the system's text for @ref code.
    std::string cause;
    /// What the user can do; empty where nothing better than the cause is known.
    std::string remedy;
    /// The heap string concerned; filled in by Heap.
    std::string heap;

    /// One line: `heap 'udmabuf': open /dev/udmabuf: no such device node (ENOENT); remedy`.
    std::string message() const;
};

/// A value, or the Error that stood in its way. The project throws no exceptions.
///
/// Reading the side that is not there ends the program: that is a bug in the caller, and going on
/// with a made-up value would be worse.
///
/// Since: 0.1
template <typename T> class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    T& value() & { return *need(std::get_if<0>(&state_)); }
    const T& value() const& { return *need(std::get_if<0>(&state_)); }
    T&& value() && { return std::move(*need(std::get_if<0>(&state_))); }
    T& operator*() & { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& { return *need(std::get_if<1>(&state_)); }
    Error&& error() && { return std::move(*need(std::get_if<1>(&state_))); }

private:
    template <typename P> static P* need(P* pointer) {
        if (!pointer)
            std::abort();
        return pointer;
    }

    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <> class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool ok() const noexcept { return error_.code == 0; }
    explicit operator bool() const noexcept { return ok(); }
    const Error& error() const& {
        if (ok())
            std::abort();
        return error_;
    }
    Error&& error() && { return std::move(const_cast<Error&>(std::as_const(*this).error())); }

private:
    Error error_;
};

} // namespace mediaheap
