// SPDX-License-Identifier: LGPL-2.1-or-later
#include "item_reader.h"

#include <utility>

#include "codec.h"
#include "pixel_format.h"

namespace mediaheap::plan {

namespace {

constexpr uint64_t mib = uint64_t{1} << 20;

std::string text(uint64_t number) { return std::to_string(number); }

/// Frames of one format: display planes and camera buffers.
void readFrames(Section& section, Item& item, const char* what) {
    const Extent size = section.takeExtent("size");
    const std::string name = section.takeText("format");
    const uint64_t buffers = section.takeNumber("buffers", 1, largestCount, 1);
    const uint64_t stride = section.takeNumber("stride", 1, largestSide, 1);
    const PixelFormat* const format = findPixelFormat(name);
    if (!format) {
        section.fail(section.lineOf("format"), "format = " + name + " is not known",
                     "take `bytes` of an [other] for it, or one of " + pixelFormatNames());
        return;
    }
    const SizeOfFrame frame = sizeOfFrame(*format, size.width, size.height, stride);
    item.parts = {{what, frame.bytes, buffers}};
    item.formula = (buffers > 1 ? text(buffers) + " x " : "") + frame.formula + ", " + format->name;
    if (stride > 1)
        item.formula += ", lines padded to " + text(stride);
}

void readDisplay(Section& section, Item& item) {
    item.source = "ArtInChip, MPP Heap documentation, display module";
    readFrames(section, item, "buffer");
}

void readCamera(Section& section, Item& item) {
    item.source = "Linux, V4L2 pixel formats: sizeimage of each buffer of VIDIOC_REQBUFS";
    readFrames(section, item, "buffer");
}

void readAudio(Section& section, Item& item) {
    if (section.has("bytes")) {
        item.parts = {{"buffers", section.takeBytes("bytes"), 1}};
        item.formula = "as given";
        item.source = "the plan file";
        section.takeYes("alsa", true);
        section.takeYes("i2s", false);
        return;
    }
    section.takeBytes("bytes", 0);
    const bool alsa = section.takeYes("alsa", true);
    const bool i2s = section.takeYes("i2s", false);
    if (!alsa)
        section.fail(section.lineOf("alsa"), "the document gives figures for ALSA only",
                     "give bytes = for what there is without it");
    item.parts = {{"buffers", i2s ? 5 * mib / 2 : 3 * mib / 2, 1}};
    item.formula = i2s ? "2.5M with ALSA and I2S" : "1.5M with ALSA";
    item.source = "ArtInChip, MPP Heap documentation, audio module";
}

void readCommunication(Section& section, Item& item) {
    item.parts = {{"buffers", section.takeBytes("bytes"), 1}};
    item.formula = "as given";
    item.source =
        "the plan file: ArtInChip's MPP Heap documentation leaves Wi-Fi, Bluetooth and USB "
        "to be worked out for the case at hand";
}

void readH264(Section& section, Item& item) {
    H264 decoder;
    const Extent size = section.takeExtent("size");
    decoder.width = size.width;
    decoder.height = size.height;
    decoder.references = section.takeNumber("references", 0, H264::mostReferences);
    decoder.extra = section.takeNumber("extra", 0, H264::mostFrames, decoder.extra);
    decoder.bitstream = section.takeBytes("bitstream", decoder.bitstream);
    decoder.mbaff = section.takeYes("mbaff", false);
    SizeOfCodec codec = sizeOf(decoder);
    item.parts = std::move(codec.parts);
    item.formula = std::move(codec.formula);
    item.source = std::move(codec.source);
}

void readJpeg(Section& section, Item& item) {
    const Extent size = section.takeExtent("size");
    const uint64_t quality = section.takeNumber("quality", 1, 100);
    const uint64_t buffers = section.takeNumber("buffers", 1, largestCount, 1);
    SizeOfCodec codec = sizeOfJpeg(size.width, size.height, quality, buffers);
    item.parts = std::move(codec.parts);
    item.formula = std::move(codec.formula);
    item.source = std::move(codec.source);
}

void readCodec(Section& section, Item& item) {
    const size_t neither = 2;
    if (!section.has("type"))
        section.takeText("type");
    switch (section.takeWord("type", {"h264", "jpeg"}, neither)) {
    case 0:
        return readH264(section, item);
    case 1:
        return readJpeg(section, item);
    default:
        section.leave({"size", "references", "extra", "bitstream", "mbaff", "quality", "buffers"});
    }
}

void readOther(Section& section, Item& item) {
    const uint64_t bytes = section.takeBytes("bytes");
    const uint64_t count = section.takeNumber("count", 1, largestCount, 1);
    if (bytes == 0)
        section.fail(section.lineOf("bytes"), "blocks without memory", "give at least one byte");
    item.parts = {{"block", bytes, count}};
    item.formula = count > 1 ? text(count) + " x " + text(bytes) : "as given";
    item.source = section.takeText("source", "the plan file");
}

struct Kind {
    const char* name;
    From from;
    void (*read)(Section&, Item&);
};

// ArtInChip's document counts display, audio and communication beside the heap.
constexpr Kind kinds[] = {
    {"display", From::Cma, readDisplay},
    {"audio", From::Cma, readAudio},
    {"communication", From::Cma, readCommunication},
    {"codec", From::Heap, readCodec},
    {"camera", From::Heap, readCamera},
    {"other", From::Cma, readOther},
};

} // namespace

bool isItem(const std::string& kind) {
    for (const Kind& known : kinds) {
        if (kind == known.name)
            return true;
    }
    return false;
}

Item readItem(Section& section) {
    Item item;
    item.kind = section.kind();
    item.name = section.name().empty() ? section.kind() : section.name();
    item.line = section.line();
    for (const Kind& kind : kinds) {
        if (item.kind != kind.name)
            continue;
        item.from = section.takeWord("from", {"heap", "cma"}, kind.from == From::Heap ? 0 : 1) == 0
                        ? From::Heap
                        : From::Cma;
        kind.read(section, item);
    }
    return item;
}

} // namespace mediaheap::plan
