// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_dmabuf.h"

#include <cerrno>
#include <cstring>
#include <linux/dma-buf.h>

namespace mediaheap::test {

int FakeDmaBuf::objectionToSync(uint64_t flags) const {
    if ((flags & ~static_cast<uint64_t>(DMA_BUF_SYNC_VALID_FLAGS_MASK)) != 0 ||
        (flags & DMA_BUF_SYNC_RW) == 0)
        return -EINVAL;
    const bool end = (flags & DMA_BUF_SYNC_END) != 0;
    return end && endNeedsStart && !started ? -EINVAL : 0;
}

int FakeDmaBuf::setName(const char* newName) {
    // strndup_user() in dma_buf_set_name() wants the NUL within DMA_BUF_NAME_LEN.
    if (::strnlen(newName, DMA_BUF_NAME_LEN) == DMA_BUF_NAME_LEN)
        return -EINVAL;
    name = newName;
    return 0;
}

std::string FakeDmaBuf::fdinfo(uint64_t inode, long count) const {
    std::string text = "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t" + std::to_string(inode) +
                       "\nsize:\t" + std::to_string(size) + "\ncount:\t" + std::to_string(count) +
                       "\nexp_name:\t" + exporter + "\n";
    if (!name.empty())
        text += "name:\t" + name + "\n";
    return text;
}

} // namespace mediaheap::test
