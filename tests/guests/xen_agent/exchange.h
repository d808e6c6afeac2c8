/* SPDX-License-Identifier: ISC */
/* Orders to two agents that share a page and a port: cycles of connecting, and numbers without an answer to each. */
#ifndef XEN_AGENT_EXCHANGE_H
#define XEN_AGENT_EXCHANGE_H

#include "channels.h"
#include "pages.h"

/* A page through which two agents run cycles: what the leader asks, and the follower's answer. */
struct mailbox {
	volatile uint32_t order, done;
	volatile int64_t port, ref, result;
};
enum { CONNECT = 1, STOP = 2 };

/* Leader: offer a port and a page, have the follower use and drop both, take them back; n times. */
static int64_t lead(struct mailbox *box, int64_t port, int64_t domid, int64_t n, int64_t ref)
{
	uint64_t *page = pages(1);

	for (int64_t i = 0; i < n; i++) {
		int64_t offered = mxen_evtchn_alloc_unbound(domid);
		if (offered < 0 || mxen_evtchn_unmask(offered) < 0)
			return -1000 - i;
		page[0] = (uint64_t)i;
		if (mxen_grant_access(ref, (uintptr_t)page, domid, true) < 0)
			return -2000 - i;
		box->port = offered;
		box->ref = ref;
		box->order = CONNECT;
		mxen_evtchn_notify(port);
		if (!await(offered))
			return -3000 - i;
		/* Mapped now: busy. */
		if (mxen_grant_end_access(ref) != 0)
			return -4000 - i;
		mxen_evtchn_notify(offered);
		if (!await(port) || box->result < 0)
			return -5000 - i;
		if (page[1] != (uint64_t)i + 1 || mxen_grant_end_access(ref) != 1)
			return -6000 - i;
		if (mxen_evtchn_unbind(offered) < 0)
			return -7000 - i;
	}
	box->order = STOP;
	mxen_evtchn_notify(port);
	return n;
}

static int64_t follow(struct mailbox *box, int64_t port, int64_t domid)
{
	int64_t cycles = 0, failed;

	for (;;) {
		while (box->order == 0)
			if (!await(port))
				return -1;
		if (box->order == STOP)
			return cycles;
		box->order = 0;
		int64_t mine = mxen_evtchn_bind_interdomain(domid, box->port);
		if (mine < 0 || mxen_evtchn_unmask(mine) < 0)
			return -2;
		struct mxen_foreign page = { domid, box->ref };
		uint32_t handle;
		int64_t address = mxen_grant_map(&page, 1, true, &handle, &failed);
		if (address < 0)
			return -3;
		/* Binding raises one event at once. */
		mxen_evtchn_demux();
		mxen_evtchn_test_and_clear(mine);
		mxen_evtchn_notify(mine);
		if (!await(mine))
			return -4;
		((volatile uint64_t *)address)[1] = ((volatile uint64_t *)address)[0] + 1;
		box->result = mxen_grant_unmap((uintptr_t)address, &handle, 1, true);
		if (mxen_evtchn_unbind(mine) < 0)
			return -5;
		cycles++;
		mxen_evtchn_notify(port);
	}
}

/* Sends n numbers through a shared word without waiting for each; the other side must see the last one. */
static int64_t flood(int64_t port, int64_t n)
{
	volatile uint64_t *word = (volatile uint64_t *)shared;

	for (int64_t i = 1; i <= n; i++) {
		word[2] = (uint64_t)i;
		if (mxen_evtchn_notify(port) < 0)
			return -1;
	}
	return n;
}

static int64_t drink(int64_t port, int64_t n)
{
	volatile uint64_t *word = (volatile uint64_t *)(uintptr_t)mappings[0].address;
	int64_t events = 0;

	while (word[2] < (uint64_t)n) {
		if (!await(port))
			return -1;
		events++;
	}
	return events;
}

/* Whether it is one of these; then it is done. */
static bool exchange_order(const char *name, const int64_t *a)
{
	if (IS("lead")) answer(lead((struct mailbox *)(shared + 64), a[0], a[1], a[2], a[3]));
	else if (IS("follow")) answer(follow((struct mailbox *)(mappings[0].address + 64), a[0], a[1]));
	else if (IS("flood")) answer(flood(a[0], a[1]));
	else if (IS("drink")) answer(drink(a[0], a[1]));
	else
		return false;
	return true;
}

#endif
