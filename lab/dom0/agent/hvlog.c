/* SPDX-License-Identifier: ISC */
/* Xen's console ring, read piecewise: the lines that a guest wrote to port 0xE9 and what Xen says of it.
 *
 * Xen prints a guest's port 0xE9 lines as "(dN) line" and its own as "(XEN) …". Its dump of a crashed
 * vCPU names the domain in its first line only, so all that follows belongs to that domain until a
 * line stops looking like the hypervisor's.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>

static xc_interface *xch;
static uint32_t ring_index;
static char line[4096];
static size_t line_length;
static bool in_dump;
static bool triple_fault;
static bool said_status;

static unsigned int read_ring(char *bytes, unsigned int size)
{
    if (!xch && !(xch = xc_interface_open(NULL, NULL, 0)))
        die("opening Xen's control interface");
    unsigned int count = size;
    return xc_readconsolering(xch, bytes, &count, 0, 1, &ring_index) == 0 ? count : 0;
}

void hvlog_skip(void)
{
    static char bytes[65536];
    while (read_ring(bytes, sizeof bytes) > 0)
        ;
    line_length = 0;
    in_dump = false;
    triple_fault = false;
    said_status = false;
}

/* Does the text name the domain: "d5v0", "d5:", "dom5", "Dom5", "domain 5", "Domain 5", "d[5]"? */
static bool names_domain(const char *text, uint32_t domid)
{
    static const char *const prefixes[] = {"d", "dom", "domain ", "d["};
    char digits[16];
    int length = snprintf(digits, sizeof digits, "%u", domid);
    for (const char *at = text; (at = strstr(at, digits)); at++) {
        if (isdigit((unsigned char)at[length]) || isxdigit((unsigned char)at[length]))
            continue;
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
            size_t n = strlen(prefixes[i]);
            if ((size_t)(at - text) < n || strncasecmp(at - n, prefixes[i], n) != 0)
                continue;
            if (at - n == text || !isalnum((unsigned char)at[-(ptrdiff_t)n - 1]))
                return true;
        }
    }
    return false;
}

static void line_done(uint32_t domid)
{
    char prefix[16];
    int length = snprintf(prefix, sizeof prefix, "(d%u) ", domid);
    line[line_length] = 0;
    if (strncmp(line, prefix, (size_t)length) == 0) {
        said_status = said_status || strstr(line, "exit status");
        frame_send('E', line + length, line_length - (size_t)length);
    } else if (strncmp(line, "(XEN) ", 6) == 0) {
        const char *text = line + 6;
        if (strstr(text, "vcpu#")) /* "Domain 5 (vcpu#0) crashed on cpu#0:", and registers follow */
            in_dump = names_domain(text, domid);
        else if (!names_domain(text, domid) && (*text == 'd' || *text == 'D') && isdigit((unsigned char)text[1]))
            in_dump = false;
        if (names_domain(text, domid) && strstr(text, "Triple fault"))
            triple_fault = true;
        if (in_dump || names_domain(text, domid))
            frame_printf('X', "%s\n", text);
    } else {
        in_dump = false;
    }
    line_length = 0;
}

bool hvlog_send(uint32_t domid)
{
    static char bytes[65536];
    unsigned int count;
    while ((count = read_ring(bytes, sizeof bytes)) > 0)
        for (unsigned int i = 0; i < count; i++)
            if (bytes[i] == '\n')
                line_done(domid);
            else if (bytes[i] != '\r' && bytes[i] != 0 && line_length < sizeof line - 1)
                line[line_length++] = bytes[i];
    return triple_fault;
}

bool hvlog_said_status(void) { return said_status; }
