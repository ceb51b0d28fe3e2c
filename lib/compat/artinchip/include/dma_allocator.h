/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ArtInChip's interface to their MPP heap, as their libraries have it, on a media heap: the node of
 * that kernel where there is one, an embedded heap anywhere else. Code that was written for it is
 * compiled against this header and linked with libmediaheap-aic (pkg-config mediaheap-aic), and
 * changed in nothing.
 *
 * The heap is `auto`: MEDIAHEAP_DEFAULT chooses it, else the first that works here, of which the
 * node is the first. What goes wrong is said on stderr, and is in errno.
 *
 * Thread safety: all functions from any thread. Since: 0.1
 */
#ifndef MEDIAHEAP_DMA_ALLOCATOR_H
#define MEDIAHEAP_DMA_ALLOCATOR_H

#ifdef __cplusplus
extern "C" {
#endif

enum dma_buf_sync_flag {
    CACHE_CLEAN = 0,   /**< what the CPU has written goes out to memory */
    CACHE_INVALID = 1, /**< what the CPU has cached is dropped, so that it reads memory anew */
    CACHE_FLUSH = 2,   /**< the first, then the second */
};

/**
 * Opens the heap. Returns a descriptor for the calls below, of no use for any other, or -1.
 *
 * Errors: those of the heap string; ENODEV where the node's heap was destroyed; EOPNOTSUPP a heap
 * without descriptors, or one with sanitize=1, since nothing here says when the CPU may touch
 * memory.
 */
int dmabuf_device_open(void);

/** Closes it; nothing where it is negative. Buffers stay. Errors: EBADF. */
void dmabuf_device_close(int dma_fd);

/**
 * Gives the memory of the heap back to the system. It gives out nothing more then: that of the node
 * until the machine reboots, an embedded one until it is opened anew.
 *
 * Errors: EBADF; EBUSY while there are buffers, with their number on stderr.
 */
void dmabuf_device_destroy(int dma_fd);

/**
 * A buffer of @p size bytes, rounded up to whole pages. Returns a descriptor, which is a DMA-BUF's
 * where the heap has such, or -1. The buffer is given back when the descriptor is closed and all
 * who have imported it have let go, whether by dmabuf_free() or by close(2): then it is noticed
 * with the next call.
 *
 * Errors: EBADF; EINVAL @p size is not positive; ENOMEM; ENODEV the heap was destroyed; EMFILE.
 */
int dmabuf_alloc(int dma_fd, int size);

/** Closes a buffer's descriptor; nothing where it is negative. Its mappings stay. Errors: EBADF. */
void dmabuf_free(int buf_fd);

/**
 * Maps the first @p size bytes of a buffer, of this heap or of anybody. Returns the address, or
 * NULL.
 *
 * Errors: EBADF; EINVAL @p size is not positive, or more than the buffer has.
 */
unsigned char* dmabuf_mmap(int buf_fd, int size);

/** Undoes it. @p addr and @p size as there; anything else is refused. Errors: EINVAL. */
void dmabuf_munmap(unsigned char* addr, int size);

/**
 * Maintains the caches over a whole buffer. Returns 0, or -1.
 *
 * Errors: EBADF; EINVAL no such flag; ENOTTY the descriptor is no DMA-BUF; what the exporter
 * answers.
 */
int dmabuf_sync(int buf_fd, enum dma_buf_sync_flag flag);

/**
 * The same over the cache lines around @p size bytes from @p start_addr on, which is an address in
 * a mapping of the buffer. A heap that knows no parts maintains the whole buffer.
 *
 * ArtInChip's own does nothing for CACHE_FLUSH, says so and returns -1; this does what it says.
 *
 * Errors: EBADF; EINVAL no such flag, not positive, or not in a mapping of this buffer; ENOTTY.
 */
int dmabuf_sync_range(int buf_fd, unsigned char* start_addr, int size, enum dma_buf_sync_flag flag);

#ifdef __cplusplus
}
#endif

#endif
