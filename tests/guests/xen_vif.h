/* SPDX-License-Identifier: ISC */
/* The backend's side of an interface's queues, one or several, for network backends of our own. Layouts: io/netif.h. */
#ifndef XEN_VIF_H
#define XEN_VIF_H

#include "xen_bus.h"

enum { TX_SLOTS = 256, RX_SLOTS = 256, QUEUES = 4 };

struct queue {
	struct end tx, rx;
	int64_t ports[2];
	unsigned channels;
};

/* Those of the connection. */
static struct queue queues[QUEUES];
static unsigned count;
static int64_t peer;
static bool attached;

static inline void put16(uint8_t *at, unsigned number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

static volatile uint32_t *rx_slot(const struct queue *q, uint32_t index)
{
	return &q->rx.ring->words[index % RX_SLOTS * 2];
}

static void let_go(struct queue *queue)
{
	for (unsigned i = 0; i < queue->channels; i++)
		mxen_evtchn_unbind(queue->ports[i]);
	queue->channels = 0;
	detach(&queue->tx);
	detach(&queue->rx);
}

static void leave(void)
{
	if (!attached)
		return;
	for (unsigned i = 0; i < count; i++)
		let_go(&queues[i]);
	count = 0;
	attached = false;
}

static bool enter_queue(unsigned number, bool several)
{
	struct queue *queue = &queues[number];
	int64_t tx_ref = queue_number(number, several, "tx-ring-ref"), rx_ref = queue_number(number, several, "rx-ring-ref");
	int64_t remote[2] = { queue_number(number, several, "event-channel"), 0 };
	unsigned channels = 1;

	if (remote[0] < 0) {
		remote[0] = queue_number(number, several, "event-channel-rx");
		remote[1] = queue_number(number, several, "event-channel-tx");
		channels = 2;
	}
	if (tx_ref < 0 || rx_ref < 0 || remote[0] < 0 || remote[1] < 0 || !attach(&queue->tx, peer, tx_ref))
		return false;
	if (!attach(&queue->rx, peer, rx_ref)) {
		detach(&queue->tx);
		return false;
	}
	for (queue->channels = 0; queue->channels < channels; queue->channels++)
		if ((queue->ports[queue->channels] = mxen_evtchn_bind_interdomain(peer, remote[queue->channels])) < 0) {
			let_go(queue);
			return false;
		}
	return true;
}

/* Maps what the frontend has published. */
static bool enter_all(void)
{
	int64_t there = node_number("multi-queue-num-queues");
	unsigned wanted = there > 1 && there <= QUEUES ? (unsigned)there : 1;

	attached = true;
	for (count = 0; count < wanted; count++)
		if (!enter_queue(count, wanted > 1)) {
			leave();
			return false;
		}
	return true;
}

#endif
