// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>

namespace mediaheap {

/// What the kernel can do with the DMA-BUFs of one exporter beyond what every kernel can. Nothing
/// tells but trying; all buffers of a source share what one has found out.
///
/// Thread safety: any thread. Two that find out at once find the same.
struct DmabufAbilities {
    enum class Answer { Unknown, Yes, No };

    std::atomic<Answer> exportsFences{Answer::Unknown}; ///< DMA_BUF_IOCTL_EXPORT_SYNC_FILE
    std::atomic<Answer> importsFences{Answer::Unknown}; ///< DMA_BUF_IOCTL_IMPORT_SYNC_FILE
    std::atomic<Answer> syncsRanges{Answer::Unknown};   ///< DmabufRange::ioctl
};

} // namespace mediaheap
