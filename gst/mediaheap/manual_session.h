// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <mediaheap/result.h>

namespace mediaheap::gst {

/// Opens a session on the part of the block that @p memory is, for the READ and WRITE bits of
/// @p flags.
///
/// Errors: EINVAL without either; EOPNOTSUPP memory of any other kind; EACCES a write to what is
/// read-only; those of Block::beginAccess().
Result<void> beginSession(GstMemory* memory, guint flags);

/// Closes one of the sessions on the block of @p memory.
///
/// Errors: EINVAL where none is open, however many maps are; EOPNOTSUPP memory of any other kind;
/// those of Block::endAccess().
Result<void> endSession(GstMemory* memory);

} // namespace mediaheap::gst
