// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_kernel.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <set>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mediaheap::test {

namespace {

constexpr std::string_view fdinfoDirectory = "/proc/self/fdinfo/";
constexpr std::string_view sizeLimitPath = "/sys/module/udmabuf/parameters/size_limit_mb";
constexpr std::string_view listLimitPath = "/sys/module/udmabuf/parameters/list_limit";

bool startsWith(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

uint64_t identityFrom(const struct ::stat& status) {
    return static_cast<uint64_t>(status.st_dev) << 40 ^ static_cast<uint64_t>(status.st_ino);
}

/// The identities of all descriptors of this process. Looks at them by path, not by number: other
/// threads may be closing theirs.
std::multiset<uint64_t> openIdentities() {
    std::multiset<uint64_t> identities;
    DIR* const directory = ::opendir("/proc/self/fd");
    if (!directory)
        std::abort();
    while (const dirent* const entry = ::readdir(directory)) {
        struct ::stat status;
        if (entry->d_name[0] != '.' &&
            ::fstatat(::dirfd(directory), entry->d_name, &status, 0) == 0)
            identities.insert(identityFrom(status));
    }
    ::closedir(directory);
    return identities;
}

} // namespace

FakeKernel::FakeKernel(Kernel& real) : machinePageSize(real.pageSize()), real_(real) {}

uint64_t FakeKernel::identityOf(int fd) {
    struct ::stat status;
    return ::fstat(fd, &status) == 0 ? identityFrom(status) : 0;
}

FakeDmaBuf* FakeKernel::find(int fd) {
    const auto buffer = fd < 0 ? buffers_.end() : buffers_.find(identityOf(fd));
    return buffer == buffers_.end() ? nullptr : &buffer->second;
}

bool FakeKernel::isDmaBuf(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return find(fd) != nullptr;
}

std::string FakeKernel::nameOf(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const FakeDmaBuf* const buffer = find(fd);
    return buffer ? buffer->name : std::string();
}

long FakeKernel::countOf(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return references(identityOf(fd));
}

size_t FakeKernel::liveBuffers() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return collect();
}

size_t FakeKernel::liveMappings() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return mappings_.count();
}

unsigned FakeKernel::punchedUnderBuffers() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return punchedUnderBuffers_;
}

bool FakeKernel::isUnderBuffer(int memfd, uint64_t offset, uint64_t size) {
    collect();
    const uint64_t identity = identityOf(memfd);
    for (const auto& item : buffers_) {
        const FakeDmaBuf& buffer = item.second;
        if (buffer.pages && identityOf(buffer.pages->get()) == identity &&
            buffer.offset < offset + size && offset < buffer.offset + buffer.size)
            return true;
    }
    return false;
}

FakeImporter FakeKernel::import(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int reference = real_.duplicate(fd);
    struct ::stat status;
    if (reference < 0 || ::fstat(fd, &status) != 0)
        std::abort();
    const FakeDmaBuf* const buffer = find(fd);
    if (buffer && buffer->pages)
        return FakeImporter(UniqueFd(reference), buffer->pages->get(), buffer->offset,
                            buffer->size);
    return FakeImporter(UniqueFd(reference), fd, 0, static_cast<size_t>(status.st_size));
}

/// Descriptors and mappings, as file_count() has it.
long FakeKernel::references(uint64_t identity) const {
    long callbacks = 0; // of poll()
    if (const auto buffer = buffers_.find(identity); buffer != buffers_.end()) {
        for (const std::shared_ptr<FakeFence>& fence : buffer->second.polled)
            callbacks += fence && !fence->done;
    }
    return static_cast<long>(openIdentities().count(identity) + mappings_.count(identity)) +
           callbacks + countOffset;
}

size_t FakeKernel::collect() {
    const std::multiset<uint64_t> open = openIdentities();
    for (auto buffer = buffers_.begin(); buffer != buffers_.end();) {
        const bool held = open.count(buffer->first) > 0 || mappings_.count(buffer->first) > 0;
        buffer = held ? std::next(buffer) : buffers_.erase(buffer);
    }
    for (auto file = syncFiles_.begin(); file != syncFiles_.end();)
        file = open.count(file->first) > 0 ? std::next(file) : syncFiles_.erase(file);
    return buffers_.size();
}

