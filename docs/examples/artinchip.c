/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program as it is written for ArtInChip's boards: two buffers for a display of 1024x600, drawn
 * by the CPU and handed to hardware.
 */
#include <dma_allocator.h>

#include <stdio.h>
#include <string.h>

enum { WIDTH = 1024, HEIGHT = 600, FRAME = WIDTH * HEIGHT * 4 };

static int draw(int heap, int colour) {
    int frame = dmabuf_alloc(heap, FRAME);
    unsigned char* pixels = frame < 0 ? NULL : dmabuf_mmap(frame, FRAME);
    if (!pixels)
        return -1;
    memset(pixels, colour, FRAME);
    dmabuf_sync(frame, CACHE_CLEAN); /* or the display shows what was there before */
    dmabuf_munmap(pixels, FRAME);
    return frame;
}

int main(void) {
    int heap = dmabuf_device_open();
    int front = draw(heap, 0x20);
    int back = draw(heap, 0xe0);

    if (front < 0 || back < 0)
        return 1;
    printf("drawn: descriptors %d and %d, %d bytes each\n", front, back, FRAME);
    dmabuf_free(front);
    dmabuf_free(back);
    dmabuf_device_close(heap);
    return 0;
}
