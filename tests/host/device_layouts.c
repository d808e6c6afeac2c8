/* SPDX-License-Identifier: ISC
 * A backend made of Xen's own headers: says what it finds in the pages that a frontend wrote, and answers in them.
 * Interface: io/ring.h, io/netif.h, io/blkif.h. The pages come by standard input, the answers go to standard output.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define __XEN_INTERFACE_VERSION__ 0x00040d00
#define xen_mb() __sync_synchronize()
#define xen_rmb() __sync_synchronize()
#define xen_wmb() __sync_synchronize()
#include <xen.h>
#include <io/netif.h>
#include <io/blkif.h>

/* The header has this in a comment only. */
#define SEGMENTS_IN_PAGE (4096 / sizeof(struct blkif_request_segment))

static union {
	char bytes[4096];
	uint64_t align;
} page;

static void take_page(void)
{
	if (fread(page.bytes, sizeof page.bytes, 1, stdin) != 1)
		perror("a page");
}

static void give_page(void)
{
	fwrite(page.bytes, sizeof page.bytes, 1, stdout);
}

/* Each request on a line. */
static void net_tx_requests(void)
{
	netif_tx_back_ring_t ring;

	take_page();
	BACK_RING_INIT(&ring, (netif_tx_sring_t *)page.bytes, sizeof page.bytes);
	printf("size %u event %u\n", RING_SIZE(&ring), ring.sring->rsp_event);
	while (RING_HAS_UNCONSUMED_REQUESTS(&ring)) {
		netif_tx_request_t *request = RING_GET_REQUEST(&ring, ring.req_cons++);

		printf("ref %u offset %u flags %x id %u size %u\n", request->gref, request->offset, request->flags, request->id,
		       request->size);
		if (request->flags & NETTXF_extra_info) {
			netif_extra_info_t *extra = (netif_extra_info_t *)RING_GET_REQUEST(&ring, ring.req_cons++);

			printf("extra %u flags %u size %u type %u features %u\n", extra->type, extra->flags, extra->u.gso.size,
			       extra->u.gso.type, extra->u.gso.features);
		}
	}
}

/* A good answer to the first request, none to the extra's slot, a bad one to the third. */
static void net_tx_responses(void)
{
	netif_tx_back_ring_t ring;

	take_page();
	BACK_RING_INIT(&ring, (netif_tx_sring_t *)page.bytes, sizeof page.bytes);
	for (unsigned i = 0; i < 3; i++) {
		uint16_t id = RING_GET_REQUEST(&ring, i)->id;
		netif_tx_response_t *response = RING_GET_RESPONSE(&ring, ring.rsp_prod_pvt++);

		response->id = i == 1 ? 0 : id;
		response->status = i == 0 ? NETIF_RSP_OKAY : i == 1 ? NETIF_RSP_NULL : NETIF_RSP_ERROR;
	}
	RING_PUSH_RESPONSES(&ring);
	give_page();
}

static void net_rx_requests(void)
{
	netif_rx_back_ring_t ring;

	take_page();
	BACK_RING_INIT(&ring, (netif_rx_sring_t *)page.bytes, sizeof page.bytes);
	printf("size %u event %u\n", RING_SIZE(&ring), ring.sring->rsp_event);
	while (RING_HAS_UNCONSUMED_REQUESTS(&ring)) {
		netif_rx_request_t *request = RING_GET_REQUEST(&ring, ring.req_cons++);

		printf("id %u ref %u\n", request->id, request->gref);
	}
}

/* A packet of two pieces with a GSO extra between them, whose checksum is blank. */
static void net_rx_responses(void)
{
	netif_rx_back_ring_t ring;
	netif_rx_response_t *response;
	netif_extra_info_t *extra;
	uint16_t id;

	take_page();
	BACK_RING_INIT(&ring, (netif_rx_sring_t *)page.bytes, sizeof page.bytes);
	id = RING_GET_REQUEST(&ring, 0)->id;
	response = RING_GET_RESPONSE(&ring, ring.rsp_prod_pvt++);
	*response = (netif_rx_response_t){ .id = id, .offset = 2, .flags = NETRXF_csum_blank | NETRXF_data_validated |
		NETRXF_more_data | NETRXF_extra_info, .status = 4000 };
	extra = (netif_extra_info_t *)RING_GET_RESPONSE(&ring, ring.rsp_prod_pvt++);
	*extra = (netif_extra_info_t){ .type = XEN_NETIF_EXTRA_TYPE_GSO, .u.gso = { .size = 1460, .type = XEN_NETIF_GSO_TYPE_TCPV6 } };
	id = RING_GET_REQUEST(&ring, 2)->id;
	response = RING_GET_RESPONSE(&ring, ring.rsp_prod_pvt++);
	*response = (netif_rx_response_t){ .id = id, .offset = 0, .status = 96 };
	RING_PUSH_RESPONSES(&ring);
	give_page();
}

