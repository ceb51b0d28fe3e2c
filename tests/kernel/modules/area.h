/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A physically contiguous piece of this machine's memory, found while the machine runs.
 *
 * On a board the memory is set aside before anything else can have it: by CMA for ArtInChip's heap,
 * by mem= on the command line for HiSilicon's. A distribution's kernel gives a module neither, so
 * this takes whichever range can still be emptied. It lies below 4 GiB, as on the 32-bit boards
 * that these modules stand for.
 */
#ifndef MEDIAHEAP_AREA_H
#define MEDIAHEAP_AREA_H

#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

struct area {
    void* kernel; /* where the kernel's linear mapping has it */
    phys_addr_t phys;
    size_t size; /* bytes, whole pages; 0: there is none */
};

static bool area_may_be_at(unsigned long first, unsigned long pages) {
    struct zone* zone = NULL;
    unsigned long pfn;

    for (pfn = first; pfn < first + pages; pfn++) {
        struct page* page = pfn_to_online_page(pfn);

        if (!page || PageReserved(page) || PageCompound(page))
            return false;
        if (zone && page_zone(page) != zone)
            return false;
        zone = page_zone(page);
    }
    return true;
}

static int area_take(struct area* area, size_t size) {
    const unsigned long step = MAX_ORDER_NR_PAGES;
    const unsigned long pages = PAGE_ALIGN(size) >> PAGE_SHIFT;
    const unsigned long last =
        min_t(unsigned long, pgdat_end_pfn(NODE_DATA(first_online_node)), 1UL << (32 - PAGE_SHIFT));
    unsigned long first;

    if (!pages || pages > last)
        return -EINVAL;
    for (first = ALIGN_DOWN(last - pages, step); first >= step; first -= step) {
        if (!area_may_be_at(first, pages) ||
            alloc_contig_range(first, first + pages, MIGRATE_MOVABLE, GFP_KERNEL | __GFP_NOWARN))
            continue;
        area->kernel = pfn_to_kaddr(first);
        area->phys = PFN_PHYS(first);
        area->size = pages << PAGE_SHIFT;
        return 0;
    }
    return -ENOMEM;
}

static void area_give_back(struct area* area) {
    if (area->size)
        free_contig_range(PHYS_PFN(area->phys), area->size >> PAGE_SHIFT);
    area->size = 0;
}

#endif
