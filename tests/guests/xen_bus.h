/* SPDX-License-Identifier: ISC */
/* A backend's side of xenstore, for backends of our own that the toolstack's part is played for by a test. Layouts: io/xs_wire.h,
 * io/xenbus.h.
 */
#ifndef XEN_BUS_H
#define XEN_BUS_H

#include "xen_peer.h"

enum { XS_READ = 2, XS_WRITE = 11, XS_RM = 13 };
enum { INITIALISING = 1, INIT_WAIT = 2, INITIALISED = 3, CONNECTED = 4, CLOSING = 5, CLOSED = 6 };

static char front[64], back[96];

/* Sends a request; the first byte of a value that was read, 0 when there is none. `value` gets all of it, if it is not null. */
static char request(uint32_t kind, const char *payload, size_t size, char *value, size_t most)
{
	struct mxen_store_message message;
	int64_t number;

	while ((number = mxen_store_submit(kind, 0, payload, size)) == 0)
		solo5_yield(solo5_clock_monotonic() + MILLISECOND, NULL);
	for (int tries = 0; number > 0 && tries < 20000;) {
		mxen_evtchn_demux();
		if (mxen_store_next(&message) != 1) {
			solo5_yield(solo5_clock_monotonic() + MILLISECOND / 2, NULL);
			tries++;
			continue;
		}
		bool is_it = message.number == (uint64_t)number, good = is_it && message.kind == (int32_t)kind;
		char first = good && message.size > 0 ? message.payload[0] : 0;

		if (good && value != NULL) {
			size_t length = message.size < most - 1 ? message.size : most - 1;

			memcpy(value, message.payload, length);
			value[length] = 0;
		}
		mxen_store_drop();
		if (is_it)
			return first;
	}
	return 0;
}

static char node(const char *folder, const char *name, char *value, size_t most)
{
	char path[160];
	int size = snprintf(path, sizeof path, "%s/%s", folder, name);

	return request(XS_READ, path, (size_t)size + 1, value, most);
}

/* A number that the frontend has published; -1 without one. */
static int64_t node_number(const char *name)
{
	char value[32] = "";

	return node(front, name, value, sizeof value) ? atoll(value) : -1;
}

/* A number that the frontend has published of a queue, of which there are several or one. */
static inline int64_t queue_number(unsigned queue, bool several, const char *name)
{
	char path[64];

	if (!several)
		return node_number(name);
	snprintf(path, sizeof path, "queue-%u/%s", queue, name);
	return node_number(path);
}

static void put(const char *name, const char *value)
{
	static char payload[4096];
	int size = snprintf(payload, sizeof payload, "%s/%s%c%s", back, name, 0, value);

	request(XS_WRITE, payload, (size_t)size < sizeof payload ? (size_t)size : sizeof payload - 1, NULL, 0);
}

static void put_state(unsigned state)
{
	const char text[2] = { (char)('0' + state), 0 };

	put("state", text);
}

/* Goes on as a backend does it. `enter` maps what the frontend has published, `leave` lets go of it. */
static void shake_hands(bool attached, bool (*enter)(void), void (*leave)(void))
{
	char theirs = node(front, "state", NULL, 0);
	int state = node(back, "state", NULL, 0) - '0';

	if (theirs == '0' + CLOSING && state != CLOSING) {
		leave();
		put_state(CLOSING);
	} else if (theirs == '0' + CLOSED && state != CLOSED) {
		leave();
		put_state(CLOSED);
	} else if (theirs == '0' + INITIALISING && state != INIT_WAIT) {
		leave();
		put("online", "1");
		put_state(INIT_WAIT);
	} else if ((theirs == '0' + INITIALISED || theirs == '0' + CONNECTED) && !attached) {
		if (state == INIT_WAIT && enter())
			put_state(CONNECTED);
		else
			put_state(CLOSED);
	}
}

static void name_folders(const char *class_, long long domid, long long number)
{
	static char own[16];

	request(XS_READ, "domid", 6, own, sizeof own);
	snprintf(front, sizeof front, "/local/domain/%lld/device/%s/%lld", domid, class_, number);
	snprintf(back, sizeof back, "/local/domain/%s/backend/%s/%lld/%lld", own, class_, domid, number);
}

#endif
