// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands for ArtInChip's MPP heap: the device node, the DMA-BUFs and the ioctls that programs see,
 * on memory of whatever machine this is. Written from the interface alone, to test against.
 *
 * It keeps to theirs: one contiguous area taken at the start, the kernel's own gen_pool with best
 * fit and a grain of one page over it, memory that nobody clears, DESTROY for good. It differs
 * where theirs fails: DESTROY while buffers live is refused with EBUSY, an allocation after it with
 * ENODEV.
 *
 * Parameters: size (bytes), node (below /dev), plain=1 for a heap without ArtInChip's additions, as
 * one of the mainline kernel. What it has done can be read where its parameters are, too.
 */
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/dma-mapping.h>
#include <linux/genalloc.h>
#include <linux/iosys-map.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <uapi/linux/dma-buf.h>
#include <uapi/linux/dma-heap.h>

#include "area.h"

struct dma_buf_range {
    __u64 start; /* an address of the caller's */
    __u64 size;
    __u64 flags;
};
#define RANGE_WRITE_BACK 1
#define RANGE_INVALIDATE 2

#define DMA_HEAP_IOCTL_DESTROY _IOW(DMA_HEAP_IOC_MAGIC, 1, unsigned int)
#define DMA_BUF_IOCTL_SYNC_RANGE _IOW(DMA_BUF_BASE, 2, struct dma_buf_range)
#define DMA_BUF_IOCTL_GET_PHY_ADDR _IOR(DMA_BUF_BASE, 3, unsigned int)

static unsigned long size = SZ_8M;
module_param(size, ulong, 0444);
static char* node = "dma_heap/mpp";
module_param(node, charp, 0444);
static bool plain;
module_param(plain, bool, 0444);

/* What tests read. */
static unsigned int buffers, attachments;
static unsigned long cpu_syncs, range_syncs, range_bytes;
module_param(buffers, uint, 0444);
module_param(attachments, uint, 0444);
module_param(cpu_syncs, ulong, 0444);
module_param(range_syncs, ulong, 0444);
module_param(range_bytes, ulong, 0444);

static DEFINE_MUTEX(lock); /* of all that follows and of the counts above */
static struct area area;
static struct gen_pool* pool; /* NULL once destroyed */

struct buffer {
    struct mutex lock;
    struct list_head attached;
    unsigned long kernel;
    size_t size;
};

struct attachment {
    struct list_head entry;
    struct device* device;
    struct sg_table table;
    bool mapped;
};

static phys_addr_t phys_of(const struct buffer* buffer) {
    return area.phys + (buffer->kernel - (unsigned long)area.kernel);
}

/* ---- The DMA-BUF --------------------------------------------------------------------------- */

static int mpp_attach(struct dma_buf* dmabuf, struct dma_buf_attachment* attachment) {
    struct buffer* buffer = dmabuf->priv;
    struct attachment* a = kzalloc(sizeof(*a), GFP_KERNEL);

    if (!a)
        return -ENOMEM;
    if (sg_alloc_table(&a->table, 1, GFP_KERNEL)) {
        kfree(a);
        return -ENOMEM;
    }
    sg_set_page(a->table.sgl, pfn_to_page(PHYS_PFN(phys_of(buffer))), buffer->size, 0);
    a->device = attachment->dev;
    attachment->priv = a;
    mutex_lock(&buffer->lock);
    list_add(&a->entry, &buffer->attached);
    mutex_unlock(&buffer->lock);
    mutex_lock(&lock);
    attachments++;
    mutex_unlock(&lock);
    return 0;
}

static void mpp_detach(struct dma_buf* dmabuf, struct dma_buf_attachment* attachment) {
    struct buffer* buffer = dmabuf->priv;
    struct attachment* a = attachment->priv;

    mutex_lock(&buffer->lock);
    list_del(&a->entry);
    mutex_unlock(&buffer->lock);
    sg_free_table(&a->table);
    kfree(a);
    mutex_lock(&lock);
    attachments--;
    mutex_unlock(&lock);
}

static struct sg_table* mpp_map(struct dma_buf_attachment* attachment,
                                enum dma_data_direction direction) {
    struct attachment* a = attachment->priv;
    int error = dma_map_sgtable(attachment->dev, &a->table, direction, 0);

    if (error)
        return ERR_PTR(error);
    a->mapped = true;
    return &a->table;
}

static void mpp_unmap(struct dma_buf_attachment* attachment, struct sg_table* table,
                      enum dma_data_direction direction) {
    struct attachment* a = attachment->priv;

    a->mapped = false;
    dma_unmap_sgtable(attachment->dev, table, direction, 0);
}

