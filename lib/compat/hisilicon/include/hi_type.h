/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of HiSilicon's V4 interfaces that the MMZ calls of mediaheap-hisi need. */
#ifndef MEDIAHEAP_HISI_HI_TYPE_H
#define MEDIAHEAP_HISI_HI_TYPE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned char HI_UCHAR;
typedef unsigned char HI_U8;
typedef unsigned short HI_U16;
typedef unsigned int HI_U32;
typedef unsigned long long HI_U64;
typedef unsigned long HI_UL;

typedef char HI_CHAR;
typedef signed char HI_S8;
typedef short HI_S16;
typedef int HI_S32;
typedef long long HI_S64;
typedef long HI_SL;

typedef float HI_FLOAT;
typedef double HI_DOUBLE;

typedef unsigned long HI_SIZE_T;
typedef unsigned long HI_LENGTH_T;
typedef unsigned int HI_HANDLE;

typedef enum {
    HI_FALSE = 0,
    HI_TRUE = 1,
} HI_BOOL;

#define HI_VOID void
#define HI_NULL 0L
#define HI_SUCCESS 0
#define HI_FAILURE (-1)

#ifdef __cplusplus
}
#endif

#endif
