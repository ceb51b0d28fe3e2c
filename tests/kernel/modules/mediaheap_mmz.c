// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands for HiSilicon's MMZ: /dev/mmz_userdev with the ioctls by which programs take memory, map
 * it and flush caches, and /proc/media-mem, on memory of whatever machine this is. Written from the
 * interface alone, to test against; with the ioctls of 64-bit programs and of 32-bit ones.
 *
 * Parameters: mmz=name,gfp,start,size[:name,gfp,start,size...], as on a board, except that start is
 * 0: a module gets its memory where there is some. What it has done can be read where they are,
 * too.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mmz_abi.h"
#include "mmz_zones.h"

#define CACHE_LINE 64

static char* mmz = "anonymous,0,0,16M";
module_param(mmz, charp, 0444);

/* What tests read. */
static unsigned long flushes, flushed_bytes, flushes_of_all, leaks;
module_param(flushes, ulong, 0444);
module_param(flushed_bytes, ulong, 0444);
module_param(flushes_of_all, ulong, 0444);
module_param(leaks, ulong, 0444);

struct client {
    pid_t pid;
    struct list_head blocks;
    struct block* mapping; /* by this very call, of the thread below */
    struct task_struct* mapper;
};

static DEFINE_MUTEX(lock);
/* ---- What a client asks -------------------------------------------------------------------- */

static struct block* block_at(const struct client* client, unsigned long phys) {
    struct block* block;

    list_for_each_entry(block, &client->blocks, in_client) if (block->phys == phys) return block;
    return NULL;
}

/* The block that an address lies in, for the calls that take one inside. */
static struct block* block_around(const struct client* client, unsigned long phys) {
    struct block* block;

    list_for_each_entry(block, &client->blocks,
                        in_client) if (phys >= block->phys &&
                                       phys - block->phys < block->length) return block;
    return NULL;
}

static long allocate(struct client* client, struct mmb_info* info) {
    struct block* block;

    if (!info->size || info->size > LONG_MAX || (info->align & (info->align - 1)))
        return -ENOMEM; /* theirs says nothing else either */
    block = take(info);
    if (!block)
        return -ENOMEM;
    list_add_tail(&block->in_client, &client->blocks);
    info->phys_addr = block->phys;
    return 0;
}

static long describe(const struct client* client, struct mmb_info* info) {
    const struct block* block = block_at(client, info->phys_addr);

    if (!block)
        return -EPERM;
    info->size = block->size;
    info->align = block->align;
    info->mapped = block->mapped;
    info->gfp = block->zone->gfp;
    strscpy(info->mmb_name, block->name, MMB_NAME);
    strscpy(info->mmz_name, block->zone->name, MMZ_NAME);
    return 0;
}

static long release(const struct client* client, const struct mmb_info* info) {
    struct block* block = block_at(client, info->phys_addr);

    if (!block)
        return -EPERM;
    if (block->free_when_unmapped)
        return -EBUSY;
    if (block->map_count) {
        block->free_when_unmapped = true;
        return -EBUSY;
    }
    give_back(block);
    return 0;
}

static long map(struct file* file, struct client* client, struct mmb_info* info, bool cached) {
    struct block* block = block_at(client, info->phys_addr);

    if (!block)
        return -EPERM;
    if (block->map_count) {
        if (cached != block->cached)
            return -EINVAL;
    } else {
        const unsigned long prot = info->stuff & 0xff, flags = info->stuff >> 8 & 0xfff;
        unsigned long address;

        client->mapping = block;
        client->mapper = current;
        address =
            vm_mmap(file, 0, block->length, prot ? prot : PROT_READ, flags ? flags : MAP_SHARED, 0);
        client->mapping = NULL;
        client->mapper = NULL;
        if (IS_ERR_VALUE(address))
            return (long)address;
        block->mapped = address;
        block->cached = cached;
    }
    block->map_count++;
    info->mapped = block->mapped;
    return 0;
}

