// SPDX-License-Identifier: LGPL-2.1-or-later
// Preloaded into a cell, sees what really happens to heap memory there:
//  - the bytes that memcpy() and memmove() carry into and out of it, by the library that calls
//  them.
//    A consumer that takes a copy of a frame first shows here, whatever it says of itself. Code
//    that the compiler put in line, or an assembler's own, is not seen: it computes on a frame in
//    place;
//  - its descriptors where a driver or another process takes them: VIDIOC_QBUF, PRIME imports,
//    SCM_RIGHTS.
// matrix_witness_report() prints the sums and begins anew.
#include <dlfcn.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace {

struct Range {
    std::atomic<std::uintptr_t> begin{0}, end{0};
};
struct Caller {
    char library[96];
    unsigned long long into, outOf;
};

constexpr int mostRanges = 256, mostCallers = 64;
constexpr std::size_t least = 64; // what is shorter is no part of a picture
Range ranges[mostRanges];
std::atomic<int> used{0};
std::mutex callersMutex;
Caller callers[mostCallers];
thread_local bool inside = false;

bool inHeap(const void* pointer) {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    const int count = used.load(std::memory_order_acquire);
    for (int i = 0; i < count; ++i)
        if (address >= ranges[i].begin.load(std::memory_order_relaxed) &&
            address < ranges[i].end.load(std::memory_order_relaxed))
            return true;
    return false;
}

void count(const void* to, const void* from, std::size_t bytes, void* caller) {
    if (bytes < least || inside || used.load(std::memory_order_relaxed) == 0)
        return;
    const bool into = inHeap(to), outOf = inHeap(from);
    if (!into && !outOf)
        return;
    inside = true;
    Dl_info info{};
    const char* library = dladdr(caller, &info) != 0 && info.dli_fname ? info.dli_fname : "?";
    if (const char* slash = std::strrchr(library, '/'))
        library = slash + 1;
    {
        std::lock_guard<std::mutex> guard(callersMutex);
        for (Caller& each : callers) {
            if (each.library[0] == '\0')
                std::snprintf(each.library, sizeof each.library, "%s", library);
            if (std::strncmp(each.library, library, sizeof each.library - 1) != 0)
                continue;
            each.into += into ? bytes : 0;
            each.outOf += outOf ? bytes : 0;
            break;
        }
    }
    inside = false;
}

void* plain(void* to, const void* from, std::size_t bytes) {
    auto* target = static_cast<volatile unsigned char*>(to);
    const auto* source = static_cast<const volatile unsigned char*>(from);
    if (reinterpret_cast<std::uintptr_t>(to) <= reinterpret_cast<std::uintptr_t>(from))
        for (std::size_t i = 0; i < bytes; ++i)
            target[i] = source[i];
    else
        for (std::size_t i = bytes; i-- > 0;)
            target[i] = source[i];
    return to;
}

using Move = void* (*)(void*, const void*, std::size_t);
std::atomic<Move> realMove{nullptr};

void* move(void* to, const void* from, std::size_t bytes) {
    const Move real = realMove.load(std::memory_order_relaxed);
    return real != nullptr ? real(to, from, bytes) : plain(to, from, bytes);
}

// Memory of a heap is known by its descriptor's name: the heap gives it one, and a DMA-BUF is one.
bool isOfHeap(int fd) {
    char path[40], name[128];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(path, name, sizeof name - 1);
    if (length <= 0)
        return false;
    name[length] = '\0';
    return std::strncmp(name, "/memfd:mediaheap", 16) == 0 ||
           std::strstr(name, "dmabuf") != nullptr;
}

void* mapped(void* address, std::size_t length, int fd) {
    if (address == MAP_FAILED || fd < 0 || !isOfHeap(fd))
        return address;
    const int slot = used.load();
    if (slot < mostRanges) {
        ranges[slot].begin = reinterpret_cast<std::uintptr_t>(address);
        ranges[slot].end = reinterpret_cast<std::uintptr_t>(address) + length;
        used.store(slot + 1, std::memory_order_release);
    }
    return address;
}

__attribute__((constructor)) void begin() {
    inside = true;
    realMove = reinterpret_cast<Move>(dlsym(RTLD_NEXT, "memmove"));
    inside = false;
}

// The kernel's <drm/drm.h>, which not every system has.
struct PrimeHandle {
    std::uint32_t handle, flags;
    std::int32_t fd;
};
constexpr unsigned long importByDescriptor = _IOWR('d', 0x2e, PrimeHandle);

struct MapDumb {
    std::uint32_t handle, pad;
    std::uint64_t offset;
};
constexpr unsigned long mapOfDumbBuffer = _IOWR('d', 0xb3, MapDumb);

enum Taking { QueuedAsOutput, QueuedAsCapture, Imported, Sent, takings };
const char* const names[takings] = {"queued-output", "queued-capture", "imported", "sent"};
std::atomic<unsigned> taken[takings];
std::atomic<int> refusals[takings]; // the last errno

void note(Taking taking, bool done) {
    if (done)
        ++taken[taking];
    else
        refusals[taking] = errno;
}

