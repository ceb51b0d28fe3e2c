// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace mediaheap {

/// The process's handler of SIGSEGV while there are guarded mappings: reports accesses to those
/// that are not open, and passes everything else on to the handler that was there before.
///
/// A handler that the program installs later takes the place of this one. As long as it passes on
/// what is not its own to the handler that sigaction(2) gave it, both get their faults.
class StrayAccessHandler {
public:
    /// Once per process, at the first call; it stays for good, since nobody can tell whether a
    /// later handler knows of it. Thread safety: any thread.
    static void install();
};

} // namespace mediaheap
