/* SPDX-License-Identifier: ISC */
/* Frames on a virtio-serial port: see agent.h. */
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 5 };

static int port = -1;
static uint8_t buffer[2 * (HEADER + FRAME_MAX) + 1];
static size_t start, end; /* what is received and not yet taken */
static uint8_t saved;     /* the byte that the NUL after the last frame stands on */
static size_t saved_at = SIZE_MAX;

/* The device whose port name is "lab.NUMBER". */
void port_open(int number)
{
    char wanted[32], path[300], name[64];
    snprintf(wanted, sizeof wanted, "lab.%d\n", number);
    DIR *ports = opendir("/sys/class/virtio-ports");
    if (!ports)
        die("no virtio-serial ports");
    struct dirent *entry;
    while ((entry = readdir(ports))) {
        snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        bool found = fgets(name, sizeof name, file) && strcmp(name, wanted) == 0;
        fclose(file);
        if (!found)
            continue;
        snprintf(path, sizeof path, "/dev/%s", entry->d_name);
        port = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        break;
    }
    closedir(ports);
    if (port < 0)
        die(wanted);
}

int port_fd(void) { return port; }

void port_receive(void)
{
    if (saved_at != SIZE_MAX) {
        buffer[saved_at] = saved;
        saved_at = SIZE_MAX;
    }
    if (start > 0) {
        memmove(buffer, buffer + start, end - start);
        end -= start;
        start = 0;
    }
    ssize_t count = read(port, buffer + end, sizeof buffer - 1 - end);
    if (count > 0)
        end += (size_t)count;
    else if (count < 0 && errno != EAGAIN && errno != EINTR)
        die("reading from the host");
}

bool frame_next(struct frame *frame)
{
    if (saved_at != SIZE_MAX) {
        buffer[saved_at] = saved;
        saved_at = SIZE_MAX;
    }
    if (end - start < HEADER)
        return false;
    const uint8_t *at = buffer + start;
    frame->type = (char)at[0];
    frame->length = at[1] | at[2] << 8 | at[3] << 16 | (uint32_t)at[4] << 24;
    if (frame->length > FRAME_MAX)
        die("a frame from the host is too long");
    if (end - start < HEADER + frame->length)
        return false;
    frame->bytes = at + HEADER;
    start += HEADER + frame->length;
    saved_at = start;
    saved = buffer[start];
    buffer[start] = 0;
    return true;
}

void frame_wait(struct frame *frame)
{
    while (!frame_next(frame)) {
        struct pollfd fd = {.fd = port, .events = POLLIN};
        poll(&fd, 1, -1);
        port_receive();
    }
}

static void write_all(const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = write(port, bytes, length);
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        } else if (count < 0 && errno == EAGAIN) {
            struct pollfd fd = {.fd = port, .events = POLLOUT};
            poll(&fd, 1, -1);
        } else if (count < 0 && errno != EINTR) {
            die("writing to the host");
        }
    }
}

void frame_send(char type, const void *bytes, size_t length)
{
    static uint8_t whole[HEADER + FRAME_MAX];
    whole[0] = (uint8_t)type;
    for (int i = 0; i < 4; i++)
        whole[1 + i] = (uint8_t)(length >> 8 * i);
    if (length > 0)
        memcpy(whole + HEADER, bytes, length);
    write_all(whole, HEADER + length);
}

void frame_printf(char type, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    frame_send(type, text, length < (int)sizeof text ? (size_t)length : sizeof text - 1);
}
