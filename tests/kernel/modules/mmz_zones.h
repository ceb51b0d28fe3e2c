/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The zones of the MMZ and the blocks in them. Whoever calls holds the module's lock, or is alone.
 */
#ifndef MEDIAHEAP_MMZ_ZONES_H
#define MEDIAHEAP_MMZ_ZONES_H

#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "area.h"
#include "mmz_abi.h"

#define ZONES_MAX 8

struct zone_of_mmz {
    char name[MMZ_NAME];
    unsigned long gfp;
    struct area area;
    struct list_head blocks; /* by address */
};

struct block {
    struct list_head in_zone;
    struct list_head in_client;
    struct zone_of_mmz* zone;
    char name[MMB_NAME];
    unsigned long phys, size, length, align; /* size as asked for, length in whole pages */
    unsigned long mapped;                    /* the user's address, 0: none */
    unsigned int map_count;
    bool cached;
    bool free_when_unmapped;
};

static struct zone_of_mmz zones[ZONES_MAX];
static unsigned int zone_count;

/*
 * Best fit over the gaps, at the low end of the gap, the lowest address on a tie. Returns what the
 * block is to be entered behind, with its place in *phys.
 */
static struct list_head* find_place(struct zone_of_mmz* zone, unsigned long length,
                                    unsigned long align, unsigned long* phys) {
    struct list_head *before, *best = NULL;
    unsigned long best_room = ULONG_MAX;

    for (before = &zone->blocks;; before = before->next) {
        const struct list_head* after = before->next;
        unsigned long begin = zone->area.phys, end = begin + zone->area.size, room;

        if (before != &zone->blocks) {
            struct block* block = list_entry(before, struct block, in_zone);

            begin = block->phys + block->length;
        }
        if (after != &zone->blocks)
            end = list_entry(after, struct block, in_zone)->phys;
        begin = ALIGN(begin, align);
        room = begin < end ? end - begin : 0;
        if (room >= length && room < best_room) {
            best = before;
            best_room = room;
            *phys = begin;
        }
        if (after == &zone->blocks)
            return best;
    }
}

/* The zone configured last is searched first. */
static struct block* take(const struct mmb_info* info) {
    struct block* block = kzalloc(sizeof(*block), GFP_KERNEL);
    unsigned int i;

    if (!block)
        return NULL;
    block->size = info->size;
    block->length = PAGE_ALIGN(info->size);
    block->align = max_t(unsigned long, info->align, PAGE_SIZE);
    for (i = zone_count; i-- > 0;) {
        struct zone_of_mmz* zone = &zones[i];
        struct list_head* before;

        if ((info->gfp && zone->gfp != info->gfp) ||
            (info->mmz_name[0] && strcmp(zone->name, info->mmz_name)))
            continue;
        before = find_place(zone, block->length, block->align, &block->phys);
        if (!before)
            continue;
        block->zone = zone;
        strscpy(block->name, info->mmb_name[0] ? info->mmb_name : "<null>", MMB_NAME);
        list_add(&block->in_zone, before);
        return block;
    }
    kfree(block);
    return NULL;
}

static void give_back(struct block* block) {
    list_del(&block->in_zone);
    list_del(&block->in_client);
    kfree(block);
}

/* The text of /proc/media-mem. */
static void show_zones(struct seq_file* out) {
    unsigned long total = 0, used = 0;
    unsigned int i, blocks = 0;

    for (i = 0; i < zone_count; i++) {
        const struct zone_of_mmz* zone = &zones[i];
        const unsigned long begin = zone->area.phys, size = zone->area.size;
        const struct block* block;

        seq_printf(out, "+---ZONE: PHYS(0x%08lX, 0x%08lX), GFP=%lu, nBYTES=%luKB,    NAME=\"%s\"\n",
                   begin, begin + size - 1, zone->gfp, size / 1024, zone->name);
        list_for_each_entry(block, &zone->blocks, in_zone) {
            seq_printf(out,
                       "   |-MMB: phys(0x%08lX, 0x%08lX), kvirt=0x%08lX, "
                       "flags=0x%08lX, length=%luKB,    name=\"%s\"\n",
                       block->phys, block->phys + block->length - 1, 0UL, 0UL, block->length / 1024,
                       block->name);
            used += block->length;
            blocks++;
        }
        total += size;
    }
    total /= 1024;
    used /= 1024;
    if (i)
        seq_printf(out,
                   "\n---MMZ_USE_INFO:\n total size=%luKB(%luMB),used=%luKB(%luMB + %luKB),"
                   "remain=%luKB(%luMB + %luKB),zone_number=%u,block_number=%u\n",
                   total, total / 1024, used, used / 1024, used % 1024, total - used,
                   (total - used) / 1024, (total - used) % 1024, i, blocks);
}

static void give_zones_back(void) {
    while (zone_count > 0)
        area_give_back(&zones[--zone_count].area);
}

static int add_zone(char* text) {
    struct zone_of_mmz* zone = &zones[zone_count];
    const char *name = strsep(&text, ","), *gfp = strsep(&text, ",");
    const char *start = strsep(&text, ","), *size = strsep(&text, ",");
    unsigned long place;
    int error;

    if (zone_count == ZONES_MAX || !size || strscpy(zone->name, name, MMZ_NAME) <= 0 ||
        kstrtoul(gfp, 0, &zone->gfp) || kstrtoul(start, 0, &place) || place)
        return -EINVAL;
    INIT_LIST_HEAD(&zone->blocks);
    error = area_take(&zone->area, memparse(size, NULL));
    if (!error)
        zone_count++;
    return error;
}

#endif
