// SPDX-License-Identifier: LGPL-2.1-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fnmatch.h>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>

#include "command.h"
#include "holders.h"

namespace mediaheap::tool {

namespace {

using Json = nlohmann::ordered_json;

struct HoldersOptions {
    std::string what;
    bool json = false;
};

bool isNumber(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

const std::string byInode = "inode=";

/// The number behind `inode=`.
std::optional<uint64_t> wantedInode(const std::string& what) {
    if (what.rfind(byInode, 0) != 0)
        return std::nullopt;
    uint64_t inode = 0;
    const char* const end = what.data() + what.size();
    const auto read = std::from_chars(what.data() + byInode.size(), end, inode);
    return read.ec == std::errc() && read.ptr == end ? std::optional(inode) : std::nullopt;
}

/// For the command line: what is wrong with @p what, or nothing.
std::string complaint(const std::string& what) {
    if (what.empty())
        return "the name of a buffer is expected, the number of a process, or inode=NUMBER";
    if (what.rfind(byInode, 0) == 0 && !wantedInode(what))
        return what + " is no inode: a decimal number is expected, as `mediaheap holders` prints "
                      "it, for example inode=4711";
    return {};
}

bool isMeant(const HeldBuffer& buffer, const std::string& what) {
    if (const auto inode = wantedInode(what))
        return buffer.inode == *inode;
    if (isNumber(what) &&
        std::any_of(buffer.holders.begin(), buffer.holders.end(),
                    [&](const Holder& holder) { return std::to_string(holder.pid) == what; }))
        return true;
    return ::fnmatch(what.c_str(), buffer.name.c_str(), 0) == 0;
}

std::string printable(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            c = '?';
    }
    return text;
}

void printText(const HeldBuffer& buffer) {
    std::cout << (buffer.name.empty() ? "<null>" : printable(buffer.name)) << ": "
              << (buffer.dmabuf ? "DMA-BUF" : "memfd") << ", inode " << buffer.inode;
    if (buffer.size)
        std::cout << ", " << *buffer.size << " bytes";
    if (!buffer.exporter.empty())
        std::cout << ", exporter " << printable(buffer.exporter);
    if (buffer.count)
        std::cout << ", " << *buffer.count << (*buffer.count == 1 ? " reference" : " references");
    std::cout << "\n";
    for (const Holder& holder : buffer.holders) {
        std::cout << "    process " << holder.pid << " (" << printable(holder.process) << "):";
        for (size_t n = 0; n < holder.fds.size(); n++)
            std::cout << (n == 0 ? " fd " : ", ") << holder.fds[n];
        if (holder.mappings > 0)
            std::cout << (holder.fds.empty() ? " " : "; ") << holder.mappings
                      << (holder.mappings == 1 ? " mapping" : " mappings");
        std::cout << "\n";
    }
    for (const std::string& device : buffer.devices)
        std::cout << "    device " << printable(device) << ": attached\n";
    if (const long more = buffer.unexplained(); more > 0)
        std::cout << "    " << more << (more == 1 ? " reference" : " references")
                  << " of nobody seen here: a driver, a process that is hidden, a descriptor under "
                     "way\n";
}

Json toJson(const HeldBuffer& buffer) {
    Json json;
    json["name"] = buffer.name;
    json["kind"] = buffer.dmabuf ? "dmabuf" : "memfd";
    json["inode"] = buffer.inode;
    json["size"] = buffer.size ? Json(*buffer.size) : Json();
    json["exporter"] = buffer.exporter;
    json["references"] = buffer.count ? Json(*buffer.count) : Json();
    json["unexplained"] = buffer.unexplained();
    json["processes"] = Json::array();
    for (const Holder& holder : buffer.holders) {
        Json one;
        one["pid"] = holder.pid;
        one["name"] = holder.process;
        one["fds"] = holder.fds;
        one["mappings"] = holder.mappings;
        json["processes"].push_back(std::move(one));
    }
    json["devices"] = buffer.devices;
    return json;
}

Exit holders(const HoldersOptions& options) {
    HeldBuffers all = HeldBuffers::look();
    auto& buffers = all.buffers;
    buffers.erase(
        std::remove_if(buffers.begin(), buffers.end(),
                       [&](const HeldBuffer& buffer) { return !isMeant(buffer, options.what); }),
        buffers.end());
    if (options.json) {
        Json document;
        document["buffers"] = Json::array();
        for (const HeldBuffer& buffer : buffers)
            document["buffers"].push_back(toJson(buffer));
        document["hidden_processes"] = all.hiddenProcesses;
        document["importers_unknown"] = all.bufinfoError;
        std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    } else {
        for (const HeldBuffer& buffer : buffers)
            printText(buffer);
    }
    if (buffers.empty())
        std::cerr << "mediaheap: nobody seen here holds a buffer called " << options.what
                  << ", nor is it the number of a process that holds one\n";
    if (all.hiddenProcesses > 0)
        std::cerr << "mediaheap: this user may not look into " << all.hiddenProcesses
                  << (all.hiddenProcesses == 1 ? " process" : " processes")
                  << " of others; root may\n";
    if (!all.bufinfoError.empty())
        std::cerr
            << "mediaheap: importers are not known: " << all.bufinfoError
            << "; it is root's to read, with debugfs mounted and a kernel that lists DMA-BUFs "
               "there\n";
    return buffers.empty() ? Exit::Failure : Exit::Success;
}

} // namespace

void addHoldersCommand(CLI::App& app, Runner& runner) {
    CLI::App* const command =
        app.add_subcommand("holders", "Shows who holds a DMA-BUF: processes and drivers");
    const auto options = std::make_shared<HoldersOptions>();
    command
        ->add_option("WHAT", options->what,
                     "The name of a buffer, with * and ? for others; the number of a process; or "
                     "inode=NUMBER")
        ->required()
        ->check(complaint);
    command->add_flag("--json", options->json, "Print JSON for programs");
    command->footer(
        "A buffer is the same in all processes by its inode. What this user may not see "
        "is said on the standard error.");
    command->callback([options, &runner] { runner = [options] { return holders(*options); }; });
}

} // namespace mediaheap::tool
