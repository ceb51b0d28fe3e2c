// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The same program to a C++ compiler.
#include "tutorial.c"
