/* SPDX-License-Identifier: ISC */
/* The agent's processes and jobs: see agent.h. */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_RAW, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* The agent's own failures end its process; the parent starts another one for the slot. */
void die(const char *what)
{
    fprintf(stderr, "lab agent: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Names are the host's own choice, but a slash would leave the job's folder. */
static int file_open(const char *name)
{
    int fd = strchr(name, '/') ? -1 : open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (fd < 0)
        frame_printf('X', "cannot create the file \"%s\": %s\n", name, strerror(errno));
    return fd;
}

static void file_write(int fd, const uint8_t *bytes, size_t length)
{
    while (fd >= 0 && length > 0) {
        ssize_t count = write(fd, bytes, length);
        if (count < 0) {
            frame_printf('X', "cannot write a file: %s\n", strerror(errno));
            return;
        }
        bytes += count;
        length -= (size_t)count;
    }
}

static bool run_script(void)
{
    char *const argv[] = {"sh", "script.sh", NULL};
    struct script script = script_start(argv, 's', 't');
    struct frame frame;
    bool give_up = false;
    while (script.pid != 0 && !give_up) {
        script_wait(&script, now_ns() + 20 * 1000000LL);
        port_receive();
        while (frame_next(&frame))
            give_up |= frame.type == 'A';
    }
    script_kill(&script);
    frame_printf('R', "reason=script\nscript_status=%d\n", script.status);
    return !give_up;
}

static void clean_folder(void)
{
    DIR *folder = opendir(".");
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        unlink(entry->d_name);
    if (folder)
        closedir(folder);
}

static void serve(int slot)
{
    char text[64];
    snprintf(text, sizeof text, "slot%d", slot);
    setenv("SLOT", text, 1);
    snprintf(text, sizeof text, "/jobs/%d", slot);
    setenv("DIR", text, 1);
    const char *priority = getenv("LAB_REALTIME");
    if (priority) {
        struct sched_param parameters = {.sched_priority = atoi(priority)};
        if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) < 0)
            die("real-time priority");
    }
    mkdir(text, 0755);
    if (chdir(text) < 0)
        die(text);
    port_open(slot);
    clean_folder();
    frame_send('Y', NULL, 0);
    int file = -1;
    for (;;) {
        struct frame frame;
        bool finished;
        frame_wait(&frame);
        if (frame.type == 'H') /* the session's heartbeat, which may come in the middle of a file */
            continue;
        if (file >= 0 && frame.type != 'D') {
            close(file);
            file = -1;
        }
        switch (frame.type) {
        case 'F': file = file_open((const char *)frame.bytes); continue;
        case 'D': file_write(file, frame.bytes, frame.length); continue;
        case 'G': finished = guest_run((const char *)frame.bytes); break;
        case 'S': finished = run_script(); break;
        case 'A': finished = false; break;
        default: continue; /* input or an end for a guest that has ended already */
        }
        clean_folder();
        frame_send(finished ? 'Z' : 'Y', NULL, 0);
    }
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "capture") == 0)
        return capture(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "memory") == 0)
        return dump_memory((uint32_t)atoi(argv[2]), strtoull(argv[3], NULL, 10));
    pid_t slots[64];
    int count = argc > 1 ? atoi(argv[1]) : 1;
    if (count < 1 || count > 64)
        count = 1;
    signal(SIGPIPE, SIG_IGN);
    memset(slots, 0, sizeof slots);
    for (;;) {
        for (int i = 0; i < count; i++)
            if (slots[i] == 0 && (slots[i] = fork()) == 0)
                serve(i);
        pid_t ended = wait(NULL);
        for (int i = 0; i < count; i++)
            if (slots[i] == ended)
                slots[i] = 0;
    }
}
