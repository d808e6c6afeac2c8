/* SPDX-License-Identifier: ISC
 * Traffic from dom0, for tests/network.rs. A static program that the lab carries there.
 *
 *   net echo ADDRESS COUNT MOST SEED   COUNT datagrams of random bytes, up to MOST each, to the echo port; each answer is
 *                                      compared. Prints "echoed N lost N".
 *   net order ADDRESS TEXT             sends TEXT to the port for orders
 *   net take ADDRESS COUNT SIZE        orders COUNT datagrams of SIZE bytes and compares them. Prints "took N lost N".
 *   net both ADDRESS COUNT MOST SEED   echo, while the same number of datagrams comes in
 *   net sink PORT SIZE                 accepts one TCP connection, compares SIZE bytes, prints "sank N"
 *   net pour PORT SIZE                 accepts one TCP connection, sends SIZE bytes, prints "poured N"
 *   net fetch ADDRESS PORT SIZE        makes a TCP connection, to "pour", and compares what comes, prints "fetched N"
 *   net software INTERFACE             has Linux compute checksums of what it sends there, as for a card that cannot
 *
 * PATIENCE is for how many milliseconds "echo" and "both" wait for an answer, 2000 if it is not there; SOURCE is the address that
 * datagrams come from. ADDRESS is one of IPv4 or IPv6.
 * Wrong bytes end it with status 1 at once; lost datagrams are for the caller to judge.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 65507
#define WINDOW 8

static void die(const char *why)
{
	fprintf(stderr, "net: %s: %s\n", why, strerror(errno));
	exit(1);
}

static uint64_t scramble(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185ull;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44dull;
	return x ^ x >> 33;
}

/* The bytes of datagram `number`: its number, then what follows from it. */
static size_t fill(uint8_t *bytes, uint64_t seed, uint32_t number, size_t most)
{
	uint64_t state = scramble(seed << 32 | number);
	/* Short ones are as many as long ones. */
	size_t size = 4 + state % (most - 3);

	if (state >> 62 == 0)
		size = 4 + state % 60;
	for (size_t at = 0; at < size; at += 8) {
		uint64_t word = scramble(state + at);
		memcpy(bytes + at, &word, size - at < 8 ? size - at : 8);
	}
	memcpy(bytes, &number, 4);
	return size;
}

/* An address and a port as a socket has them; its size. */
static socklen_t parse(const char *text, unsigned port, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof *to);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		die(text);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return sizeof *v6;
}

static int connect_to(const char *address, unsigned port)
{
	struct sockaddr_storage to, from;
	socklen_t size = parse(address, port, &to);
	const char *source = getenv("SOURCE");
	int fd = socket(to.ss_family, SOCK_DGRAM, 0), room = 8 << 20;

	if (fd < 0 || (source != NULL && bind(fd, (struct sockaddr *)&from, parse(source, 0, &from)) < 0) ||
	    connect(fd, (struct sockaddr *)&to, size) < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
	return fd;
}

static int readable(int fd, int milliseconds)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	return poll(&poll_fd, 1, milliseconds) > 0;
}

static int echo(const char *address, uint32_t count, size_t most, uint64_t seed, int more)
{
	static uint8_t sent[MOST + 1], wanted[MOST + 1], got[MOST + 1];
	int fd = connect_to(address, 7);
	uint32_t next = 0, echoed = 0, lost = 0, flying = 0;
	int extra = more ? connect_to(address, 9) : -1;
	uint32_t extra_got = 0;
	const char *given = getenv("PATIENCE");
	int patience = given != NULL ? atoi(given) : 2000;

	if (more) {
		char text[64];
		int size = snprintf(text, sizeof text, "send %u 1000", count < 2000 ? count : 2000);
		if (send(extra, text, (size_t)size, 0) < 0)
			die("send");
	}
	while (next < count || flying > 0) {
		ssize_t size;

		while (next < count && flying < WINDOW) {
			size_t length = fill(sent, seed, next, most);
			if (send(fd, sent, length, 0) < 0) {
				if (errno != EHOSTUNREACH && errno != ECONNREFUSED && errno != ENETUNREACH && errno != ENETDOWN)
					die("send");
				lost++;
			} else {
				flying++;
			}
			next++;
		}
		if (!readable(fd, patience)) {
			lost += flying;
			flying = 0;
			continue;
		}
		size = recv(fd, got, sizeof got, 0);
		if (size < 0)
			continue;
		uint32_t number;
		memcpy(&number, got, 4);
		size_t length = number < next ? fill(wanted, seed, number, most) : 0;
		if (size < 4 || number >= next || (size_t)size != length || memcmp(got, wanted, length) != 0) {
			fprintf(stderr, "net: datagram %u came back wrong: %zd bytes for %zu\n", number, size, length);
			return 1;
		}
		echoed++;
		/* One that was given up may come late. */
		if (flying > 0)
			flying--;
		while (more && readable(extra, 0))
			if (recv(extra, got, sizeof got, 0) == 1000)
				extra_got++;
	}
	printf("echoed %u lost %u\n", echoed, lost);
	if (more)
		printf("meanwhile %u\n", extra_got);
	return 0;
}