static long unmap(const struct client* client, struct mmb_info* info) {
    struct block* block = block_at(client, info->phys_addr);
    int result;

    if (!block)
        return -EPERM;
    if (!block->map_count) {
        info->mapped = 0;
        return -EIO;
    }
    if (--block->map_count)
        return 0;
    if (block->cached) {
        flushes++;
        flushed_bytes += block->length;
    }
    result = vm_munmap(block->mapped, block->length);
    block->mapped = 0;
    info->mapped = 0;
    if (block->free_when_unmapped)
        give_back(block);
    return result;
}

/* The address's own physical one; its lowest bit says that the mapping is cached. */
static long find_physical(const struct client* client, struct mmb_info* info) {
    const struct block* block;

    list_for_each_entry(block, &client->blocks, in_client) {
        if (!block->mapped || info->mapped < block->mapped ||
            info->mapped - block->mapped >= block->length)
            continue;
        info->phys_addr = (block->phys + (info->mapped - block->mapped)) | block->cached;
        return 0;
    }
    return -EINVAL;
}

/* The machines that this runs on have coherent caches: that the range is right is all there is. */
static long flush(const struct client* client, const struct dirty_area* range) {
    const struct block* block = block_around(client, range->phys);
    unsigned long offset, begin, end;

    if (!block)
        return -EFAULT;
    offset = range->phys - block->phys;
    if (!block->mapped || range->virt != block->mapped + offset ||
        range->size > block->length - offset)
        return -EFAULT;
    begin = round_down(range->phys, CACHE_LINE);
    end = round_up(range->phys + range->size, CACHE_LINE);
    flushes++;
    flushed_bytes += end - begin;
    return 0;
}

/* ---- The node ------------------------------------------------------------------------------ */

static long mmz_command(struct file* file, unsigned int number, struct mmb_info* info) {
    struct client* client = file->private_data;

    switch (number) {
    case MMB_ALLOC:
    case MMB_ALLOC_V2: /* whose order says what a block's place is to be: nothing here */
        return allocate(client, info);
    case MMB_ATTR:
        return describe(client, info);
    case MMB_FREE:
        return release(client, info);
    case MMB_REMAP:
        return map(file, client, info, false);
    case MMB_REMAP_CACHED:
        return map(file, client, info, true);
    case MMB_UNMAP:
        return unmap(client, info);
    case MMB_VIRT_GET_PHYS:
        return find_physical(client, info);
    }
    return -EINVAL;
}

static long flush_command(const struct client* client, unsigned int number, unsigned long phys) {
    const struct block* block;

    if (number != MMB_FLUSH_ALL)
        return -EINVAL;
    if (!phys) {
        flushes_of_all++;
        return 0;
    }
    block = block_at(client, phys);
    if (!block)
        return -EPERM;
    flushes++;
    flushed_bytes += block->length;
    return 0;
}

/* ATTR is an _IOR and reads its argument all the same, as theirs. */
static long mmz_ioctl_locked(struct file* file, unsigned int command, unsigned long argument,
                             const struct mmz_layout* layout) {
    void __user* user = (void __user*)argument;
    struct client* client = file->private_data;

    if (_IOC_TYPE(command) == 'c')
        return flush_command(client, _IOC_NR(command), argument);
    if (_IOC_TYPE(command) == 'm' && _IOC_SIZE(command) == layout->info_size) {
        struct mmb_info info;
        long result = layout->read_info(&info, user);

        if (result)
            return result;
        info.mmb_name[MMB_NAME - 1] = info.mmz_name[MMZ_NAME - 1] = '\0';
        result = mmz_command(file, _IOC_NR(command), &info);
        if (!result && (command & IOC_OUT))
            result = layout->write_info(&info, user);
        return result;
    }
    if (_IOC_TYPE(command) == 'd' && _IOC_SIZE(command) == layout->area_size &&
        _IOC_NR(command) == MMB_FLUSH_DIRTY) {
        struct dirty_area range;
        long result = layout->read_area(&range, user);

        return result ? result : flush(client, &range);
    }
    return -EINVAL;
}

