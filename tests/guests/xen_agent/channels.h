/* SPDX-License-Identifier: ISC */
/* Orders about event channels. */
#ifndef XEN_AGENT_CHANNELS_H
#define XEN_AGENT_CHANNELS_H

#include "order.h"

#define PATIENCE (60000 * MILLISECOND)

/* Waits for an event on `port`; false when none comes in a minute. */
static bool await(int64_t port)
{
	uint64_t end = solo5_clock_monotonic() + PATIENCE;

	for (;;) {
		mxen_evtchn_demux();
		if (mxen_evtchn_test_and_clear(port))
			return true;
		if (solo5_clock_monotonic() >= end)
			return false;
		mxen_evtchn_block((int64_t)end);
	}
}

/* Whether it is one of these; then it is done. */
static bool channel_order(const char *name, const int64_t *a)
{
	int64_t result = 0;

	if (IS("alloc")) answer(mxen_evtchn_alloc_unbound(a[0]));
	else if (IS("bind")) answer(mxen_evtchn_bind_interdomain(a[0], a[1]));
	else if (IS("virq")) answer(mxen_evtchn_bind_virq(a[0]));
	else if (IS("unmask")) answer(mxen_evtchn_unmask(a[0]));
	else if (IS("unbind")) answer(mxen_evtchn_unbind(a[0]));
	else if (IS("notify")) answer(mxen_evtchn_notify(a[0]));
	else if (IS("take")) answer(mxen_evtchn_test_and_clear(a[0]));
	else if (IS("next")) printf("= %lld\n", (long long)mxen_evtchn_next_pending(a[0]));
	else if (IS("demux")) answer(mxen_evtchn_demux());
	else if (IS("ports")) answer(mxen_evtchn_nr_events());
	else if (IS("await")) answer(await(a[0]));
	else if (IS("block")) {
		/* Milliseconds; answers whether there was an event and how many microseconds it took. */
		uint64_t start = solo5_clock_monotonic();
		mxen_evtchn_block((int64_t)(start + (uint64_t)a[0] * MILLISECOND));
		uint64_t took = (solo5_clock_monotonic() - start) / 1000;
		bool event = mxen_evtchn_demux();
		printf("= %d %lld\n", event, (long long)took);
	}
	else if (IS("ping")) {
		/* port, rounds: how many came back, and ns for each */
		uint64_t start = solo5_clock_monotonic();
		int64_t i;
		for (i = 0; i < a[1]; i++) {
			mxen_evtchn_notify(a[0]);
			if (!await(a[0]))
				break;
		}
		printf("= %lld %lld\n", (long long)i, (long long)(solo5_clock_monotonic() - start) / a[1]);
	}
	else if (IS("pong")) {
		int64_t i;
		for (i = 0; i < a[1]; i++) {
			if (!await(a[0]))
				break;
			mxen_evtchn_notify(a[0]);
		}
		answer(i);
	}
	else if (IS("many")) {
		/* count: ports from this domain to itself, each end notified once, all found, all closed */
		int64_t *ports = malloc(sizeof *ports * (size_t)a[0] * 2), n, found = 0, most = 0;
		for (n = 0; n < a[0]; n++) {
			ports[2 * n] = mxen_evtchn_alloc_unbound(0x7ff0);
			if (ports[2 * n] < 0) {
				result = ports[2 * n];
				break;
			}
			ports[2 * n + 1] = mxen_evtchn_bind_interdomain(0x7ff0, ports[2 * n]);
			if (ports[2 * n + 1] < 0) {
				result = ports[2 * n + 1];
				mxen_evtchn_unbind(ports[2 * n]);
				break;
			}
			mxen_evtchn_unmask(ports[2 * n]);
			mxen_evtchn_unmask(ports[2 * n + 1]);
			if (ports[2 * n + 1] > most)
				most = ports[2 * n + 1];
		}
		mxen_evtchn_demux();
		for (int64_t i = 0; i < 2 * n; i++)
			mxen_evtchn_test_and_clear(ports[i]);
		for (int64_t i = 0; i < 2 * n; i++)
			mxen_evtchn_notify(ports[i]);
		mxen_evtchn_demux();
		for (int64_t p = mxen_evtchn_next_pending(0); p >= 0; p = mxen_evtchn_next_pending(p + 1))
			found++;
		for (int64_t i = 0; i < 2 * n; i++)
			if (!mxen_evtchn_test_and_clear(ports[i]))
				found = -1;
		for (int64_t i = 0; i < 2 * n; i++)
			if (mxen_evtchn_unbind(ports[i]) < 0)
				found = -2;
		free(ports);
		int length = 0;
		const char *text = result < 0 ? mxen_error_text(result, &length) : "";
		printf("= %lld %lld %lld %.*s\n", (long long)n, (long long)found, (long long)most, length, text);
	}
	else
		return false;
	return true;
}

#endif
