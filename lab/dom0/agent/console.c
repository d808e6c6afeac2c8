/* SPDX-License-Identifier: ISC */
/* A guest's console as xenconsoled offers it, a pty; and the ring behind it, to know when all was read.
 *
 * The ring's producer index counts every byte the guest wrote, modulo 2^32, so the agent knows how many
 * bytes must come out of the pty before the guest may be destroyed (xen/include/public/io/console.h).
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xen/hvm/params.h>
#include <xen/io/console.h>

static xc_interface *xch;
static xenforeignmemory_handle *memory;
static const volatile struct xencons_interface *ring; /* NULL: not mapped, then a short silence is the end */
static int pty = -1;
static uint32_t received;
static int64_t clock_start;
static uint8_t *input;
static size_t input_length;

bool console_open(uint32_t domid, const char *tty)
{
    uint64_t frame = 0;
    if (!xch && !(xch = xc_interface_open(NULL, NULL, 0)))
        die("opening Xen's control interface");
    if (!memory && !(memory = xenforeignmemory_open(NULL, 0)))
        die("opening Xen's foreign memory interface");
    pty = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (pty < 0)
        return false;
    struct termios settings;
    tcgetattr(pty, &settings);
    cfmakeraw(&settings);
    tcsetattr(pty, TCSANOW, &settings);
    received = 0;
    input_length = 0;
    clock_start = now_ns();
    if (xc_hvm_param_get(xch, domid, HVM_PARAM_CONSOLE_PFN, &frame) == 0 && frame != 0)
        ring = xenforeignmemory_map(memory, domid, PROT_READ, 1, (xen_pfn_t[]){frame}, NULL);
    return true;
}

int console_fd(void) { return pty; }

void console_start_clock(void) { clock_start = now_ns(); }

int64_t console_clock(void) { return now_ns() - clock_start; }

bool console_read(void)
{
    static uint8_t bytes[8 + 32768];
    ssize_t count = read(pty, bytes + 8, sizeof bytes - 8);
    if (count <= 0)
        return false;
    uint64_t time = (uint64_t)console_clock();
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(time >> 8 * i);
    received += (uint32_t)count;
    frame_send('O', bytes, 8 + (size_t)count);
    return true;
}

void console_input(const uint8_t *bytes, size_t length)
{
    uint8_t *grown = realloc(input, input_length + length + 1);
    if (!grown)
        die("memory for console input");
    input = grown;
    memcpy(input + input_length, bytes, length);
    input_length += length;
    console_write_pending();
}

bool console_input_pending(void) { return input_length > 0; }

bool console_input_full(void) { return input_length > 4 << 20; }

void console_write_pending(void)
{
    if (input_length == 0)
        return;
    ssize_t count = write(pty, input, input_length);
    if (count > 0) {
        input_length -= (size_t)count;
        memmove(input, input + count, input_length);
    }
}

uint32_t console_drain(void)
{
    /* xenconsoled serves a busy guest five times a second. A wait is counted, not timed: a machine that stands still in between
     * takes nothing of it. What xenconsoled has taken from the ring it passes on, however late. */
    const int patience = 300;
    for (int waits = 0; waits < (ring ? ring->out_cons == received ? patience : 20 * patience : patience / 5); waits++) {
        if (console_read()) {
            waits = -1;
            continue;
        }
        if (ring && received == ring->out_prod)
            return 0;
        struct pollfd fd = {.fd = pty, .events = POLLIN};
        poll(&fd, 1, 5);
        if (fd.revents & POLLHUP)
            break;
    }
    return ring ? ring->out_prod - received : 0;
}

void console_close(void)
{
    if (ring)
        xenforeignmemory_unmap(memory, (void *)ring, 1);
    ring = NULL;
    if (pty >= 0)
        close(pty);
    pty = -1;
    input_length = 0;
}