static long mmz_ioctl(struct file* file, unsigned int command, unsigned long argument) {
    long result;

    mutex_lock(&lock);
    result = mmz_ioctl_locked(file, command, argument, &native_layout);
    mutex_unlock(&lock);
    return result;
}

#ifdef CONFIG_COMPAT
static long mmz_compat_ioctl(struct file* file, unsigned int command, unsigned long argument) {
    long result;

    argument = _IOC_TYPE(command) == 'c' ? argument : (unsigned long)compat_ptr(argument);
    mutex_lock(&lock);
    result = mmz_ioctl_locked(file, command, argument, &compat_layout);
    mutex_unlock(&lock);
    return result;
}
#endif

/* Only for REMAP: the node's own offsets lead nowhere. */
static int mmz_mmap(struct file* file, struct vm_area_struct* vma) {
    struct client* client = file->private_data;
    const struct block* block = client->mapper == current ? client->mapping : NULL;

    if (!block)
        return -EPERM;
#ifndef CONFIG_X86 /* which maps no memory uncached that it has cached elsewhere */
    if (!block->cached)
        vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
#endif
    vm_flags_set(vma, VM_DONTCOPY);
    return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(block->phys), vma->vm_end - vma->vm_start,
                           vma->vm_page_prot);
}

static int mmz_open(struct inode* inode, struct file* file) {
    struct client* client = kzalloc(sizeof(*client), GFP_KERNEL);

    if (!client)
        return -ENOMEM;
    client->pid = current->tgid;
    INIT_LIST_HEAD(&client->blocks);
    file->private_data = client;
    return 0;
}

static int mmz_release(struct inode* inode, struct file* file) {
    struct client* client = file->private_data;
    struct block *block, *next;

    mutex_lock(&lock);
    list_for_each_entry_safe(block, next, &client->blocks, in_client) {
        pr_warn("MMB LEAK(pid=%d): 0x%lX, %lu bytes, '%s'\n", client->pid, block->phys, block->size,
                block->name);
        leaks++;
        give_back(block);
    }
    mutex_unlock(&lock);
    kfree(client);
    return 0;
}

static const struct file_operations mmz_ops = {
    .owner = THIS_MODULE,
    .open = mmz_open,
    .release = mmz_release,
    .mmap = mmz_mmap,
    .unlocked_ioctl = mmz_ioctl,
#ifdef CONFIG_COMPAT
    .compat_ioctl = mmz_compat_ioctl,
#endif
};

static struct miscdevice mmz_node = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "mmz_userdev",
    .fops = &mmz_ops,
};

static int show_media_mem(struct seq_file* out, void* unused) {
    mutex_lock(&lock);
    show_zones(out);
    mutex_unlock(&lock);
    return 0;
}

/* ---- Loading ------------------------------------------------------------------------------- */

static int __init mmz_init(void) {
    char *text = kstrdup(mmz, GFP_KERNEL), *rest = text, *zone;
    int error = text ? 0 : -ENOMEM;

    while (!error && (zone = strsep(&rest, ":")))
        error = add_zone(zone);
    kfree(text);
    if (!error && !proc_create_single("media-mem", 0444, NULL, show_media_mem))
        error = -ENOMEM;
    if (!error) {
        error = misc_register(&mmz_node);
        if (error)
            remove_proc_entry("media-mem", NULL);
    }
    if (error)
        give_zones_back();
    return error;
}

static void __exit mmz_exit(void) {
    misc_deregister(&mmz_node);
    remove_proc_entry("media-mem", NULL);
    give_zones_back();
}

module_init(mmz_init);
module_exit(mmz_exit);
MODULE_DESCRIPTION("A stand-in for HiSilicon's MMZ");
MODULE_LICENSE("GPL");