int FakeKernel::openText(const std::string& text) {
    const int fd = ::memfd_create("fake-text", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        std::abort();
    return fd;
}

int FakeKernel::openFdinfo(int fd) {
    if (fdinfoError != 0)
        return -fdinfoError;
    const uint64_t identity = identityOf(fd);
    return openText(find(fd)->fdinfo(identity, references(identity)));
}

int FakeKernel::open(const char* path, int flags) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string_view name = path;
    if (startsWith(name, fdinfoDirectory)) {
        const int fd = std::atoi(path + fdinfoDirectory.size());
        return find(fd) ? openFdinfo(fd) : real_.open(path, flags);
    }
    if (const auto file = files.find(path); file != files.end())
        return openText(file->second);
    if (name == sizeLimitPath || name == listLimitPath) {
        if (nodes_.count("/dev/udmabuf") == 0)
            return -ENOENT;
        return openText(name == listLimitPath ? "1024\n" : std::to_string(udmabufLimitMiB) + "\n");
    }
    if (!startsWith(name, "/dev/"))
        return real_.open(path, flags);

    const auto node = nodes_.find(path);
    if (node == nodes_.end())
        return -ENOENT;
    if (node->second.openError != 0)
        return -node->second.openError;
    const int fd = ::memfd_create(("fake:" + node->first).c_str(), MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    openNodes_[identityOf(fd)] = node->first;
    return fd;
}

int FakeKernel::memfdCreate(const char* name, unsigned flags) {
    return real_.memfdCreate(name, flags);
}

int FakeKernel::truncate(int fd, uint64_t size) {
    return isDmaBuf(fd) ? -EINVAL : real_.truncate(fd, size);
}

int FakeKernel::addSeals(int fd, int seals) {
    return isDmaBuf(fd) ? -EINVAL : real_.addSeals(fd, seals);
}

int FakeKernel::allocateRange(int fd, int mode, uint64_t offset, uint64_t size) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (find(fd))
        return -EINVAL;
    if ((mode & FALLOC_FL_PUNCH_HOLE) != 0 && isUnderBuffer(fd, offset, size))
        ++punchedUnderBuffers_;
    return real_.allocateRange(fd, mode, offset, size);
}

int FakeKernel::map(void* hint, size_t size, int protection, int flags, int fd, void** address) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const FakeDmaBuf* const buffer = find(fd);
    if (buffer && (size > buffer->size ||
                   (buffer->refusesPrivateMappings && (flags & MAP_TYPE) == MAP_PRIVATE)))
        return -EINVAL;
    if (buffer && refuseWritableMappings && (protection & PROT_WRITE) != 0)
        return -EACCES;
    if (buffer && buffer->pages) {
        void* const result = ::mmap(hint, size, protection, flags, buffer->pages->get(),
                                    static_cast<off_t>(buffer->offset));
        if (result == MAP_FAILED)
            return -errno;
        *address = result;
    } else if (const int result = real_.map(hint, size, protection, flags, fd, address);
               result < 0) {
        return result;
    }
    mappings_.map(*address, size, fd < 0 ? MappingTable::anonymous : identityOf(fd));
    return 0;
}

int FakeKernel::unmap(void* address, size_t size) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int result = real_.unmap(address, size);
    if (result == 0)
        mappings_.unmap(address, size);
    return result;
}

int FakeKernel::advise(void* address, size_t size, int advice) {
    return real_.advise(address, size, advice);
}

int FakeKernel::stat(const char* path, NodeInfo& info) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto node = nodes_.find(path); node != nodes_.end()) {
        info = node->second.info;
        return 0;
    }
    const std::string directory = std::string(path) + "/";
    for (const auto& [name, node] : nodes_) {
        if (startsWith(name, directory)) {
            info = {S_IFDIR | 0755, 0, 0};
            return 0;
        }
    }
    return startsWith(path, "/dev/") ? -ENOENT : real_.stat(path, info);
}

int FakeKernel::describe(int fd, FileInfo& info) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int result = real_.describe(fd, info);
    const FakeDmaBuf* const buffer = result < 0 ? nullptr : find(fd);
    // The inode of a DMA-BUF is an anonymous one, without a type.
    if (buffer)
        info = {0600, knowsSize ? buffer->size : 0};
    return result;
}

int64_t FakeKernel::seek(int fd, int64_t offset, int whence) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const FakeDmaBuf* const buffer = find(fd);
    if (!buffer)
        return real_.seek(fd, offset, whence);
    // dma_buf_llseek() knows the beginning and the end.
    if (offset != 0 || (whence != SEEK_SET && whence != SEEK_END))
        return -EINVAL;
    return whence == SEEK_END ? static_cast<int64_t>(buffer->size) : 0;
}

int FakeKernel::control(int fd, int command, long argument) {
    const bool ofMemfds = command == F_ADD_SEALS || command == F_GET_SEALS;
    return ofMemfds && isDmaBuf(fd) ? -EINVAL : real_.control(fd, command, argument);
}

int FakeKernel::listDirectory(const char* path, std::vector<std::string>& names) {
    const std::string_view directory = path;
    if (!startsWith(directory, "/dev"))
        return real_.listDirectory(path, names);
    const std::lock_guard<std::mutex> lock(mutex_);
    bool present = false;
    const std::string start = std::string(directory) + (directory.back() == '/' ? "" : "/");
    for (const auto& [name, node] : nodes_) {
        if (!startsWith(name, start))
            continue;
        present = true;
        if (name.find('/', start.size()) == std::string::npos)
            names.push_back(name.substr(start.size()));
    }
    return present ? 0 : -ENOENT;
}

} // namespace mediaheap::test
