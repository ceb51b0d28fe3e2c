// SPDX-License-Identifier: LGPL-2.1-or-later
#include "holders.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <utility>

#include "base/error.h"
#include "bufinfo.h"

namespace mediaheap::tool {

namespace {

constexpr std::string_view dmabufLink = "/dmabuf:";
constexpr std::string_view memfdLink = "/memfd:";
constexpr std::string_view deleted = " (deleted)";
constexpr const char* bufinfoPath = "/sys/kernel/debug/dma_buf/bufinfo";
constexpr unsigned long kernelThread = 0x00200000; // PF_KTHREAD, in field 9 of /proc/PID/stat

bool startsWith(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

/// The names in a directory; an errno, or 0.
int list(const std::string& path, std::vector<std::string>& names) {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (!directory)
        return errno;
    errno = 0;
    while (const dirent* const entry = ::readdir(directory.get())) {
        if (entry->d_name[0] != '.')
            names.emplace_back(entry->d_name);
    }
    return errno;
}

std::string line(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text;
}

bool isKernelThread(const std::string& process) {
    const std::string stat = line(process + "/stat");
    const size_t name = stat.rfind(')');
    unsigned long flags = 0;
    return name == std::string::npos ||
           std::sscanf(stat.c_str() + name + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) != 1 ||
           (flags & kernelThread) != 0;
}

/// What a link or a mapping calls a buffer; nothing where it is none.
struct Label {
    bool dmabuf;
    std::string name;
};

std::optional<Label> labelOf(std::string_view path) {
    if (startsWith(path, dmabufLink))
        return Label{true, std::string(path.substr(dmabufLink.size()))};
    if (!startsWith(path, memfdLink))
        return std::nullopt;
    path.remove_prefix(memfdLink.size());
    if (path.size() >= deleted.size() && path.substr(path.size() - deleted.size()) == deleted)
        path.remove_suffix(deleted.size());
    return Label{false, std::string(path)};
}

class Search {
public:
    void process(const std::string& pid) {
        const std::string path = "/proc/" + pid;
        std::vector<std::string> fds;
        const int listed = list(path + "/fd", fds);
        if (listed == EACCES || listed == EPERM) {
            hidden += isKernelThread(path) ? 0u : 1u;
            return;
        }
        Holder whose;
        whose.pid = std::atoll(pid.c_str());
        whose.process = line(path + "/comm");
        for (const std::string& fd : fds)
            descriptor(path, fd, whose);
        mappings(path, whose);
    }

    std::map<std::pair<bool, uint64_t>, HeldBuffer> buffers; // by not DMA-BUF, and inode
    unsigned hidden = 0;

private:
    void descriptor(const std::string& process, const std::string& fd, const Holder& whose) {
        char target[512];
        const std::string link = process + "/fd/" + fd;
        const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
        if (length <= 0)
            return;
        const auto label = labelOf(std::string_view(target, static_cast<size_t>(length)));
        struct ::stat status {};
        if (!label || ::stat(link.c_str(), &status) != 0)
            return;
        HeldBuffer& buffer = at(*label, status.st_ino);
        of(buffer, whose).fds.push_back(std::atoi(fd.c_str()));
        if (!label->dmabuf)
            buffer.size = static_cast<uint64_t>(status.st_size);
        else if (!buffer.count)
            readFdinfo(process + "/fdinfo/" + fd, buffer);
    }

    static void readFdinfo(const std::string& path, HeldBuffer& buffer) {
        std::ifstream file(path);
        for (std::string text; std::getline(file, text);) {
            const size_t colon = text.find(":\t");
            if (colon == std::string::npos)
                continue;
            const std::string key = text.substr(0, colon);
            const std::string value = text.substr(colon + 2);
            if (key == "size")
                buffer.size = std::strtoull(value.c_str(), nullptr, 10);
            else if (key == "count")
                buffer.count = std::atol(value.c_str());
            else if (key == "exp_name")
                buffer.exporter = value;
        }
    }

    /// "start-end permissions offset device inode   path", proc(5).
    void mappings(const std::string& process, const Holder& whose) {
        std::ifstream maps(process + "/maps");
        for (std::string text; std::getline(maps, text);) {
            std::istringstream fields(text);
            std::string range;
            std::string permissions;
            std::string offset;
            std::string device;
            uint64_t inode = 0;
            std::string path;
            if (!(fields >> range >> permissions >> offset >> device >> inode))
                continue;
            std::getline(fields >> std::ws, path);
            if (const auto label = labelOf(path))
                of(at(*label, inode), whose).mappings++;
        }
    }

    HeldBuffer& at(const Label& label, uint64_t inode) {
        HeldBuffer& buffer = buffers[{!label.dmabuf, inode}];
        buffer.dmabuf = label.dmabuf;
        buffer.inode = inode;
        buffer.name = label.name;
        return buffer;
    }

    static Holder& of(HeldBuffer& buffer, const Holder& whose) {
        if (buffer.holders.empty() || buffer.holders.back().pid != whose.pid)
            buffer.holders.push_back(whose);
        return buffer.holders.back();
    }
};

} // namespace

long HeldBuffer::unexplained() const {
    long seen = 0;
    for (const Holder& holder : holders)
        seen += static_cast<long>(holder.fds.size()) + static_cast<long>(holder.mappings);
    return count ? std::max(*count - seen, 0l) : 0;
}

HeldBuffers HeldBuffers::look() {
    HeldBuffers result;
    std::vector<std::string> names;
    (void)list("/proc", names);
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
        return std::make_pair(a.size(), a) < std::make_pair(b.size(), b);
    });
    Search search;
    for (const std::string& name : names) {
        if (name.find_first_not_of("0123456789") == std::string::npos)
            search.process(name);
    }
    result.hiddenProcesses = search.hidden;

    errno = 0;
    std::ifstream bufinfo(bufinfoPath);
    if (!bufinfo)
        result.bufinfoError = std::string(bufinfoPath) + ": " + errnoText(errno ? errno : EACCES);
    for (const auto& [inode, entry] : readBufinfo(bufinfo)) {
        HeldBuffer& buffer = search.buffers[{false, inode}];
        buffer.dmabuf = true;
        buffer.inode = inode;
        buffer.name = entry.name;
        buffer.size = entry.size;
        buffer.exporter = entry.exporter;
        buffer.count = buffer.count.value_or(entry.count);
        buffer.devices = entry.devices;
    }
    for (auto& [key, buffer] : search.buffers)
        result.buffers.push_back(std::move(buffer));
    return result;
}

} // namespace mediaheap::tool
