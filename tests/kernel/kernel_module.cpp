// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel_module.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {

KernelModule::KernelModule(const std::string& name, const std::string& parameters) : name_(name) {
    const char* const directory = std::getenv("MEDIAHEAP_TEST_MODULES");
    const std::string path = std::string(directory ? directory : ".") + "/" + name + ".ko";
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.isValid() || ::syscall(SYS_finit_module, file.get(), parameters.c_str(), 0) != 0)
        throw std::runtime_error("cannot load " + path + ": " + std::strerror(errno) +
                                 "; MEDIAHEAP_TEST_MODULES says where the modules are");
}

KernelModule::~KernelModule() {
    EXPECT_EQ(::syscall(SYS_delete_module, name_.c_str(), O_NONBLOCK), 0)
        << "unload " << name_ << ": " << std::strerror(errno);
}

std::string KernelModule::parameter(const std::string& which) const {
    std::ifstream file("/sys/module/" + name_ + "/parameters/" + which);
    std::string text;
    if (!std::getline(file, text))
        throw std::runtime_error(name_ + " has no " + which);
    return text;
}

} // namespace mediaheap::test
