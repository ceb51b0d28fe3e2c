// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "item.h"

namespace mediaheap::plan {

/// What a decoder of H.264 is to be able to play.
struct H264 {
    uint64_t width = 0;
    uint64_t height = 0;
    uint64_t references = 0;
    uint64_t extra = 2;                     ///< frames beyond those being decoded and referred to
    uint64_t bitstream = uint64_t{1} << 20; ///< bytes
    bool mbaff = false;                     ///< macroblock-adaptive frame/field coding
    static constexpr uint64_t mostFrames = 18;     ///< that the decoder takes
    static constexpr uint64_t mostReferences = 16; ///< ITU-T H.264, max_num_ref_frames

    /// Frames that the decoder needs: references, the one being decoded, and the extra ones.
    uint64_t frames() const;
};

/// The parts of an item and how they came about.
struct SizeOfCodec {
    std::vector<Part> parts;
    std::string formula;
    std::string source;
};

/// bitstream + W*H*3/2*N + W*2 (MBAFF W*4) + 12K + W*8 (MBAFF W*16) + 68K + (W/16)*(H/16)*32*N,
/// with W and H rounded up to whole macroblocks, which is what the pictures of the standard consist
/// of. Each term is taken for one block, and those with N for N of them: the document does not say
/// how the decoder divides its memory.
SizeOfCodec sizeOf(const H264& decoder);

/// The output of a JPEG encoder: w*h*4/5*quality/100 bytes, rounded up, in each of @p buffers.
SizeOfCodec sizeOfJpeg(uint64_t width, uint64_t height, uint64_t quality, uint64_t buffers);

} // namespace mediaheap::plan
