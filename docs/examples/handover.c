/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame for another process that may read it and cannot write to it: its descriptor goes over a
 * Unix socket (SCM_RIGHTS), and there it becomes memory of a heap of that process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/mediaheap/mediaheap.h>

enum { frame_size = 640 * 360 * 3 / 2 };

/* Sends descriptor fd, or receives one where fd is -1. */
static int pass_fd(int socket, int fd) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    char byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr message;
    struct cmsghdr* header;

    memset(&control, 0, sizeof control);
    memset(&message, 0, sizeof message);
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    header = CMSG_FIRSTHDR(&message);
    if (fd >= 0) {
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
        return sendmsg(socket, &message, 0) == 1 ? fd : -1;
    }
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || !(header = CMSG_FIRSTHDR(&message)))
        return -1;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* Whether anything that a process can try with a descriptor lets it write. */
static gboolean can_write(int fd) {
    char path[64];
    int again;
    void* address;
    gboolean written = pwrite(fd, "x", 1, 0) == 1;

    address = mmap(NULL, frame_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    written = written || address != MAP_FAILED;
    /* The kernel opens the file anew for whoever may write to it; the seal still holds. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    again = open(path, O_RDWR | O_CLOEXEC);
    if (again >= 0) {
        written = written || pwrite(again, "x", 1, 0) == 1;
        address = mmap(NULL, frame_size, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0);
        written = written || address != MAP_FAILED;
        close(again);
    }
    return written;
}

/* The other process. */
static int read_frame(int socket) {
    GstMediaHeap* heap;
    GstMemory* memory;
    GstMapInfo map;
    GError* error = NULL;
    int fd = pass_fd(socket, -1);
    gboolean good;

    gst_init(NULL, NULL);
    heap = gst_media_heap_open("memfd,size=1M,zone=reader", NULL);
    good = fd >= 0 && heap && !can_write(fd);
    memory = good ? gst_media_heap_wrap_fd(heap, fd, frame_size, &error) : NULL;
    good = memory && GST_MEMORY_IS_READONLY(memory) && gst_memory_map(memory, &map, GST_MAP_READ);
    if (good) {
        good = map.data[0] == 0x80 && map.data[frame_size - 1] == 0x80;
        printf("the reader sees %#x, and cannot write\n", map.data[0]);
        fflush(stdout);
        gst_memory_unmap(memory, &map);
    }
    if (memory)
        gst_memory_unref(memory);
    g_clear_error(&error);
    g_clear_object(&heap);
    return good ? 0 : 1;
}

/* A frame in a heap of memfd: of a DMA-BUF no kernel makes a descriptor that cannot write. */
static gboolean send_frame(int socket) {
    GstMediaHeap* heap;
    GstAllocator* allocator;
    GstMemory* memory;
    GstMapInfo map;
    GError* error = NULL;
    int fd = -1;

    gst_init(NULL, NULL);
    heap = gst_media_heap_open("memfd,size=1M,zone=writer", &error);
    if (heap) {
        allocator = gst_media_heap_get_allocator(heap);
        memory = gst_allocator_alloc(allocator, frame_size, NULL);
        if (memory && gst_memory_map(memory, &map, GST_MAP_WRITE)) {
            memset(map.data, 0x80, map.size);
            gst_memory_unmap(memory, &map);
            fd = gst_media_heap_memory_export_read_only_fd(memory, &error);
        }
        if (fd >= 0) {
            pass_fd(socket, fd);
            close(fd);
        }
        if (memory)
            gst_memory_unref(memory); /* what the reader has stays as it is */
        gst_object_unref(allocator);
        gst_object_unref(heap);
    }
    if (error)
        fprintf(stderr, "%s\n", error->message);
    g_clear_error(&error);
    return fd >= 0;
}

int main(void) {
    int ends[2], status = 1;
    gboolean sent;
    pid_t reader;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return 1;
    reader = fork(); /* before anybody has threads */
    if (reader == 0) {
        close(ends[0]);
        return read_frame(ends[1]);
    }
    close(ends[1]);
    sent = send_frame(ends[0]);
    close(ends[0]);
    if (reader < 0 || waitpid(reader, &status, 0) != reader)
        return 1;
    return sent && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
