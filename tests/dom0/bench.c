/* SPDX-License-Identifier: ISC
 * Exchanges with a guest, and what they cost in processor time, for tools/bench_devices. A static program that runs in dom0.
 *
 *   bench DOMID ADDRESS KIND:SIZE:COUNT...
 *
 *   ping   COUNT ICMP echoes of SIZE bytes of payload, one after the other
 *   udp    COUNT datagrams to the echo port, one after the other
 *   echo   the same, eight under way at a time
 *   in     COUNT datagrams to port 10, of which every sixteenth is answered
 *   out    COUNT datagrams that the guest sends when port 9 asks it to, sixteen at a time
 *   gin    COUNT segments of TCP of SIZE bytes of payload, whole (GSO, without checksums), as raw frames to nobody's address, of which
 *          every sixteenth is answered; gout: the same the other way, sixteen at a time, by an order to port 9
 *   read   COUNT reads of SIZE bytes of the guest's disk, by an order to port 9; write likewise
 *
 * Each prints "row KIND SIZE COUNT LOST GUEST DOM0": processor time of the guest and of dom0, in ns, as Xen accounts it, Xen's own
 * work for them in it. In a lab that counts instructions a ns is one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw.h"

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>

/* Linux's include/uapi/xen/privcmd.h. */
struct privcmd_hypercall {
	uint64_t op, arg[5];
};
#define IOCTL_PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

static struct sockaddr_in guest;
static uint8_t packet[RAW_MOST], got[RAW_MOST];

static void die(const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", why, strerror(errno));
	exit(1);
}

static uint64_t cpu_time(unsigned domid)
{
	static struct xen_domctl *domctl;
	static int fd = -1;
	struct privcmd_hypercall call = { .op = __HYPERVISOR_domctl };

	if (!domctl) {
		fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
		domctl = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
		if (fd < 0 || domctl == MAP_FAILED)
			die("/dev/xen/privcmd");
	}
	memset(domctl, 0, sizeof *domctl);
	domctl->cmd = XEN_DOMCTL_getdomaininfo;
	domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl->domain = (domid_t)domid;
	call.arg[0] = (uint64_t)(uintptr_t)domctl;
	if (ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call) < 0)
		die("XEN_DOMCTL_getdomaininfo");
	return domctl->u.getdomaininfo.cpu_time;
}

static int udp(unsigned port)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 8 << 20;

	guest.sin_port = htons((uint16_t)port);
	if (fd < 0 || connect(fd, (struct sockaddr *)&guest, sizeof guest) < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	return fd;
}

static void put(int fd, size_t size)
{
	if (send(fd, packet, size, 0) < 0 && errno != ECONNREFUSED)
		die("send");
}

/* What comes next, or -1 after two seconds. */
static ssize_t take(int fd, int seconds)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	if (poll(&ready, 1, seconds * 1000) <= 0)
		return -1;
	return recv(fd, got, sizeof got, 0);
}

static unsigned ping(size_t size, unsigned count)
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	struct icmphdr *header = (struct icmphdr *)packet, *answer = (struct icmphdr *)(got + 20);
	unsigned lost = 0;

	if (fd < 0 || connect(fd, (struct sockaddr *)&guest, sizeof guest) < 0)
		die("raw socket");
	for (unsigned number = 0; number < count; number++) {
		uint32_t sum = 0;

		*header = (struct icmphdr){ .type = ICMP_ECHO, .un.echo = { .id = 77, .sequence = (uint16_t)number } };
		for (size_t at = 0; at < sizeof *header + size; at += 2)
			sum += (uint32_t)packet[at] | (uint32_t)packet[at + 1] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
		header->checksum = (uint16_t)~(sum + (sum >> 16));
		put(fd, sizeof *header + size);
		for (;;) {
			ssize_t length = take(fd, 2);
			if (length < 0) {
				lost++;
				break;
			}
			if (length >= 28 && answer->type == ICMP_ECHOREPLY && answer->un.echo.sequence == (uint16_t)number)
				break;
		}
	}
	close(fd);
	return lost;
}

/* `window` under way at a time. */
static unsigned echo(size_t size, unsigned count, unsigned window)
{
	int fd = udp(7);
	unsigned sent = 0, came = 0, flying = 0;

	while (sent < count || flying > 0) {
		for (; sent < count && flying < window; sent++, flying++)
			put(fd, size);
		if (take(fd, 2) < 0)
			flying = 0;
		else if (flying > 0) {
			came++;
			flying--;
		}
	}
	close(fd);
	return count - came;
}

static unsigned in(size_t size, unsigned count)
{
	int fd = udp(10);
	unsigned lost = 0;

	for (unsigned number = 1; number <= count; number++) {
		packet[0] = number % 16 == 0;
		put(fd, size);
		if (packet[0] && take(fd, 2) < 0)
			lost++;
	}
	close(fd);
	return lost;
}

