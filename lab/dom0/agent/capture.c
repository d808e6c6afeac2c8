/* SPDX-License-Identifier: ISC */
/* Packets of an interface, written to a file as they pass: the pcap format with nanoseconds, which tshark opens. */
#include "agent.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SNAP = 65535, ETHERNET = 1 };

int capture(const char *interface, const char *path)
{
    static uint8_t packet[SNAP];
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    const uint32_t head[] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, SNAP, ETHERNET};
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    if (file < 0 || fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("capturing packets");
    if (write(file, head, sizeof head) < 0)
        die(path);
    for (;;) {
        ssize_t length = recv(fd, packet, sizeof packet, MSG_TRUNC);
        if (length < 0)
            continue;
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint32_t kept = length > SNAP ? SNAP : (uint32_t)length;
        const uint32_t record[] = {(uint32_t)now.tv_sec, (uint32_t)now.tv_nsec, kept, (uint32_t)length};
        if (write(file, record, sizeof record) < 0 || write(file, packet, kept) < 0)
            die(path);
    }
}
