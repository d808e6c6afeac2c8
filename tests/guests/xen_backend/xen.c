/* SPDX-License-Identifier: ISC */
/* A disk's backend of our own, for what blkback does not do: a disk in memory with the features that it is told to have. Told what to
 * do over its console, a command a line; whoever tells it plays the part of the toolstack in xenstore.
 */
#include "../xen_vbd.h"

/* ---- a disk in memory ---- */

static uint8_t disk[4 << 20] __attribute__((aligned(PAGE)));
enum { QUEUES = 4 };
static uint64_t sectors, block, counts[7], wrong, served[QUEUES];
/* What the digest is of, if not of all sectors. */
static uint64_t digested;
/* Sectors that cannot be read or written. */
static uint64_t bad_first, bad_count;
static bool takes_indirect, takes_flush, takes_discard;

static int transfer(const struct end *end, bool write, uint64_t sector, const struct segment *segments, size_t count)
{
	uint64_t first = sector;
	bool bad = false;

	for (size_t i = 0; i < count; i++)
		sector += (uint64_t)(segments[i].last + 1 - segments[i].first);
	bad = sector > bad_first && first < bad_first + bad_count;
	sector = first;
	for (size_t i = 0; i < count && !bad; i++) {
		const struct segment *s = &segments[i];
		size_t size = (size_t)(s->last + 1 - s->first) * 512;

		/* What a disk of larger sectors is asked are whole ones. */
		if (s->last > 7 || s->first > s->last || sector + size / 512 > sectors || sector % block != 0 || size / 512 % block != 0) {
			wrong++;
			return ERROR;
		}
		if (!copy(end, s->ref, s->first * 512, disk + sector * 512, size, !write)) {
			wrong++;
			return ERROR;
		}
		sector += size / 512;
	}
	return bad ? ERROR : OKAY;
}

static int disk_request(const struct end *end, const uint32_t *words)
{
	static uint8_t page[PAGE] __attribute__((aligned(PAGE)));
	unsigned operation = words[0] & 0xff;
	uint64_t sector = words[4] | (uint64_t)words[5] << 32;

	if (operation > INDIRECT)
		operation = 2;
	counts[operation]++;
	switch (operation) {
	case READ:
	case WRITE:
		return transfer(end, operation == WRITE, sector, (const struct segment *)(words + 6), words[0] >> 8 & 0xff);
	case FLUSH:
		wrong += !takes_flush;
		return takes_flush ? OKAY : UNSUPPORTED;
	case DISCARD: {
		uint64_t count = words[6] | (uint64_t)words[7] << 32;

		if (!takes_discard || sector + count > sectors || (sector | count) % block != 0) {
			wrong++;
			return UNSUPPORTED;
		}
		if (sector + count > bad_first && sector < bad_first + bad_count)
			return ERROR;
		memset(disk + sector * 512, 0, count * 512);
		return OKAY;
	}
	case INDIRECT:
		if (!takes_indirect || words[0] >> 16 > PAGE / 8 || !copy(end, words[7], 0, page, PAGE, false)) {
			wrong++;
			return UNSUPPORTED;
		}
		return transfer(end, (words[0] >> 8 & 0xff) == WRITE, sector, (const struct segment *)page, words[0] >> 16);
	default:
		wrong++;
		return UNSUPPORTED;
	}
}

/* Serves until the next command comes, and says when each queue has been used. Then it says how many requests of each kind there
 * were, how many were wrong, how many came by each queue, and the digest of what is on the disk. `queues` has the ring and the port
 * of each of `count`.
 */
static void serve_disk(int64_t domid, uint64_t size, uint64_t block_size, unsigned features, const int64_t *queues, unsigned count)
{
	struct end ends[QUEUES];
	int64_t ports[QUEUES];

	sectors = size;
	block = block_size / 512;
	takes_indirect = features & 1, takes_flush = features & 2, takes_discard = features & 4;
	for (unsigned i = 0; i < count; i++) {
		if (!attach(&ends[i], domid, queues[2 * i]))
			return;
		ports[i] = mxen_evtchn_bind_interdomain(domid, queues[2 * i + 1]);
		if (ports[i] < 0 || mxen_evtchn_unmask(ports[i]) < 0)
			return fail("bind", ports[i]);
	}
	printf("= 1\n");
	fflush(stdout);
	for (bool said = false; console->in_cons == console->in_prod;) {
		bool idle = true, used = true;

		for (unsigned i = 0; i < count; i++) {
			idle &= serve_requests(&ends[i], ports[i], disk_request);
			used &= ends[i].cons != 0;
		}
		if (used && !said) {
			printf("all queues are used\n");
			fflush(stdout);
			said = true;
		}
		if (idle)
			solo5_yield(solo5_clock_monotonic() + MILLISECOND, NULL);
	}
	for (unsigned i = 0; i < count; i++) {
		mxen_evtchn_unbind(ports[i]);
		served[i] += ends[i].cons;
		detach(&ends[i]);
	}
	read_line();
	uint64_t hash = 14695981039346656037ull;
	for (uint64_t i = 0; i < (digested != 0 ? digested : sectors) * 64; i++)
		hash = (hash ^ ((uint64_t *)disk)[i]) * 1099511628211ull;
	printf("digest %llu\n= %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu\n", (unsigned long long)hash, (unsigned long long)counts[READ],
	       (unsigned long long)counts[WRITE], (unsigned long long)counts[FLUSH], (unsigned long long)counts[DISCARD],
	       (unsigned long long)counts[INDIRECT], (unsigned long long)wrong, (unsigned long long)served[0],
	       (unsigned long long)served[1], (unsigned long long)served[2], (unsigned long long)served[3]);
}

int main(void)
{
	take_orders();
	for (;;) {
		struct order order = next_order();
		const int64_t *a = order.a;

		if (strcmp(order.name, "disk") == 0) {
			/* domid, sectors, bytes of a sector, features: 1 indirect, 2 flush, 4 discard; queues, ring and port of each */
			serve_disk(a[0], (uint64_t)a[1], (uint64_t)a[2], (unsigned)a[3], a + 5, a[4] > QUEUES ? QUEUES : (unsigned)a[4]);
		} else if (strcmp(order.name, "over") == 0) {
			/* A word for who reads that sector; it is not the disk's any more. */
			digested = (uint64_t)a[0];
			memcpy(disk + digested * 512, "stop", 4);
			printf("= 1\n");
		} else if (strcmp(order.name, "bad") == 0) {
			/* The first of them, and how many. */
			bad_first = (uint64_t)a[0], bad_count = (uint64_t)a[1];
			printf("= 1\n");
		} else if (strcmp(order.name, "peek") == 0) {
			peek(a[0], a[1], a[2]);
		} else {
			other_order(&order);
		}
	}
}
