/* SPDX-License-Identifier: ISC
 * A ring of a disk's requests, for backends of our own that keep to the protocol. Layouts: io/ring.h, io/blkif.h, which
 * tests/device_layouts.rs compares with the frontend's.
 */
#ifndef XEN_VBD_H
#define XEN_VBD_H

#include "xen_peer.h"

enum { READ = 0, WRITE = 1, FLUSH = 3, DISCARD = 5, INDIRECT = 6 };
enum { OKAY = 0, ERROR = -1, UNSUPPORTED = -2 };

/* A page of the frontend's, and the first and last of its eight sectors. */
struct segment {
	uint32_t ref;
	uint8_t first, last;
	uint16_t pad;
};

/* Answers the requests that are there with what `serve` says of their words, and has the event; whether there were none. */
static inline bool serve_requests(struct end *end, int64_t port, int (*serve)(const struct end *end, const uint32_t *words))
{
	bool idle = true;

	while (end->cons != end->ring->req_prod) {
		uint32_t words[28];

		__sync_synchronize();
		for (unsigned i = 0; i < 28; i++)
			words[i] = end->ring->words[end->cons % 32 * 28 + i];
		end->cons++;
		int status = serve(end, words);
		volatile uint32_t *answer = &end->ring->words[end->prod++ % 32 * 28];
		answer[0] = words[2];
		answer[1] = words[3];
		answer[2] = (words[0] & 0xff) | (uint32_t)status << 16;
		__sync_synchronize();
		end->ring->rsp_prod = end->prod;
		mxen_evtchn_notify(port);
		idle = false;
	}
	end->ring->req_event = end->cons + 1;
	__sync_synchronize();
	mxen_evtchn_demux();
	mxen_evtchn_test_and_clear(port);
	return idle && end->cons == end->ring->req_prod;
}

#endif
