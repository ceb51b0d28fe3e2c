// SPDX-License-Identifier: LGPL-2.1-or-later
//
// vgem, a DRM device without hardware, imports buffers and attaches fences that user space signals
// (Linux, drivers/gpu/drm/vgem/vgem_fence.c). They signal themselves after ten seconds.
#include "device_work.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>

#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {

namespace {

// include/uapi/drm/drm.h and vgem_drm.h, which a machine that builds us need not have.
struct Version {
    int major, minor, patch;
    size_t nameLength;
    char* name;
    size_t dateLength;
    char* date;
    size_t descriptionLength;
    char* description;
};
struct PrimeHandle {
    uint32_t handle;
    uint32_t flags;
    int32_t fd;
};
struct GemClose {
    uint32_t handle;
    uint32_t pad;
};
struct FenceAttach {
    uint32_t handle;
    uint32_t flags;
    uint32_t fence;
    uint32_t pad;
};
struct FenceSignal {
    uint32_t fence;
    uint32_t flags;
};
constexpr unsigned long version = _IOWR('d', 0x00, Version);
constexpr unsigned long gemClose = _IOW('d', 0x09, GemClose);
constexpr unsigned long primeFdToHandle = _IOWR('d', 0x2e, PrimeHandle);
constexpr unsigned long fenceAttach = _IOWR('d', 0x41, FenceAttach);
constexpr unsigned long fenceSignal = _IOW('d', 0x42, FenceSignal);
constexpr uint32_t writes = 1;

std::string driverOf(int card) {
    std::array<char, 32> name{};
    Version asked{};
    asked.nameLength = name.size() - 1;
    asked.name = name.data();
    return ::ioctl(card, version, &asked) == 0 ? name.data() : "";
}

UniqueFd openVgem() {
    for (int number = 0; number < 8; ++number) {
        UniqueFd card(
            ::open(("/dev/dri/card" + std::to_string(number)).c_str(), O_RDWR | O_CLOEXEC));
        if (card.isValid() && driverOf(card.get()) == "vgem")
            return card;
    }
    return UniqueFd();
}

class VgemWork : public DeviceWork {
public:
    VgemWork(UniqueFd card, uint32_t handle, uint32_t fence)
        : card_(std::move(card)), handle_(handle), fence_(fence) {}
    ~VgemWork() override {
        finish();
        GemClose request{handle_, 0};
        ::ioctl(card_.get(), gemClose, &request);
    }
    void finish() override {
        if (fence_ == 0)
            return;
        FenceSignal request{fence_, 0};
        EXPECT_EQ(::ioctl(card_.get(), fenceSignal, &request), 0)
            << std::strerror(errno) << ": it has run into vgem's limit of ten seconds";
        fence_ = 0;
    }

private:
    UniqueFd card_;
    uint32_t handle_;
    uint32_t fence_;
};

} // namespace

std::unique_ptr<DeviceWork> beginWork(int buffer, Access access) {
    UniqueFd card = openVgem();
    PrimeHandle imported{0, 0, buffer};
    if (!card.isValid() || ::ioctl(card.get(), primeFdToHandle, &imported) != 0) {
        ADD_FAILURE() << "vgem does not import the buffer: " << std::strerror(errno);
        return nullptr;
    }
    FenceAttach attached{imported.handle, includes(access, Access::Write) ? writes : 0, 0, 0};
    if (::ioctl(card.get(), fenceAttach, &attached) != 0) {
        ADD_FAILURE() << "vgem attaches no fence: " << std::strerror(errno);
        return nullptr;
    }
    return std::make_unique<VgemWork>(std::move(card), imported.handle, attached.fence);
}

} // namespace mediaheap::test