static unsigned out(size_t size, unsigned count)
{
	int fd = udp(9);
	unsigned came = 0;
	size_t length = (size_t)sprintf((char *)packet, "send 16 %zu", size);

	for (unsigned number = 0; number < count; number += 16) {
		put(fd, length);
		for (unsigned i = 0; i < 16 && take(fd, 2) >= 0; i++)
			came++;
	}
	close(fd);
	return (count + 15) / 16 * 16 - came;
}

/* Ethernet addresses of the bridge, and of the guest. */
static void addresses(uint8_t own[6], uint8_t other[6])
{
	struct arpreq arp = { .arp_dev = "xenbr0" };
	struct ifreq request = { .ifr_name = "xenbr0" };
	int fd = udp(7);

	((struct sockaddr_in *)&arp.arp_pa)->sin_family = AF_INET;
	((struct sockaddr_in *)&arp.arp_pa)->sin_addr = guest.sin_addr;
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0 || ioctl(fd, SIOCGARP, &arp) < 0)
		die("addresses");
	memcpy(own, request.ifr_hwaddr.sa_data, 6);
	memcpy(other, arp.arp_ha.sa_data, 6);
	close(fd);
}

/* Tells the guest what is to come, or asks for it, and waits until it is ready. */
static void order(const char *kind, unsigned count, size_t size)
{
	int fd = udp(9);

	put(fd, (size_t)sprintf((char *)packet, "%s %u %zu", kind, count, size));
	if (take(fd, 10) != 4 || memcmp(got, "done", 4) != 0)
		die(kind);
	close(fd);
}

static unsigned large_in(size_t size, unsigned count)
{
	int fd = raw_socket("xenbr0", RAW_ANSWER), out_fd = raw_socket("xenbr0", 0);
	unsigned lost = 0;
	uint8_t own[6], other[6];

	addresses(own, other);
	order("gin", count, size);
	for (unsigned number = 1; number <= count; number++) {
		size_t length = raw_segment(packet, nobody, own, size, number % 16 == 0);

		if (raw_send(out_fd, packet, length, true) < 0)
			die("raw send");
		if (number % 16 == 0 && take(fd, 2) < 0)
			lost += 16;
	}
	close(fd);
	close(out_fd);
	return lost;
}

static unsigned large_out(size_t size, unsigned count)
{
	int fd = raw_socket("xenbr0", RAW_IPV4), room = 8 << 20;
	unsigned came = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	for (unsigned number = 0; number < count; number += 16) {
		int udp_fd = udp(9);

		put(udp_fd, (size_t)sprintf((char *)packet, "gout 16 %zu", size));
		for (unsigned i = 0; i < 16;) {
			ssize_t length = take(fd, 2);

			if (length < 0)
				break;
			if (!raw_is_segment(got, (size_t)length, size))
				continue;
			came++;
			i++;
		}
		close(udp_fd);
	}
	close(fd);
	return (count + 15) / 16 * 16 - came;
}

static unsigned disk(const char *kind, size_t size, unsigned count)
{
	int fd = udp(9);

	put(fd, (size_t)sprintf((char *)packet, "%s %u %zu", kind, count, size));
	if (take(fd, 600) != 4 || memcmp(got, "done", 4) != 0)
		die(kind);
	close(fd);
	return 0;
}

static unsigned row(const char *kind, size_t size, unsigned count)
{
	if (strcmp(kind, "ping") == 0)
		return ping(size, count);
	if (strcmp(kind, "udp") == 0)
		return echo(size, count, 1);
	if (strcmp(kind, "echo") == 0)
		return echo(size, count, 8);
	if (strcmp(kind, "in") == 0)
		return in(size, count);
	if (strcmp(kind, "out") == 0)
		return out(size, count);
	if (strcmp(kind, "gin") == 0)
		return large_in(size, count);
	if (strcmp(kind, "gout") == 0)
		return large_out(size, count);
	return disk(kind, size, count);
}

int main(int argc, char **argv)
{
	if (argc < 4 || inet_pton(AF_INET, argv[2], &guest.sin_addr) != 1) {
		fprintf(stderr, "bench: wrong usage\n");
		return 64;
	}
	guest.sin_family = AF_INET;
	unsigned domid = (unsigned)atoi(argv[1]);
	for (int i = 3; i < argc; i++) {
		char kind[16];
		size_t size;
		unsigned count;

		if (sscanf(argv[i], "%15[a-z]:%zu:%u", kind, &size, &count) != 3)
			return 64;
		/* Caches are warm afterwards, and addresses known. */
		row(kind, size, count / 10 + 1);
		uint64_t guest_ns = cpu_time(domid), dom0_ns = cpu_time(0);
		unsigned lost = row(kind, size, count);
		guest_ns = cpu_time(domid) - guest_ns;
		dom0_ns = cpu_time(0) - dom0_ns;
		printf("row %s %zu %u %u %llu %llu\n", kind, size, count, lost, (unsigned long long)guest_ns,
		       (unsigned long long)dom0_ns);
		fflush(stdout);
	}
	strcpy((char *)packet, "stop");
	put(udp(9), 4);
	return 0;
}
