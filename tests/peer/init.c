/* SPDX-License-Identifier: ISC
 * The first and only program of a Linux domain that tools/bench_devices measures beside ours: netfront and blkfront are Linux's,
 * the exchange is that of tests/guests/bench_devices.
 *
 * Each port is a process that waits for it, so that a datagram costs a receive and a send and nothing else. Pings are the kernel's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "../dom0/raw.h"

static uint8_t bytes[RAW_MOST];

static void die(const char *what)
{
	perror(what);
	reboot(RB_POWER_OFF);
}

static void load(const char *module)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
		die(module);
	close(fd);
}

static void set_address(const char *address)
{
	struct ifreq request = { .ifr_name = "eth0" };
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), tries = 0;

	while (ioctl(fd, SIOCGIFFLAGS, &request) < 0 && tries++ < 1000)
		usleep(10000);
	in->sin_family = AF_INET;
	inet_pton(AF_INET, address, &in->sin_addr);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		die("SIOCSIFADDR");
	inet_pton(AF_INET, "255.255.255.0", &in->sin_addr);
	ioctl(fd, SIOCSIFNETMASK, &request);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		die("SIOCSIFFLAGS");
	close(fd);
}

static int port(uint16_t number)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(number) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) < 0)
		die("bind");
	return fd;
}

static void transfer(const char *kind, unsigned count, size_t size)
{
	static void *buffer;
	int fd = open("/dev/xvda", O_RDWR | O_DIRECT | O_CLOEXEC);
	off_t end = lseek(fd, 0, SEEK_END), at = 0;

	if (fd < 0 || (!buffer && posix_memalign(&buffer, 4096, 1 << 20) != 0))
		die("/dev/xvda");
	for (; count > 0; count--) {
		if (at + (off_t)size > end)
			at = 0;
		ssize_t done = kind[0] == 'r' ? pread(fd, buffer, size, at) : pwrite(fd, buffer, size, at);
		if (done != (ssize_t)size)
			die(kind);
		at += (off_t)size;
	}
	close(fd);
}

static uint8_t own_address[6], dom0_address[6];

/* Ethernet addresses: ours, and of whoever sent a datagram. */
static void find_addresses(const struct sockaddr_in *from)
{
	struct ifreq request = { .ifr_name = "eth0" };
	struct arpreq arp = { .arp_dev = "eth0" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memcpy(&arp.arp_pa, from, sizeof *from);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0 || ioctl(fd, SIOCGARP, &arp) < 0)
		die("addresses");
	memcpy(own_address, request.ifr_hwaddr.sa_data, 6);
	memcpy(dom0_address, arp.arp_ha.sa_data, 6);
	close(fd);
}

/* Takes `count` large segments and answers those whose first byte is 1. */
static void take_large(int fd, unsigned count, size_t size)
{
	static uint8_t answer[60];
	int back = raw_socket("eth0", 0);

	while (count > 0) {
		ssize_t length = recv(fd, bytes, sizeof bytes, 0);

		if (length < 0)
			return;
		if (!raw_is_segment(bytes, (size_t)length, size)) {
			/* The next order: what is missing will not come. */
			if (bytes[23] == IPPROTO_UDP)
				return;
			continue;
		}
		count--;
		if (bytes[RAW_HEADERS] == 1) {
			memcpy(answer, bytes + 6, 6);
			memcpy(answer + 6, own_address, 6);
			raw_put16(answer + 12, RAW_ANSWER);
			raw_send(back, answer, sizeof answer, false);
		}
	}
}

static void send_large(unsigned count, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = raw_socket("eth0", 0);
	while (count-- > 0)
		if (raw_send(fd, bytes, raw_segment(bytes, dom0_address, own_address, size, 0), true) < 0)
			die("raw send");
}

static void obey(int fd)
{
	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof from;
		ssize_t size = recvfrom(fd, bytes, sizeof bytes - 1, 0, (struct sockaddr *)&from, &length);
		char kind[16];
		unsigned count;
		size_t each;

		bytes[size < 0 ? 0 : size] = 0;
		if (strcmp((char *)bytes, "stop") == 0)
			reboot(RB_POWER_OFF);
		if (sscanf((char *)bytes, "%15s %u %zu", kind, &count, &each) != 3)
			continue;
		if (strcmp(kind, "send") == 0) {
			for (; count > 0; count--)
				sendto(fd, bytes, each, 0, (struct sockaddr *)&from, length);
		} else if (strcmp(kind, "gout") == 0) {
			find_addresses(&from);
			send_large(count, each);
		} else if (strcmp(kind, "gin") == 0) {
			/* Only now, since it would see all that comes. */
			struct timeval patience = { .tv_sec = 3 };
			int raw = raw_socket("eth0", RAW_IPV4), room = 8 << 20;

			find_addresses(&from);
			setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
			setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
			sendto(fd, "done", 4, 0, (struct sockaddr *)&from, length);
			take_large(raw, count, each);
			close(raw);
		} else {
			transfer(kind, count, each);
			sendto(fd, "done", 4, 0, (struct sockaddr *)&from, length);
		}
	}
}

/* Answers all, or those whose first byte is 1. */
static void answer(int fd, int all)
{
	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof from;
		ssize_t size = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);

		if (size > 0 && (all || bytes[0] == 1))
			sendto(fd, bytes, (size_t)(all || size < 16 ? size : 16), 0, (struct sockaddr *)&from, length);
	}
}

int main(void)
{
	mkdir("/dev", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	load("/xen-netfront.ko");
	load("/xen-blkfront.ko");
	set_address("10.0.0.2");
	for (int tries = 0; access("/dev/xvda", R_OK) < 0 && tries < 1000; tries++)
		usleep(10000);
	if (fork() == 0)
		answer(port(7), 1);
	if (fork() == 0)
		answer(port(10), 0);
	obey(port(9));
	return 0;
}
