/* SPDX-License-Identifier: ISC */
/* The lab's agent in dom0: takes jobs from the host over virtio-serial ports and runs guests.
 *
 * One process serves one port, a "slot", and one job at a time. Both directions carry frames: a type
 * byte, a 32-bit little-endian length of at most FRAME_MAX, and that many bytes.
 *
 *   from the host                               to the host
 *   F name      start a file of the job         M text    progress, such as "created 5 slot0-1"
 *   D bytes     append to that file             O t bytes console output; t is a 64-bit little-endian
 *   G options   run a guest (guest.cfg, kernel)             time, ns since the guest was unpaused
 *   S           run script.sh in dom0           E line    what the guest wrote to port 0xE9
 *   C bytes     console input                   X text    what Xen or the toolstack said of it
 *   K           destroy the guest               s, t bytes  standard output, error of script.sh
 *   A           give the job up                 R text    the outcome, "key=value" lines
 *   H           nothing: comes at any time
 *                                               Z         the job is over, the slot is free
 *                                               Y         the same, for a job given up, and after a start
 *
 * Options are "key=value" lines: timeout=SECONDS.
 */
#ifndef LAB_AGENT_H
#define LAB_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FRAME_MAX = 65536 };

/* ---- frame.c: the host's side of the wire ---- */

struct frame {
    char type;
    uint32_t length;
    const uint8_t *bytes; /* valid until the next frame_next; a NUL follows the last byte */
};

void port_open(int number);
int port_fd(void);
/* Take in what the host has sent; frame_next then gives the complete frames, one by one. */
void port_receive(void);
bool frame_next(struct frame *frame);
void frame_wait(struct frame *frame);
void frame_send(char type, const void *bytes, size_t length);
void frame_printf(char type, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- capture.c: `agent capture INTERFACE FILE` ---- */

int capture(const char *interface, const char *path);

/* ---- memory.c: `agent memory DOMID MEGABYTES`, to standard output ---- */

int dump_memory(uint32_t domid, uint64_t megabytes);

/* ---- hvlog.c: Xen's console ring ---- */

void hvlog_skip(void);
/* Send what the ring says of a domain since the last call: its port 0xE9 lines and Xen's own.
 * True once Xen reported a triple fault of it. */
bool hvlog_send(uint32_t domid);
bool hvlog_said_status(void); /* the guest wrote its exit status to port 0xE9 since hvlog_skip */

/* ---- console.c: one guest's console ---- */

bool console_open(uint32_t domid, const char *tty);
int console_fd(void);
void console_start_clock(void);
int64_t console_clock(void); /* ns since console_start_clock */
/* Pass output on; true while there was some. */
bool console_read(void);
void console_input(const uint8_t *bytes, size_t length);
bool console_input_pending(void);
bool console_input_full(void); /* the guest does not read: let the host wait */
void console_write_pending(void);
/* After the guest's end: read on until all it announced was passed on. Gives the bytes that were not. */
uint32_t console_drain(void);
void console_close(void);

/* ---- guest.c: one guest's life ---- */

bool guest_run(const char *options); /* false: the host gave the job up */

/* ---- script.c: commands in dom0 ---- */

struct script {
    pid_t pid; /* 0: none */
    int out, err;
    char out_type, err_type; /* the frames its output becomes */
    int status; /* exit status, or 128 and the signal; -1 while it runs or if it never did */
};
struct script script_start(char *const argv[], char out_type, char err_type);
void script_read(struct script *script); /* pass output on, notice the end */
void script_kill(struct script *script);
int script_wait(struct script *script, int64_t deadline); /* status; -1 when the deadline passed */

int64_t now_ns(void);
void die(const char *what);

#endif