static void block_requests(void)
{
	blkif_back_ring_t ring;

	take_page();
	BACK_RING_INIT(&ring, (blkif_sring_t *)page.bytes, sizeof page.bytes);
	printf("size %u event %u in page %zu direct %u\n", RING_SIZE(&ring), ring.sring->rsp_event, SEGMENTS_IN_PAGE,
	       BLKIF_MAX_SEGMENTS_PER_REQUEST);
	while (RING_HAS_UNCONSUMED_REQUESTS(&ring)) {
		blkif_request_t *request = RING_GET_REQUEST(&ring, ring.req_cons++);
		blkif_request_indirect_t *indirect = (blkif_request_indirect_t *)request;
		blkif_request_discard_t *discard = (blkif_request_discard_t *)request;

		switch (request->operation) {
		case BLKIF_OP_INDIRECT:
			printf("indirect %s count %u id %lu sector %lu handle %u ref %u\n", indirect->indirect_op == BLKIF_OP_WRITE ? "write" : "?",
			       indirect->nr_segments, indirect->id, indirect->sector_number, indirect->handle, indirect->indirect_grefs[0]);
			break;
		case BLKIF_OP_DISCARD:
			printf("discard flag %u handle %u id %lu sector %lu count %lu\n", discard->flag, discard->handle, discard->id,
			       discard->sector_number, discard->nr_sectors);
			break;
		default:
			printf("%s handle %u id %lu sector %lu", request->operation == BLKIF_OP_READ ? "read" :
			       request->operation == BLKIF_OP_WRITE ? "write" : request->operation == BLKIF_OP_FLUSH_DISKCACHE ? "flush" : "?",
			       request->handle, request->id, request->sector_number);
			for (unsigned i = 0; i < request->nr_segments; i++)
				printf(" %u:%u-%u", request->seg[i].gref, request->seg[i].first_sect, request->seg[i].last_sect);
			printf("\n");
		}
	}
}

/* The three kinds of answers. */
static void block_responses(void)
{
	static const int16_t statuses[] = { BLKIF_RSP_OKAY, BLKIF_RSP_ERROR, BLKIF_RSP_EOPNOTSUPP };
	blkif_back_ring_t ring;

	take_page();
	BACK_RING_INIT(&ring, (blkif_sring_t *)page.bytes, sizeof page.bytes);
	for (unsigned i = 0; i < 3; i++) {
		blkif_request_t request = *RING_GET_REQUEST(&ring, i);
		blkif_response_t *response = RING_GET_RESPONSE(&ring, ring.rsp_prod_pvt++);

		response->id = request.id;
		response->operation = request.operation;
		response->status = statuses[i];
	}
	RING_PUSH_RESPONSES(&ring);
	give_page();
}

/* A page of segments. */
static void segments(void)
{
	take_page();
	for (unsigned i = 0; i < 2; i++) {
		struct blkif_request_segment *segment = (struct blkif_request_segment *)page.bytes + i;

		printf("%u:%u-%u\n", segment->gref, segment->first_sect, segment->last_sect);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} modes[] = { { "tx", net_tx_requests }, { "tx-answer", net_tx_responses }, { "rx", net_rx_requests },
		      { "rx-answer", net_rx_responses }, { "block", block_requests }, { "block-answer", block_responses },
		      { "segments", segments } };

	for (unsigned i = 0; argc == 2 && i < sizeof modes / sizeof *modes; i++)
		if (strcmp(argv[1], modes[i].name) == 0) {
			modes[i].run();
			return 0;
		}
	return 64;
}
