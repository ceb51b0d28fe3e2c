// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <set>

#include "show_output.h"
#include "svg_text.h"

namespace mediaheap::tool {

namespace {

constexpr int width = 1120;
constexpr int left = 40;
constexpr int barWidth = width - 2 * left;
constexpr int barHeight = 48;
constexpr int columns = 2;
constexpr int columnWidth = barWidth / columns;
constexpr int rowHeight = 20;

// After Okabe and Ito, whose colours people with any colour vision can tell apart; light enough for
// black letters.
constexpr std::array<const char*, 12> colours = {"#56b4e9", "#e69f00", "#4cc3a1", "#dd99bb",
                                                 "#f0e442", "#ee8a4d", "#a8a0e0", "#b5d96b",
                                                 "#9fd8f5", "#f5d08a", "#a5e0cf", "#efc6dc"};

/// A colour for every name: the same name has mostly the same in every picture, and different ones
/// as long as there are enough.
class Palette {
public:
    explicit Palette(const Shown& shown) {
        std::set<std::string> names;
        for (const ShownProcess& process : shown.processes)
            for (const TableContent& heap : process.heaps)
                for (const TableContent::Block& block : heap.blocks)
                    names.insert(block.name);
        std::array<bool, colours.size()> taken{};
        for (const std::string& name : names) {
            size_t colour = hash(name) % colours.size();
            for (size_t n = 0; n < colours.size() && taken[colour]; n++)
                colour = (colour + 1) % colours.size();
            taken[colour] = true;
            chosen_[name] = colours[colour];
        }
    }

    const char* of(const TableContent::Block& block) const {
        return block.state == table::SlotState::Declared ? "#999999" : chosen_.at(block.name);
    }

private:
    static uint32_t hash(const std::string& name) { // FNV-1a
        uint32_t value = 2166136261u;
        for (const char c : name)
            value = (value ^ static_cast<unsigned char>(c)) * 16777619u;
        return value;
    }

    std::map<std::string, const char*> chosen_;
};

std::string hex(uint64_t value) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%08" PRIX64, value);
    return text;
}

std::string sizeText(uint64_t bytes) {
    const uint64_t kib = bytes / 1024;
    return kib >= 1024 && kib % 1024 == 0 ? std::to_string(kib / 1024) + " MB"
                                          : std::to_string(kib) + " KB";
}

std::string nameOf(const TableContent::Block& block) {
    return block.name.empty() ? "<null>" : block.name;
}

std::string stateText(const TableContent::Block& block) {
    std::string text = name(block.state);
    if (block.accesses > 0)
        text += ", CPU has it open";
    return text;
}

/// The picture under way, from top to bottom.
class Map {
public:
    explicit Map(const Shown& shown) : palette_(shown) {}

    void text(int x, int y, const char* style, const std::string& content) {
        body_ += "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" class=\"" +
                 style + "\">" + escapeXml(content) + "</text>\n";
    }

    void process(const ShownProcess& process) {
        top_ += 34;
        std::string owner =
            process.owner.name + "  (process " + std::to_string(process.owner.pid) + ")";
        text(left, top_, process.state == OwnerState::Crashed ? "crashed" : "owner",
             process.state == OwnerState::Live ? owner : owner + "  - " + name(process.state));
        for (const TableContent& heap : process.heaps) {
            top_ += 22;
            text(left, top_, "heap", heap.heap);
            for (uint32_t n = 0; n < heap.zones.size(); n++)
                zone(heap, n);
            note(heap);
        }
    }

    std::string finish() {
        top_ += 40;
        legend();
        const std::string height = std::to_string(top_ + 24);
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(width) +
               "\" height=\"" + height + "\" viewBox=\"0 0 " + std::to_string(width) + " " +
               height +
               "\" font-family=\"DejaVu Sans, Arial, sans-serif\" font-size=\"12\">\n"
               "<style>.title{font-size:20px;font-weight:bold}.owner{font-size:15px;"
               "font-weight:bold}.crashed{font-size:15px;font-weight:bold;fill:#b00020}"
               ".heap{font-family:DejaVu Sans Mono,monospace;fill:#555}.zone{font-weight:bold}"
               ".tick{font-size:10px;fill:#555}.note{fill:#b00020}.plain{fill:#222}"
               ".inside{font-size:11px;fill:#000}</style>\n"
               "<defs><pattern id=\"held\" width=\"8\" height=\"8\" "
               "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
               "<rect width=\"3\" height=\"8\" fill=\"#000\" fill-opacity=\"0.45\"/></pattern>"
               "</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" +
               body_ + "</svg>\n";
    }

