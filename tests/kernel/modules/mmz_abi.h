/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arguments of /dev/mmz_userdev's ioctls. They are made of longs and pointers, so that 32-bit
 * programs pass other ones (80 bytes and 12) than 64-bit programs (104 and 24); inside, everything
 * is as long as here.
 */
#ifndef MEDIAHEAP_MMZ_ABI_H
#define MEDIAHEAP_MMZ_ABI_H

#include <linux/build_bug.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uaccess.h>

#define MMB_NAME 16 /* bytes, with the NUL */
#define MMZ_NAME 32

enum { /* of 'm', except for the last two: of 'c' and of 'd' */
       MMB_ALLOC = 10,
       MMB_ATTR = 11,
       MMB_FREE = 12,
       MMB_ALLOC_V2 = 13,
       MMB_REMAP = 20,
       MMB_REMAP_CACHED = 21,
       MMB_UNMAP = 22,
       MMB_VIRT_GET_PHYS = 23,
       MMB_FLUSH_ALL = 40,
       MMB_FLUSH_DIRTY = 50,
};

#define MMZ_LAYOUT(word, info, area)                                                               \
    struct info {                                                                                  \
        word phys_addr;                                                                            \
        word align;                                                                                \
        word size;                                                                                 \
        u32 order;                                                                                 \
        word mapped;                                                                               \
        word stuff; /* prot:8, flags:12 */                                                         \
        char mmb_name[MMB_NAME];                                                                   \
        char mmz_name[MMZ_NAME];                                                                   \
        word gfp;                                                                                  \
    } __aligned(8);                                                                                \
    struct area {                                                                                  \
        word phys;                                                                                 \
        word virt;                                                                                 \
        word size;                                                                                 \
    }

MMZ_LAYOUT(unsigned long, mmb_info, dirty_area);
MMZ_LAYOUT(u32, mmb_info_32, dirty_area_32);
static_assert(sizeof(struct mmb_info) == (sizeof(long) == 8 ? 104 : 80));
static_assert(sizeof(struct mmb_info_32) == 80 && sizeof(struct dirty_area_32) == 12);

struct mmz_layout {
    size_t info_size, area_size;
    long (*read_info)(struct mmb_info* to, const void __user* from);
    long (*write_info)(const struct mmb_info* from, void __user* to);
    long (*read_area)(struct dirty_area* to, const void __user* from);
};

static long read_info(struct mmb_info* to, const void __user* from) {
    return copy_from_user(to, from, sizeof(*to)) ? -EFAULT : 0;
}

static long write_info(const struct mmb_info* from, void __user* to) {
    return copy_to_user(to, from, sizeof(*from)) ? -EFAULT : 0;
}

static long read_area(struct dirty_area* to, const void __user* from) {
    return copy_from_user(to, from, sizeof(*to)) ? -EFAULT : 0;
}

static const struct mmz_layout native_layout = {
    sizeof(struct mmb_info), sizeof(struct dirty_area), read_info, write_info, read_area,
};

#ifdef CONFIG_COMPAT

#define COPY_INFO(to, from)                                                                        \
    do {                                                                                           \
        (to)->phys_addr = (from)->phys_addr;                                                       \
        (to)->align = (from)->align;                                                               \
        (to)->size = (from)->size;                                                                 \
        (to)->order = (from)->order;                                                               \
        (to)->mapped = (from)->mapped;                                                             \
        (to)->stuff = (from)->stuff;                                                               \
        memcpy((to)->mmb_name, (from)->mmb_name, MMB_NAME);                                        \
        memcpy((to)->mmz_name, (from)->mmz_name, MMZ_NAME);                                        \
        (to)->gfp = (from)->gfp;                                                                   \
    } while (0)

static long read_info_32(struct mmb_info* to, const void __user* from) {
    struct mmb_info_32 info;

    if (copy_from_user(&info, from, sizeof(info)))
        return -EFAULT;
    COPY_INFO(to, &info);
    return 0;
}

static long write_info_32(const struct mmb_info* from, void __user* to) {
    struct mmb_info_32 info = {};

    COPY_INFO(&info, from);
    return copy_to_user(to, &info, sizeof(info)) ? -EFAULT : 0;
}

static long read_area_32(struct dirty_area* to, const void __user* from) {
    struct dirty_area_32 area;

    if (copy_from_user(&area, from, sizeof(area)))
        return -EFAULT;
    to->phys = area.phys;
    to->virt = area.virt;
    to->size = area.size;
    return 0;
}

static const struct mmz_layout compat_layout = {
    sizeof(struct mmb_info_32),
    sizeof(struct dirty_area_32),
    read_info_32,
    write_info_32,
    read_area_32,
};

#endif
#endif
