// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace mediaheap::test {

/// One of the modules that tests/kernel/modules/build has made, in the kernel from here on to the
/// end of this. Each test has it anew, since some of what is tested is for good.
///
/// The end fails the test where the module is still in use: something was left behind.
class KernelModule {
public:
    /// @p parameters as for insmod(8). Loading fails the test where it fails.
    explicit KernelModule(const std::string& name, const std::string& parameters = {});
    KernelModule(const KernelModule&) = delete;
    KernelModule& operator=(const KernelModule&) = delete;
    ~KernelModule();

    /// What the module says of itself under /sys/module.
    std::string parameter(const std::string& which) const;
    unsigned long number(const std::string& which) const { return std::stoul(parameter(which)); }

private:
    const std::string name_;
};

} // namespace mediaheap::test
