/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program in the manner of ArtInChip's own: nothing but their interface, for a heap of 8 MiB,
 * whether the kernel's or an embedded one. It ends by destroying the heap. Says what is wrong and
 * returns 1 where something is.
 */
#define _GNU_SOURCE
#include <dma_allocator.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { frame = 1024 * 600 * 4, mebi = 1 << 20 };

static int wrong;

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            printf("line %d: not so: %s (%s)\n", __LINE__, #what, strerror(errno));                \
            wrong = 1;                                                                             \
        }                                                                                          \
    } while (0)

static void draw_and_look(int heap) {
    int display[2];
    int n;

    for (n = 0; n < 2; n++) {
        unsigned char* pixels;

        display[n] = dmabuf_alloc(heap, frame);
        CHECK(display[n] >= 0);
        pixels = dmabuf_mmap(display[n], frame);
        CHECK(pixels != NULL);
        if (!pixels)
            return;
        memset(pixels, 0x40 + n, frame);
        CHECK(dmabuf_sync(display[n], CACHE_CLEAN) == 0);
        CHECK(dmabuf_sync_range(display[n], pixels + 4096, 640, CACHE_INVALID) == 0);
        CHECK(dmabuf_sync_range(display[n], pixels + 100, 1, CACHE_FLUSH) == 0);
        CHECK(pixels[0] == 0x40 + n && pixels[frame - 1] == 0x40 + n);
        dmabuf_munmap(pixels, frame);
    }
    for (n = 0; n < 2; n++) {
        unsigned char* pixels = dmabuf_mmap(display[n], frame);

        CHECK(pixels && pixels[frame / 2] == 0x40 + n);
        dmabuf_munmap(pixels, frame);
    }
    dmabuf_free(display[0]);
    close(display[1]); /* which is as good */
}

int main(void) {
    int heap = dmabuf_device_open();
    int pieces[9];
    int n;

    CHECK(heap >= 0);
    if (heap < 0)
        return 1;
    draw_and_look(heap);

    for (n = 0; n < 9; n++)
        pieces[n] = dmabuf_alloc(heap, mebi);
    CHECK(pieces[7] >= 0);
    CHECK(pieces[8] == -1 && n == 9); /* 8 MiB are 8 pieces, with nothing left of the frames */
    dmabuf_device_destroy(heap);
    CHECK(errno == EBUSY);
    for (n = 0; n < 8; n++)
        dmabuf_free(pieces[n]);

    errno = 0;
    dmabuf_device_destroy(heap);
    CHECK(errno == 0);
    CHECK(dmabuf_alloc(heap, 1) == -1 && errno == ENODEV);
    dmabuf_device_close(heap);
    CHECK(dmabuf_alloc(heap, 1) == -1 && errno == EBADF);
    printf(wrong ? "wrong\n" : "as it should be\n");
    return wrong;
}
