// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every call of ArtInChip's interface with every argument that is none: what it returns, and what
// errno says then.
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "aic_test.h"

namespace mediaheap::test {
namespace {

constexpr int size = 8192;

/// What the calls of a row are made with.
struct Scene {
    int heap;              ///< open
    int destroyed;         ///< opened before, and destroyed since
    int closed;            ///< a heap's, closed since; its number is free
    int buffer;            ///< of two pages
    int other;             ///< another
    int freed;             ///< a buffer's, freed since; its number is free
    int file;              ///< /dev/null: neither heap nor buffer
    int foreign;           ///< a DMA-BUF of another exporter, of two pages
    unsigned char* mapped; ///< all of @ref buffer
};

struct Row {
    const char* call;
    int result; ///< of calls that return nothing: 0
    int error;  ///< errno; 0: it went well
    std::function<int(Scene&)> make;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.call; }

int nothing(const std::function<void()>& call) {
    call();
    return 0;
}

/// 0 for an address, which is unmapped again, -1 for none.
int mapped(int fd, int bytes) {
    unsigned char* const address = dmabuf_mmap(fd, bytes);
    if (!address)
        return -1;
    dmabuf_munmap(address, bytes);
    return 0;
}

/// 0 for a buffer, which is freed again.
int allocated(int heap, int bytes) {
    const int fd = dmabuf_alloc(heap, bytes);
    if (fd >= 0)
        dmabuf_free(fd);
    return fd < 0 ? fd : 0;
}

const auto noFlag = static_cast<dma_buf_sync_flag>(3);

const Row rows[] = {
    // ---- dmabuf_device_close
    {"close -1", 0, EBADF, [](Scene&) { return nothing([] { dmabuf_device_close(-1); }); }},
    {"close twice", 0, EBADF,
     [](Scene& s) { return nothing([&] { dmabuf_device_close(s.closed); }); }},
    {"close a file", 0, EBADF,
     [](Scene& s) { return nothing([&] { dmabuf_device_close(s.file); }); }},
    {"close a buffer", 0, EBADF,
     [](Scene& s) { return nothing([&] { dmabuf_device_close(s.buffer); }); }},
    // ---- dmabuf_device_destroy
    {"destroy -1", 0, EBADF, [](Scene&) { return nothing([] { dmabuf_device_destroy(-1); }); }},
    {"destroy while there are buffers", 0, EBUSY,
     [](Scene& s) { return nothing([&] { dmabuf_device_destroy(s.heap); }); }},
    {"destroy twice", 0, 0,
     [](Scene& s) { return nothing([&] { dmabuf_device_destroy(s.destroyed); }); }},
    {"destroy after close", 0, EBADF,
     [](Scene& s) { return nothing([&] { dmabuf_device_destroy(s.closed); }); }},
    {"destroy a file", 0, EBADF,
     [](Scene& s) { return nothing([&] { dmabuf_device_destroy(s.file); }); }},
    // ---- dmabuf_alloc
    {"alloc of -1", -1, EBADF, [](Scene&) { return allocated(-1, size); }},
    {"alloc of a closed heap", -1, EBADF, [](Scene& s) { return allocated(s.closed, size); }},
    {"alloc of a file", -1, EBADF, [](Scene& s) { return allocated(s.file, size); }},
    {"alloc of a buffer", -1, EBADF, [](Scene& s) { return allocated(s.buffer, size); }},
    {"alloc after destroy", -1, ENODEV, [](Scene& s) { return allocated(s.destroyed, size); }},
    {"alloc 0 bytes", -1, EINVAL, [](Scene& s) { return allocated(s.heap, 0); }},
    {"alloc -1 bytes", -1, EINVAL, [](Scene& s) { return allocated(s.heap, -1); }},
    {"alloc 1 byte", 0, 0, [](Scene& s) { return allocated(s.heap, 1); }},
    {"alloc a misaligned size", 0, 0, [](Scene& s) { return allocated(s.heap, 4097); }},
    {"alloc more than there is", -1, ENOMEM, [](Scene& s) { return allocated(s.heap, INT32_MAX); }},
    // ---- dmabuf_free
    {"free -1", 0, EBADF, [](Scene&) { return nothing([] { dmabuf_free(-1); }); }},
    {"free", 0, 0, [](Scene& s) { return nothing([&] { dmabuf_free(s.other); }); }},
    {"free twice", 0, EBADF, [](Scene& s) { return nothing([&] { dmabuf_free(s.freed); }); }},
    {"free a foreign buffer", 0, 0,
     [](Scene& s) {
         return nothing([&] {
             dmabuf_free(s.foreign);
             s.foreign = -1;
         });
     }},
    // ---- dmabuf_mmap
    {"mmap -1", -1, EBADF, [](Scene&) { return mapped(-1, size); }},
    {"mmap after free", -1, EBADF, [](Scene& s) { return mapped(s.freed, size); }},
    {"mmap 0 bytes", -1, EINVAL, [](Scene& s) { return mapped(s.buffer, 0); }},
    {"mmap -1 bytes", -1, EINVAL, [](Scene& s) { return mapped(s.buffer, -1); }},
    {"mmap a misaligned size", 0, 0, [](Scene& s) { return mapped(s.buffer, 5000); }},
    {"mmap twice", 0, 0, [](Scene& s) { return mapped(s.buffer, size); }},
    {"mmap too much", -1, EINVAL, [](Scene& s) { return mapped(s.buffer, size + 1); }},
    {"mmap the heap", -1, EINVAL, [](Scene& s) { return mapped(s.heap, size); }},
    {"mmap a file", -1, EINVAL, [](Scene& s) { return mapped(s.file, size); }},
    {"mmap a foreign buffer", 0, 0, [](Scene& s) { return mapped(s.foreign, size); }},
    {"mmap too much of a foreign buffer", -1, EINVAL,
     [](Scene& s) { return mapped(s.foreign, size + 1); }},
    // ---- dmabuf_munmap
    {"munmap NULL", 0, EINVAL,
     [](Scene&) { return nothing([] { dmabuf_munmap(nullptr, size); }); }},
    {"munmap 0 bytes", 0, EINVAL,
     [](Scene& s) { return nothing([&] { dmabuf_munmap(s.mapped, 0); }); }},
    {"munmap inside the block", 0, EINVAL,
     [](Scene& s) { return nothing([&] { dmabuf_munmap(s.mapped + 100, 10); }); }},
    // ---- dmabuf_sync
    {"sync -1", -1, EBADF, [](Scene&) { return dmabuf_sync(-1, CACHE_CLEAN); }},
    {"sync after free", -1, EBADF, [](Scene& s) { return dmabuf_sync(s.freed, CACHE_CLEAN); }},
    {"sync for nothing", -1, EINVAL, [](Scene& s) { return dmabuf_sync(s.buffer, noFlag); }},
    {"sync the heap", -1, ENOTTY, [](Scene& s) { return dmabuf_sync(s.heap, CACHE_CLEAN); }},
    {"sync a file", -1, ENOTTY, [](Scene& s) { return dmabuf_sync(s.file, CACHE_CLEAN); }},
    {"sync twice", 0, 0,
     [](Scene& s) {
         return dmabuf_sync(s.buffer, CACHE_FLUSH) + dmabuf_sync(s.buffer, CACHE_FLUSH);
     }},
    {"sync a foreign buffer", 0, 0, [](Scene& s) { return dmabuf_sync(s.foreign, CACHE_INVALID); }},
    // ---- dmabuf_sync_range
    {"sync_range -1", -1, EBADF,
     [](Scene& s) { return dmabuf_sync_range(-1, s.mapped, 1, CACHE_CLEAN); }},
    {"sync_range NULL", -1, EINVAL,
     [](Scene& s) { return dmabuf_sync_range(s.buffer, nullptr, 1, CACHE_CLEAN); }},
    {"sync_range 0 bytes", -1, EINVAL,
     [](Scene& s) { return dmabuf_sync_range(s.buffer, s.mapped, 0, CACHE_CLEAN); }},
    {"sync_range -1 bytes", -1, EINVAL,
     [](Scene& s) { return dmabuf_sync_range(s.buffer, s.mapped, -1, CACHE_CLEAN); }},
    {"sync_range inside, misaligned", 0, 0,
     [](Scene& s) { return dmabuf_sync_range(s.buffer, s.mapped + 101, 333, CACHE_FLUSH); }},
    {"sync_range beyond the end", -1, EINVAL,
     [](Scene& s) { return dmabuf_sync_range(s.buffer, s.mapped + 1, size, CACHE_CLEAN); }},
    {"sync_range of another buffer's address", -1, EINVAL,
     [](Scene& s) { return dmabuf_sync_range(s.other, s.mapped, 1, CACHE_CLEAN); }},
    {"sync_range for nothing", -1, EINVAL,
     [](Scene& s) { return dmabuf_sync_range(s.buffer, s.mapped, 1, noFlag); }},
    {"sync_range of a foreign buffer", 0, 0,
     [](Scene& s) { return dmabuf_sync_range(s.foreign, s.mapped, 1, CACHE_FLUSH); }},
    {"sync_range of a file", -1, ENOTTY,
     [](Scene& s) { return dmabuf_sync_range(s.file, s.mapped, 1, CACHE_CLEAN); }},
};

class Table : public AicTest, public testing::WithParamInterface<Row> {};

std::string nameOf(const testing::TestParamInfo<Row>& row) {
    std::string name;
    for (const char* c = row.param.call; *c; ++c)
        name += (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ? *c : *c == '-' ? 'm' : '_';
    return name;
}

INSTANTIATE_TEST_SUITE_P(Calls, Table, testing::ValuesIn(rows), nameOf);

TEST_P(Table, AnswersAsIsWritten) {
    fake.addUdmabuf();
    fake.addDmaHeap("system");
    use("udmabuf,size=1M");
    Scene scene{};
    scene.destroyed = dmabuf_device_open();
    ASSERT_EQ(errorOf([&] { dmabuf_device_destroy(scene.destroyed); }), 0);
    scene.heap = dmabuf_device_open();
    scene.buffer = dmabuf_alloc(scene.heap, size);
    scene.other = dmabuf_alloc(scene.heap, size);
    ASSERT_GE(scene.other, 0);
    scene.mapped = dmabuf_mmap(scene.buffer, size);
    ASSERT_NE(scene.mapped, nullptr);
    scene.file = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    {
        const auto foreign = open("dma-heap:system,size=1M");
        scene.foreign = must(allocate(foreign, size).exportFd()).release();
    }
    scene.closed = dmabuf_device_open();
    scene.freed = dmabuf_alloc(scene.heap, size);
    ASSERT_GE(scene.freed, 0);
    dmabuf_device_close(scene.closed);
    dmabuf_free(scene.freed);

    errno = 0;
    const int result = GetParam().make(scene);
    const int error = errno;
    EXPECT_EQ(result, GetParam().result);
    EXPECT_EQ(error, GetParam().error) << log.text();
    EXPECT_EQ(::fcntl(scene.file, F_GETFD), FD_CLOEXEC) << "what is not ours stays open";
    scene.mapped[0] = 1;

    dmabuf_munmap(scene.mapped, size);
    ::close(scene.file);
    for (const int fd : {scene.buffer, scene.other, scene.foreign}) {
        if (::fcntl(fd, F_GETFD) >= 0)
            dmabuf_free(fd);
    }
    dmabuf_device_close(scene.heap);
    dmabuf_device_close(scene.destroyed);
}

} // namespace
} // namespace mediaheap::test
