// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstring>

#include <mediaheap/result.h>

#include "base/error.h"

namespace mediaheap {

std::string errnoText(int code)
{
    std::string text;
    if (const char *description = strerrordesc_np(code))
        text = description;
    else
        text = "error " + std::to_string(code);
    if (const char *name = strerrorname_np(code))
        text += std::string(" (") + name + ")";
    return text;
}

std::string Error::message() const
{
    std::string text;
    if (!heap.empty())
        text += "heap '" + heap + "': ";
    if (!step.empty())
        text += step + ": ";
    text += cause.empty() ? errnoText(code) : cause;
    if (!remedy.empty())
        text += "; " + remedy;
    return text;
}

} // namespace mediaheap