static int take(const char *address, uint32_t count, size_t size)
{
	static uint8_t got[MOST + 1];
	uint32_t took = 0;
	int fd = connect_to(address, 9);
	char text[64];
	int length = snprintf(text, sizeof text, "send %u %zu", count, size);

	if (send(fd, text, (size_t)length, 0) < 0)
		die("send");
	while (took < count && readable(fd, 2000)) {
		ssize_t now = recv(fd, got, sizeof got, 0);
		uint32_t first, word;

		if (now < 0 || (size_t)now != size) {
			fprintf(stderr, "net: %zd bytes instead of %zu\n", now, size);
			return 1;
		}
		memcpy(&first, got, 4);
		for (size_t at = 0; at + 4 <= size; at += 4) {
			memcpy(&word, got + at, 4);
			if (word != first + at / 4 || first >= count) {
				fprintf(stderr, "net: wrong bytes at %zu of datagram %u\n", at, first);
				return 1;
			}
		}
		took++;
	}
	printf("took %u lost %u\n", took, count - took);
	return 0;
}

/* The connection that somebody makes to a port, over IPv4 or IPv6. */
static int accepted(unsigned port)
{
	struct sockaddr_in6 own = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int one = 1, listener = socket(AF_INET6, SOCK_STREAM, 0), fd;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&own, sizeof own) < 0 || listen(listener, 1) < 0)
		die("listen");
	printf("listening\n");
	fflush(stdout);
	if (!readable(listener, 60000) || (fd = accept(listener, NULL, NULL)) < 0)
		die("accept");
	return fd;
}

/* The stream, either way: byte n is n * 7 + n / 251. */
static uint8_t stream(size_t n)
{
	return (uint8_t)(n * 7 + n / 251);
}

/* Compares `size` bytes of the stream. */
static int compare(int fd, size_t size, const char *what)
{
	static uint8_t got[1 << 16];
	size_t have = 0;

	while (have < size && readable(fd, 10000)) {
		ssize_t now = read(fd, got, sizeof got);
		if (now <= 0)
			break;
		for (ssize_t i = 0; i < now; i++)
			if (got[i] != stream(have + (size_t)i)) {
				fprintf(stderr, "net: wrong byte %zu of the stream\n", have + (size_t)i);
				return 1;
			}
		have += (size_t)now;
	}
	printf("%s %zu\n", what, have);
	return have == size ? 0 : 1;
}

static int fetch(const char *address, unsigned port, size_t size)
{
	struct sockaddr_storage to;
	socklen_t length = parse(address, port, &to);
	int fd = socket(to.ss_family, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, length) < 0)
		die("connect");
	return compare(fd, size, "fetched");
}

static int software(const char *interface)
{
	struct ethtool_value value = { .cmd = ETHTOOL_STXCSUM, .data = 0 };
	struct ifreq request = { .ifr_data = (char *)&value };

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCETHTOOL, &request) < 0)
		die(interface);
	return 0;
}

static int pour(unsigned port, size_t size)
{
	static uint8_t bytes[1 << 18];
	int fd = accepted(port);

	for (size_t done = 0; done < size;) {
		size_t now = size - done < sizeof bytes ? size - done : sizeof bytes;
		ssize_t sent;

		for (size_t i = 0; i < now; i++)
			bytes[i] = stream(done + i);
		if ((sent = write(fd, bytes, now)) <= 0)
			die("write");
		done += (size_t)sent;
	}
	shutdown(fd, SHUT_WR);
	/* Until the other side has closed, too. */
	int closed = readable(fd, 60000) && read(fd, bytes, 1) == 0;
	printf("poured %zu\n", size);
	return !closed;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 6 && (strcmp(what, "echo") == 0 || strcmp(what, "both") == 0))
		return echo(argv[2], (uint32_t)atol(argv[3]), (size_t)atol(argv[4]), (uint64_t)atol(argv[5]), what[0] == 'b');
	if (argc == 4 && strcmp(what, "order") == 0) {
		int fd = connect_to(argv[2], 9);
		return send(fd, argv[3], strlen(argv[3]), 0) < 0;
	}
	if (argc == 5 && strcmp(what, "take") == 0)
		return take(argv[2], (uint32_t)atol(argv[3]), (size_t)atol(argv[4]));
	if (argc == 4 && strcmp(what, "sink") == 0)
		return compare(accepted((unsigned)atoi(argv[2])), (size_t)atol(argv[3]), "sank");
	if (argc == 4 && strcmp(what, "pour") == 0)
		return pour((unsigned)atoi(argv[2]), (size_t)atol(argv[3]));
	if (argc == 5 && strcmp(what, "fetch") == 0)
		return fetch(argv[2], (unsigned)atoi(argv[3]), (size_t)atol(argv[4]));
	if (argc == 3 && strcmp(what, "software") == 0)
		return software(argv[2]);
	fprintf(stderr, "net: wrong usage\n");
	return 64;
}