    int& top() { return top_; }

private:
    void zone(const TableContent& heap, uint32_t number) {
        const TableContent::Zone& zone = heap.zones[number];
        std::vector<const TableContent::Block*> blocks;
        // Labels may lie beyond the end of their zone.
        uint64_t length = zone.size;
        for (const TableContent::Block& block : heap.blocks) {
            if (block.zone != number || block.address < zone.base)
                continue;
            blocks.push_back(&block);
            length = std::max(length, block.address - zone.base + block.size);
        }
        top_ += 26;
        text(left, top_, "zone",
             "zone " + zone.name + (zone.gfp ? ", gfp " + std::to_string(zone.gfp) : "") + ":  " +
                 sizeText(zone.used) + " of " + sizeText(zone.size) + " used, " +
                 std::to_string(zone.blocks) + (zone.blocks == 1 ? " block" : " blocks"));
        top_ += 8;
        rect(left, top_, barWidth, barHeight, "fill=\"#f2f2f2\" stroke=\"#222\"", "");
        for (const TableContent::Block* const block : blocks)
            bar(*block, zone.base, length);
        for (int quarter = 0; quarter <= 4; quarter++)
            tick(zone.base, length, quarter);
        top_ += barHeight + 18;
        list(blocks);
    }

    void bar(const TableContent::Block& block, uint64_t base, uint64_t length) {
        const auto place = [&](uint64_t offset) {
            return left + static_cast<int>(static_cast<double>(offset) /
                                           static_cast<double>(length) * barWidth);
        };
        const int from = place(block.address - base);
        const int wide = std::max(place(block.address - base + block.size) - from, 1);
        const std::string title = nameOf(block) + ": " + hex(block.address) + ", " +
                                  sizeText(block.size) + ", " + stateText(block);
        const bool pending = block.state == table::SlotState::Pending;
        rect(from, top_, wide, barHeight,
             std::string("fill=\"") + palette_.of(block) +
                 "\" stroke=\"#fff\" stroke-width=\"0.5\"" +
                 (pending ? " fill-opacity=\"0.4\"" : ""),
             title);
        if (block.state == table::SlotState::Held)
            rect(from, top_, wide, barHeight, "fill=\"url(#held)\"", title);
        const std::string label = nameOf(block);
        // About seven pixels for a character; a name that would be cut says less than none.
        if (wide >= static_cast<int>(label.size()) * 7 + 8)
            text(from + 4, top_ + barHeight / 2 + 4, "inside", label);
    }

    void tick(uint64_t base, uint64_t length, int quarter) {
        const int x = left + barWidth * quarter / 4;
        const uint64_t address =
            quarter == 4 ? base + (length - 1) : base + length / 4 * static_cast<uint64_t>(quarter);
        body_ += "<text x=\"" + std::to_string(x) + "\" y=\"" +
                 std::to_string(top_ + barHeight + 13) + "\" class=\"tick\" text-anchor=\"" +
                 (quarter == 0   ? "start"
                  : quarter == 4 ? "end"
                                 : "middle") +
                 "\">" + hex(address) + "</text>\n";
    }

    /// The blocks by name, down one column and then the other.
    void list(const std::vector<const TableContent::Block*>& blocks) {
        const size_t rows = (blocks.size() + columns - 1) / columns;
        for (size_t n = 0; n < blocks.size(); n++) {
            const TableContent::Block& block = *blocks[n];
            const int x = left + static_cast<int>(n / rows) * columnWidth;
            const int y = top_ + static_cast<int>(n % rows + 1) * rowHeight;
            rect(x, y - 10, 12, 12, std::string("fill=\"") + palette_.of(block) + "\"", "");
            if (block.state == table::SlotState::Held)
                rect(x, y - 10, 12, 12, "fill=\"url(#held)\"", "");
            text(x + 18, y, "plain", nameOf(block));
            text(x + 258, y, "heap", hex(block.address));
            text(x + 352, y, "plain", sizeText(block.size));
            text(x + 432, y, "plain", stateText(block));
        }
        top_ += static_cast<int>(rows) * rowHeight;
    }

    void note(const TableContent& heap) {
        if (heap.unlistedBlocks == 0)
            return;
        top_ += 20;
        text(left, top_, "note",
             std::to_string(heap.unlistedBlocks) + " blocks with " + sizeText(heap.unlistedBytes) +
                 " more are not listed");
    }

    void legend() {
        rect(left, top_ - 10, 12, 12, "fill=\"#999999\"", "");
        text(left + 18, top_, "plain", "the system's own");
        rect(left + 170, top_ - 10, 12, 12, "fill=\"#56b4e9\"", "");
        rect(left + 170, top_ - 10, 12, 12, "fill=\"url(#held)\"", "");
        text(left + 188, top_, "plain", "given back, still held by an importer");
        rect(left + 460, top_ - 10, 12, 12, "fill=\"#56b4e9\" fill-opacity=\"0.4\"", "");
        text(left + 478, top_, "plain", "being made");
    }

    void rect(int x, int y, int wide, int high, const std::string& paint,
              const std::string& title) {
        body_ += "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
                 std::to_string(wide) + "\" height=\"" + std::to_string(high) + "\" " + paint;
        body_ += title.empty() ? "/>\n" : "><title>" + escapeXml(title) + "</title></rect>\n";
    }

    const Palette palette_;
    std::string body_;
    int top_ = 0;
};

} // namespace

std::string drawMap(const Shown& shown) {
    Map map(shown);
    map.top() = 40;
    map.text(left, map.top(), "title", "Media heaps");
    for (const ShownProcess& process : shown.processes)
        map.process(process);
    if (shown.processes.empty()) {
        map.top() += 30;
        map.text(left, map.top(), "plain", "no process has a heap open");
    }
    return map.finish();
}

} // namespace mediaheap::tool