void noteQueued(const v4l2_buffer& buffer, bool done) {
    if (buffer.memory != V4L2_MEMORY_DMABUF)
        return;
    const bool planes = V4L2_TYPE_IS_MULTIPLANAR(buffer.type);
    if (planes ? buffer.length == 0 || !isOfHeap(buffer.m.planes[0].m.fd) : !isOfHeap(buffer.m.fd))
        return;
    note(V4L2_TYPE_IS_OUTPUT(buffer.type) ? QueuedAsOutput : QueuedAsCapture, done);
}

int seen(int result, unsigned long request, void* argument) {
    const int error = errno;
    if (request == VIDIOC_QBUF)
        noteQueued(*static_cast<const v4l2_buffer*>(argument), result == 0);
    else if (request == importByDescriptor &&
             isOfHeap(static_cast<const PrimeHandle*>(argument)->fd))
        note(Imported, result == 0);
    else if (request == mapOfDumbBuffer && result != 0) // at once: who maps it all the same may die
        std::printf("unmappable %s\n", strerrorname_np(error));
    errno = error;
    return result;
}

} // namespace

extern "C" {

__attribute__((visibility("default"))) void* memcpy(void* to, const void* from, std::size_t bytes) {
    count(to, from, bytes, __builtin_return_address(0));
    return move(to, from, bytes);
}

__attribute__((visibility("default"))) void* memmove(void* to, const void* from,
                                                     std::size_t bytes) {
    count(to, from, bytes, __builtin_return_address(0));
    return move(to, from, bytes);
}

__attribute__((visibility("default"))) void* __memcpy_chk(void* to, const void* from,
                                                          std::size_t bytes, std::size_t) {
    count(to, from, bytes, __builtin_return_address(0));
    return move(to, from, bytes);
}

__attribute__((visibility("default"))) void* __memmove_chk(void* to, const void* from,
                                                           std::size_t bytes, std::size_t) {
    count(to, from, bytes, __builtin_return_address(0));
    return move(to, from, bytes);
}

// By its name in the library: in our own sources, with offsets of 64 bits, mmap is mmap64.
__attribute__((visibility("default"))) void* mmapOfLong(void* address, std::size_t length,
                                                        int protection, int flags, int fd,
                                                        long offset) __asm__("mmap");
void* mmapOfLong(void* address, std::size_t length, int protection, int flags, int fd,
                 long offset) {
    static const auto real = reinterpret_cast<decltype(&mmapOfLong)>(dlsym(RTLD_NEXT, "mmap"));
    return mapped(real(address, length, protection, flags, fd, offset), length, fd);
}

__attribute__((visibility("default"))) void*
mmap64(void* address, std::size_t length, int protection, int flags, int fd, off64_t offset) {
    static const auto real = reinterpret_cast<decltype(&mmap64)>(dlsym(RTLD_NEXT, "mmap64"));
    return mapped(real(address, length, protection, flags, fd, offset), length, fd);
}

__attribute__((visibility("default"))) int munmap(void* address, std::size_t length) {
    static const auto real = reinterpret_cast<decltype(&munmap)>(dlsym(RTLD_NEXT, "munmap"));
    const auto begin = reinterpret_cast<std::uintptr_t>(address);
    for (int i = 0; i < used.load(); ++i)
        if (ranges[i].begin.load() == begin)
            ranges[i].end = begin;
    return real(address, length);
}

__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...) {
    static const auto real =
        reinterpret_cast<int (*)(int, unsigned long, void*)>(dlsym(RTLD_NEXT, "ioctl"));
    va_list list;
    va_start(list, request);
    void* argument = va_arg(list, void*);
    va_end(list);
    return seen(real(fd, request, argument), request, argument);
}

// libv4l2's own, which makes the system call by itself.
__attribute__((visibility("default"))) int v4l2_ioctl(int fd, unsigned long request, ...) {
    static const auto real =
        reinterpret_cast<int (*)(int, unsigned long, void*)>(dlsym(RTLD_NEXT, "v4l2_ioctl"));
    va_list list;
    va_start(list, request);
    void* argument = va_arg(list, void*);
    va_end(list);
    if (real == nullptr)
        return ioctl(fd, request, argument);
    return seen(real(fd, request, argument), request, argument);
}

__attribute__((visibility("default"))) ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    static const auto real = reinterpret_cast<decltype(&sendmsg)>(dlsym(RTLD_NEXT, "sendmsg"));
    const ssize_t result = real(fd, message, flags);
    for (cmsghdr* each = CMSG_FIRSTHDR(message); each != nullptr;
         each = CMSG_NXTHDR(const_cast<msghdr*>(message), each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int passed = -1;
            move(&passed, CMSG_DATA(each) + i * sizeof(int), sizeof passed);
            const int error = errno;
            if (isOfHeap(passed))
                note(Sent, result >= 0);
            errno = error;
        }
    }
    return result;
}

__attribute__((visibility("default"))) void matrix_witness_report() {
    for (int i = 0; i < takings; ++i) {
        if (taken[i] > 0)
            std::printf("%s %u\n", names[i], taken[i].load());
        if (refusals[i] != 0)
            std::printf("refused-%s %s\n", names[i], strerrorname_np(refusals[i].load()));
        taken[i] = 0;
        refusals[i] = 0;
    }
    std::lock_guard<std::mutex> guard(callersMutex);
    for (Caller& each : callers) {
        if (each.library[0] != '\0')
            std::printf("copied %s %llu %llu\n", each.library, each.into, each.outOf);
        each = Caller{};
    }
}
}