static int sync_attached(struct dma_buf* dmabuf, enum dma_data_direction direction, bool for_cpu) {
    struct buffer* buffer = dmabuf->priv;
    struct attachment* a;

    mutex_lock(&buffer->lock);
    list_for_each_entry(a, &buffer->attached, entry) {
        if (!a->mapped)
            continue;
        if (for_cpu)
            dma_sync_sgtable_for_cpu(a->device, &a->table, direction);
        else
            dma_sync_sgtable_for_device(a->device, &a->table, direction);
    }
    mutex_unlock(&buffer->lock);
    mutex_lock(&lock);
    cpu_syncs++;
    mutex_unlock(&lock);
    return 0;
}

static int mpp_begin_cpu_access(struct dma_buf* dmabuf, enum dma_data_direction direction) {
    return sync_attached(dmabuf, direction, true);
}

static int mpp_end_cpu_access(struct dma_buf* dmabuf, enum dma_data_direction direction) {
    return sync_attached(dmabuf, direction, false);
}

static int mpp_mmap(struct dma_buf* dmabuf, struct vm_area_struct* vma) {
    struct buffer* buffer = dmabuf->priv;

    if ((vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) == 0)
        return -EINVAL;
    return remap_pfn_range(vma, vma->vm_start, PHYS_PFN(phys_of(buffer)) + vma->vm_pgoff,
                           vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static int mpp_vmap(struct dma_buf* dmabuf, struct iosys_map* map) {
    struct buffer* buffer = dmabuf->priv;

    iosys_map_set_vaddr(map, (void*)buffer->kernel);
    return 0;
}

static void mpp_release(struct dma_buf* dmabuf) {
    struct buffer* buffer = dmabuf->priv;

    mutex_lock(&lock);
    gen_pool_free(pool, buffer->kernel, buffer->size);
    buffers--;
    mutex_unlock(&lock);
    kfree(buffer);
}

static const struct dma_buf_ops mpp_ops = {
    .attach = mpp_attach,
    .detach = mpp_detach,
    .map_dma_buf = mpp_map,
    .unmap_dma_buf = mpp_unmap,
    .begin_cpu_access = mpp_begin_cpu_access,
    .end_cpu_access = mpp_end_cpu_access,
    .mmap = mpp_mmap,
    .vmap = mpp_vmap,
    .release = mpp_release,
};

/* ---- ArtInChip's ioctls of a DMA-BUF ------------------------------------------------------- */

/*
 * Theirs goes to the cache by the caller's addresses and believes them; this looks whether they are
 * those of a mapping of this buffer, so that a test sees a wrong one. The caches of the machines
 * that this runs on are coherent, so that there is nothing else to do.
 */
static long sync_range(struct file* file, void __user* argument) {
    struct dma_buf_range range;
    struct vm_area_struct* vma;
    bool inside;

    if (copy_from_user(&range, argument, sizeof(range)))
        return -EFAULT;
    mmap_read_lock(current->mm);
    vma = find_vma(current->mm, range.start);
    inside = vma && vma->vm_file == file && range.start >= vma->vm_start &&
             range.size <= vma->vm_end - range.start;
    mmap_read_unlock(current->mm);
    if (!inside)
        return -EFAULT;
    mutex_lock(&lock);
    range_syncs++;
    range_bytes += range.size;
    mutex_unlock(&lock);
    return 0;
}

static long mpp_buffer_ioctl(struct file* file, unsigned int command, unsigned long argument) {
    struct dma_buf* dmabuf = file->private_data;

    if (command == DMA_BUF_IOCTL_SYNC_RANGE)
        return sync_range(file, (void __user*)argument);
    return put_user((u32)phys_of(dmabuf->priv), (u32 __user*)argument);
}

/*
 * ArtInChip has changed the kernel's drivers/dma-buf/dma-buf.c, which alone answers the ioctls of a
 * DMA-BUF. A module reaches as far by a probe on that function, which sends these two calls on our
 * own buffers elsewhere and lets all others pass.
 */
static int mpp_before_ioctl(struct kprobe* probe, struct pt_regs* regs) {
    struct file* file = (struct file*)regs_get_kernel_argument(regs, 0);
    unsigned int command = regs_get_kernel_argument(regs, 1);
    struct dma_buf* dmabuf = file->private_data;

    if ((command != DMA_BUF_IOCTL_SYNC_RANGE && command != DMA_BUF_IOCTL_GET_PHY_ADDR) ||
        dmabuf->ops != &mpp_ops)
        return 0;
    instruction_pointer_set(regs, (unsigned long)mpp_buffer_ioctl);
    return 1;
}

/* With one of these the probe is neither optimised nor kept from changing where the call goes. */
static void mpp_after_ioctl(struct kprobe* probe, struct pt_regs* regs, unsigned long flags) {}

static struct kprobe ioctl_probe = {
    .symbol_name = "dma_buf_ioctl",
    .pre_handler = mpp_before_ioctl,
    .post_handler = mpp_after_ioctl,
};

/* ---- The node ------------------------------------------------------------------------------ */

static void free_buffer(struct buffer* buffer) {
    gen_pool_free(pool, buffer->kernel, buffer->size);
    kfree(buffer);
}

/* A buffer with memory of the pool; called with the lock. */
static struct buffer* make_buffer(size_t bytes) {
    struct buffer* buffer;

    if (!pool)
        return ERR_PTR(-ENODEV);
    buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
    if (!buffer)
        return ERR_PTR(-ENOMEM);
    mutex_init(&buffer->lock);
    INIT_LIST_HEAD(&buffer->attached);
    buffer->size = bytes;
    buffer->kernel = gen_pool_alloc(pool, bytes);
    if (!buffer->kernel) {
        kfree(buffer);
        return ERR_PTR(-ENOMEM);
    }
    return buffer;
}

static int export_buffer(size_t bytes, unsigned int flags) {
    DEFINE_DMA_BUF_EXPORT_INFO(info);
    struct buffer* buffer;
    struct dma_buf* dmabuf;
    int fd;

    mutex_lock(&lock);
    buffer = make_buffer(bytes);
    if (IS_ERR(buffer)) {
        mutex_unlock(&lock);
        return PTR_ERR(buffer);
    }
    info.exp_name = "mpp";
    info.ops = &mpp_ops;
    info.size = bytes;
    info.flags = flags;
    info.priv = buffer;
    dmabuf = dma_buf_export(&info);
    if (IS_ERR(dmabuf)) {
        free_buffer(buffer);
        mutex_unlock(&lock);
        return PTR_ERR(dmabuf);
    }
    buffers++;
    mutex_unlock(&lock);
    fd = dma_buf_fd(dmabuf, flags);
    if (fd < 0)
        dma_buf_put(dmabuf); /* which releases the buffer */
    return fd;
}

static long allocate(struct dma_heap_allocation_data __user* argument) {
    struct dma_heap_allocation_data data;
    int fd;

    if (copy_from_user(&data, argument, sizeof(data)))
        return -EFAULT;
    if (data.fd || data.fd_flags & ~DMA_HEAP_VALID_FD_FLAGS ||
        data.heap_flags & ~DMA_HEAP_VALID_HEAP_FLAGS || !data.len)
        return -EINVAL;
    if (data.len > SIZE_MAX - PAGE_SIZE)
        return -ENOMEM;
    fd = export_buffer(PAGE_ALIGN(data.len), data.fd_flags);
    if (fd < 0)
        return fd;
    data.fd = fd;
    return copy_to_user(argument, &data, sizeof(data)) ? -EFAULT : 0;
}

static void give_everything_back(void) {
    gen_pool_destroy(pool);
    pool = NULL;
    area_give_back(&area);
}

static long destroy(void) {
    long result = 0;

    mutex_lock(&lock);
    if (!pool)
        result = -ENODEV;
    else if (buffers)
        result = -EBUSY;
    else
        give_everything_back();
    mutex_unlock(&lock);
    return result;
}

static long mpp_ioctl(struct file* file, unsigned int command, unsigned long argument) {
    if (command == DMA_HEAP_IOCTL_ALLOC)
        return allocate((void __user*)argument);
    if (command == DMA_HEAP_IOCTL_DESTROY && !plain)
        return destroy();
    return -EINVAL; /* as the mainline kernel's dma-heaps say it */
}

static const struct file_operations mpp_node_ops = {
    .owner = THIS_MODULE,
    .unlocked_ioctl = mpp_ioctl,
    .compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice mpp_node = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "mediaheap_mpp",
    .fops = &mpp_node_ops,
};

static int __init mpp_init(void) {
    int error;

    if (size == 0 || size % PAGE_SIZE)
        return -EINVAL;
    error = area_take(&area, size);
    if (error)
        return error;
    pool = gen_pool_create(PAGE_SHIFT, NUMA_NO_NODE);
    if (!pool) {
        area_give_back(&area);
        return -ENOMEM;
    }
    gen_pool_set_algo(pool, gen_pool_best_fit, NULL);
    error = gen_pool_add_virt(pool, (unsigned long)area.kernel, area.phys, area.size, NUMA_NO_NODE);
    if (!error && !plain)
        error = register_kprobe(&ioctl_probe);
    if (!error) {
        mpp_node.nodename = node;
        error = misc_register(&mpp_node);
        if (error && !plain)
            unregister_kprobe(&ioctl_probe);
    }
    if (error)
        give_everything_back();
    return error;
}

static void __exit mpp_exit(void) {
    misc_deregister(&mpp_node);
    if (!plain)
        unregister_kprobe(&ioctl_probe);
    if (pool)
        give_everything_back();
}

module_init(mpp_init);
module_exit(mpp_exit);
MODULE_DESCRIPTION("A stand-in for ArtInChip's MPP heap");
MODULE_LICENSE("GPL");
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("DMA_BUF");
#else
MODULE_IMPORT_NS(DMA_BUF);
#endif
