/* SPDX-License-Identifier: ISC
 * Traffic from dom0, for tests of the network. A static program that the lab carries there.
 *
 *   net echo ADDRESS COUNT MOST SEED   COUNT datagrams of random bytes, up to MOST each, to the echo port; each answer is
 *                                      compared. Prints "echoed N lost N".
 *   net order ADDRESS TEXT             sends TEXT to the port for orders
 *   net take ADDRESS COUNT SIZE        orders COUNT datagrams of SIZE bytes and compares them. Prints "took N lost N".
 *   net both ADDRESS COUNT MOST SEED   echo, while COUNT numbered datagrams of MOST bytes come, each of which is compared, too. Prints also
 *                                      "meanwhile N lost N between N": so many of them came while answers were under way.
 *   net sink PORT SIZE                 accepts one TCP connection, compares SIZE bytes, prints "sank N"
 *   net pour PORT SIZE                 accepts one TCP connection, sends SIZE bytes, prints "poured N"
 *   net fetch ADDRESS PORT SIZE        makes a TCP connection, to "pour", and compares what comes, prints "fetched N"
 *   net software INTERFACE             has Linux compute checksums of what it sends there, as for a card that cannot
 *
 * PATIENCE is for how many milliseconds "echo", "both" and "take" wait for an answer, 30000 if it is not there: a machine that is slow
 * loses nothing. SOURCE is the address that datagrams come from. ADDRESS is one of IPv4 or IPv6.
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
/* Datagrams asked for at once, at most. */
#define STREAM 64

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

static int patience(void)
{
	const char *given = getenv("PATIENCE");

	return given != NULL ? atoi(given) : 30000;
}

/* Whether a numbered datagram is what it should be; its number. */
static int numbered(const uint8_t *got, ssize_t have, size_t size, uint32_t count, uint32_t *first)
{
	if (have < 0 || (size_t)have != size) {
		fprintf(stderr, "net: %zd bytes instead of %zu\n", have, size);
		return 0;
	}
	memcpy(first, got, 4);
	for (size_t at = 0; at + 4 <= size; at += 4) {
		uint32_t word;

		memcpy(&word, got + at, 4);
		if (word != *first + at / 4 || *first >= count) {
			fprintf(stderr, "net: wrong bytes at %zu of datagram %u\n", at, *first);
			return 0;
		}
	}
	return 1;
}

/* Numbered datagrams that come while others are echoed: a few are always asked for. */
struct stream {
	int fd;
	uint8_t *came;
	uint32_t count, asked, got, between;
	size_t size;
};

static void ask_more(struct stream *s)
{
	char text[64];
	uint32_t now = s->count - s->asked < STREAM / 2 ? s->count - s->asked : STREAM / 2;
	int length = snprintf(text, sizeof text, "more %u %zu", now, s->size);

	if (now == 0 || s->asked > s->got + STREAM / 2)
		return;
	if (send(s->fd, text, (size_t)length, 0) < 0)
		die("send");
	s->asked += now;
}

/* Takes what has come of it; 0 when something is wrong. */
static int take_stream(struct stream *s, int flying, int milliseconds)
{
	static uint8_t got[MOST + 1];

	for (; s->got < s->count && readable(s->fd, milliseconds); milliseconds = 0) {
		uint32_t number;

		if (!numbered(got, recv(s->fd, got, sizeof got, 0), s->size, s->count, &number))
			return 0;
		if (s->came[number]++) {
			fprintf(stderr, "net: datagram %u came twice\n", number);
			return 0;
		}
		s->got++;
		s->between += flying;
		ask_more(s);
	}
	return 1;
}

static int echo(const char *address, uint32_t count, size_t most, uint64_t seed, int more)
{
	static uint8_t sent[MOST + 1], wanted[MOST + 1], got[MOST + 1];
	int fd = connect_to(address, 7);
	uint32_t next = 0, echoed = 0, lost = 0, flying = 0;
	struct stream stream = { .count = more ? count : 0, .size = most / 4 * 4 };

	if (more) {
		stream.fd = connect_to(address, 9);
		stream.came = calloc(count, 1);
		ask_more(&stream);
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
		if (!readable(fd, patience())) {
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
		if (!take_stream(&stream, flying > 0, 0))
			return 1;
	}
	while (stream.got < stream.count) {
		uint32_t before = stream.got;

		if (!take_stream(&stream, 0, patience()))
			return 1;
		if (stream.got == before)
			break;
	}
	printf("echoed %u lost %u\n", echoed, lost);
	if (more)
		printf("meanwhile %u lost %u between %u\n", stream.got, stream.count - stream.got, stream.between);
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
	while (took < count && readable(fd, patience())) {
		uint32_t first;

		if (!numbered(got, recv(fd, got, sizeof got, 0), size, count, &first))
			return 1;
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

	while (have < size && readable(fd, 60000)) {
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
