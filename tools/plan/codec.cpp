// SPDX-License-Identifier: LGPL-2.1-or-later
#include "codec.h"

#include <algorithm>

namespace mediaheap::plan {

namespace {

constexpr uint64_t kib = 1024;

std::string text(uint64_t number) { return std::to_string(number); }

} // namespace

uint64_t H264::frames() const { return std::min(references + 1 + extra, mostFrames); }

SizeOfCodec sizeOf(const H264& decoder) {
    const uint64_t across = (decoder.width + 15) / 16;
    const uint64_t down = (decoder.height + 15) / 16;
    const uint64_t width = across * 16;
    const uint64_t height = down * 16;
    const uint64_t frames = decoder.frames();
    const uint64_t deblocking = decoder.mbaff ? 4 : 2;
    const uint64_t prediction = decoder.mbaff ? 16 : 8;

    SizeOfCodec size;
    size.parts = {
        {"bitstream", decoder.bitstream, 1},
        {"frame", width * height * 3 / 2, frames},
        {"motion vectors", across * down * 32, frames},
        {"W*" + text(deblocking), width * deblocking, 1},
        {"12K", 12 * kib, 1},
        {"W*" + text(prediction), width * prediction, 1},
        {"68K", 68 * kib, 1},
    };
    size.formula = text(decoder.bitstream) + " + " + text(width) + " * " + text(height) +
                   " * 3/2 * " + text(frames) + " + " + text(width) + " * " + text(deblocking) +
                   " + 12K + " + text(width) + " * " + text(prediction) + " + 68K + (" +
                   text(width) + " / 16) * (" + text(height) + " / 16) * 32 * " + text(frames) +
                   ", N = " + text(decoder.references) + " references + 1 + " +
                   text(decoder.extra) + " extra";
    if (frames < decoder.references + 1 + decoder.extra)
        size.formula += ", at most " + text(H264::mostFrames);
    size.source = "ArtInChip, video memory of the H.264 decoder";
    return size;
}

SizeOfCodec sizeOfJpeg(uint64_t width, uint64_t height, uint64_t quality, uint64_t buffers) {
    const uint64_t divided = width * height * 4 * quality;
    SizeOfCodec size;
    size.parts = {{"output", (divided + 499) / 500, buffers}};
    size.formula = text(width) + " * " + text(height) + " * 4/5 * " + text(quality) + " / 100";
    if (buffers > 1)
        size.formula = text(buffers) + " x " + size.formula;
    size.source = "ArtInChip, video memory of the JPEG encoder";
    return size;
}

} // namespace mediaheap::plan
