// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace demo {

/// The clip that the demo plays when it is given none: moving colour bars, encoded as Motion JPEG.
struct Clip {
    static constexpr int width = 1280;
    static constexpr int height = 720;
    static constexpr int framesPerSecond = 30;
    static constexpr int frames = 10 * framesPerSecond;

    std::string path;
    /// Says why @ref path is empty.
    std::string error;
};

/// The clip in ${XDG_CACHE_HOME:-~/.cache}/mediaheap, made there by the first call.
Clip cachedClip();

} // namespace demo
