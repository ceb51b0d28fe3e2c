// SPDX-License-Identifier: LGPL-2.1-or-later
#include "../../kernel/exporter_facts.h"

#include <utility>

#include "../../kernel/device_work.h"
#include "fake_kernel.h"

namespace mediaheap::test {

namespace {

class FakeWork : public DeviceWork {
public:
    FakeWork(FakeKernel& kernel, std::shared_ptr<FakeFence> fence)
        : kernel_(kernel), fence_(std::move(fence)) {}
    ~FakeWork() override { finish(); }
    void finish() override { kernel_.finishWork(fence_); }

private:
    FakeKernel& kernel_;
    const std::shared_ptr<FakeFence> fence_;
};

} // namespace

std::unique_ptr<DeviceWork> beginWork(int buffer, Access access) {
    auto& kernel = static_cast<FakeKernel&>(exporterKernel());
    return std::make_unique<FakeWork>(kernel, kernel.beginWork(buffer, access));
}

Kernel& exporterKernel() {
    static FakeKernel kernel;
    [[maybe_unused]] static const bool furnished = [] {
        kernel.addUdmabuf();
        kernel.addDmaHeap("system");
        return true;
    }();
    return kernel;
}

} // namespace mediaheap::test
