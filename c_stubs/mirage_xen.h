/* SPDX-License-Identifier: ISC */
/* The whole contract between the bindings' Rust (src/ffi) and their C (c_stubs/mirage_*.c).
 *
 * Numbers go to Rust as OCaml gave them, as int64_t, and are checked there. Where a function returns int64_t, a negative
 * result is an error whose text mxen_error_text gives; otherwise it is what the function's line says.
 */
#ifndef MIRAGE_XEN_H
#define MIRAGE_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an error says: constant text without a final zero, and its length. */
const char *mxen_error_text(int64_t code, int *length);

/* Event channels. Ports are numbered from 1. */

/* How many ports have a pending mark: 4096, or 131072 once a port beyond 4095 was given out. */
int64_t mxen_evtchn_nr_events(void);
/* Each a new port, masked. */
int64_t mxen_evtchn_alloc_unbound(int64_t remote_domid);
int64_t mxen_evtchn_bind_interdomain(int64_t remote_domid, int64_t remote_port);
int64_t mxen_evtchn_bind_virq(int64_t virq);
/* Each 0. */
int64_t mxen_evtchn_unbind(int64_t port);
int64_t mxen_evtchn_unmask(int64_t port);
int64_t mxen_evtchn_notify(int64_t port);
/* Takes the port's pending mark. */
bool mxen_evtchn_test_and_clear(int64_t port);
/* The first marked port from `port` on, or -1. */
int64_t mxen_evtchn_next_pending(int64_t port);
/* Moves Xen's events into the marks; whether there was one. */
bool mxen_evtchn_demux(void);
/* Sleeps until an event or `deadline`, in ns of the monotonic clock; INT64_MAX for none. */
void mxen_evtchn_block(int64_t deadline);

/* The domain's own channels: a port, or the address of a page, 0 when the domain has none. */
int64_t mxen_console_port(void);
int64_t mxen_console_page(void);
int64_t mxen_xenstore_port(void);
int64_t mxen_xenstore_page(void);
/* Ends the domain as "reboot"; returns where the core cannot. */
void mxen_reboot(void);

/* Grants of this domain's pages. */

/* How many references there can be, and how many at the start of the table are not the application's. */
int64_t mxen_grant_entries(void);
int64_t mxen_grant_reserved(void);
/* Grants access to the page at `address`, page aligned; 0. */
int64_t mxen_grant_access(int64_t ref, uintptr_t address, int64_t domid, bool writable);
/* Ends it: 1, or 0 while the peer still has the page mapped. */
int64_t mxen_grant_end_access(int64_t ref);

/* Grants of other domains. */

/* One page to map. */
struct mxen_foreign {
	int64_t domid;
	int64_t ref;
};

/* Maps `count` pages one after the other, all or none, and writes a handle for each; the address. A write to them faults
 * unless `writable`. MXEN_WINDOW_FULL when there is no address space left. `failed` gets the index of the page that Xen refused, or -1. */
int64_t mxen_grant_map(const struct mxen_foreign *pages, size_t count, bool writable, uint32_t *handles, int64_t *failed);
/* Unmaps what mxen_grant_map mapped, writable as it was then; 0. */
int64_t mxen_grant_unmap(uintptr_t address, const uint32_t *handles, size_t count, bool writable);

/* One piece to copy, within one page of the peer's; the local side may cross pages. */
struct mxen_copy {
	void *local;
	int64_t domid;
	int64_t ref;
	int64_t offset;
	int64_t length;
};

/* Copies out of the peers' pages, or into them; 0. `failed` gets the index of the piece that Xen refused, or -1. */
int64_t mxen_grant_copy(const struct mxen_copy *pieces, size_t count, bool to_peer, int64_t *failed);

/* The domain's connection to xenstore, which the core's devices use, too. Nothing here waits. */

/* Connects if need be; the port that has an event when there is a message, 0 when the domain has no xenstore. */
int64_t mxen_store_connect(void);
/* Sends a request of a type of io/xs_wire.h; its number. 0 when there is no room for it yet, so that it is to be tried again
 * when a message or an event has come; -1 when it is longer than 4096 bytes; -2 when xenstored is lost for good. */
int64_t mxen_store_submit(uint32_t kind, uint32_t transaction, const char *payload, size_t size);

/* A message: its type, the number of the request that it answers, its payload. Or, by a type that is none, -1: the connection
 * is lost, and with it all requests and watches; -2: there is a new one; -3: there was no memory for a message. */
struct mxen_store_message {
	int32_t kind;
	uint32_t number;
	const char *payload;
	size_t size;
};

/* Shows the first message that has come, whose payload stays until mxen_store_drop drops it: 1; 0 when there is none, which
 * only an event changes, -1 when xenstored is lost for good. */
int mxen_store_next(struct mxen_store_message *message);
void mxen_store_drop(void);

/* Errors that the C side turns into exceptions of their own. */
#define MXEN_OUT_OF_RANGE (-256)
#define MXEN_NO_MEMORY (-259)
#define MXEN_WINDOW_FULL (-260)

/* The owned values of the Rust side (src/xen/owned.rs) under a test's control. */
int64_t mxen_owned_share(int64_t peer);
int64_t mxen_owned_drop(void);
int64_t mxen_owned_peek(int64_t peer, int64_t ref);
int64_t mxen_owned_channels(int64_t own_domid);

/* Network interfaces and disks: rings and pages. Whose connection is made elsewhere. */

/* A frontend's side of a connection, as a number (xen_proto::xenbus::packed), for states of xenbus.h. */
uint32_t mxen_frontend_new(uint32_t own_state, uint32_t state_to_publish_with);
/* The frontend after the step that is due, and from bit 16 on the step. */
uint32_t mxen_frontend_next(uint32_t frontend, uint32_t backend_state, bool backend_online);
uint32_t mxen_frontend_reset(uint32_t frontend);
uint32_t mxen_frontend_renew(uint32_t frontend);
uint32_t mxen_frontend_wrote_connected(uint32_t frontend);
/* Whether another domain has bound a port that was offered to it. */
bool mxen_frontend_is_bound(int64_t port);
/* Hands a reference of the program's own over, for good, to what follows; 0. */
int64_t mxen_grant_donate(int64_t ref);

/* A handle of an interface in at most so many bytes of memory, of up to so many queues, and how many references it needs. */
int64_t mxen_net_take(int64_t bytes, int64_t queues);
int64_t mxen_net_references(int64_t bytes);
/* Gives it back, and ends its grants: 1, or 0 while the backend has a page mapped. */
int64_t mxen_net_give(int64_t net);
/* Empties its rings for a backend that takes `offered` queues, -1 if it does not say; how many there are. */
int64_t mxen_net_offer(int64_t net, int64_t peer, int64_t offered);
/* The reference of a queue's ring to send on, or with `rx` to receive on. */
int64_t mxen_net_reference(int64_t net, int64_t queue, bool rx);
/* A zeroed page to write a packet into: its number and, from bit 16 on, its address; 0 while there is no room. */
int64_t mxen_net_take_page(int64_t net, int64_t length);
/* Sends such a page, or gives it back if the length is 0: 0, or the number of a queue and 1 more where the backend wants an event.
 * `offload` is what the packet leaves to the backend: bit 0 the checksum of TCP or UDP, whose field has the sum of the pseudo header; bit
 * 1 says that it is over IPv6; from bit 16 on the bytes of TCP payload in each packet that it is to be cut into, 0 if it is not. */
int64_t mxen_net_send_page(int64_t net, int64_t page, int64_t length, int64_t offload);
/* Sends a copy: the same, or 256 when there is no room. */
int64_t mxen_net_send(int64_t net, const uint8_t *data, size_t length, int64_t offload);
/* Receives a frame, segments of TCP of more than `most` bytes cut: its length, or 0; from bit 32 on a bit for each queue on which the
 * backend wants an event. */
int64_t mxen_net_receive(int64_t net, uint8_t *buffer, size_t size, size_t most);
/* Receives a packet as it came; besides the above, bit 40: its checksum is blank, bit 41: it is good, from bit 42 on: bytes of payload in
 * each of its segments. */
int64_t mxen_net_receive_whole(int64_t net, uint8_t *buffer, size_t size);
/* Each 1 when there is something now; if not, there will be an event. */
int64_t mxen_net_ask_packet(int64_t net);
int64_t mxen_net_ask_room(int64_t net);
/* Pages that the backend has not sent yet. */
int64_t mxen_net_in_flight(int64_t net);

struct mxen_net_statistics {
	uint64_t received, received_bytes, received_dropped;
	uint64_t sent, sent_bytes, sent_dropped;
	uint64_t connections;
};

int64_t mxen_net_statistics(int64_t net, struct mxen_net_statistics *statistics);

/* The same for disks. */
int64_t mxen_block_take(int64_t bytes, int64_t queues, int64_t number);
int64_t mxen_block_references(int64_t bytes, int64_t queues);
int64_t mxen_block_give(int64_t disk);
/* Empties its rings for a backend that takes so many segments in a page of them, and offers so many queues, 1 if it says nothing of
 * that; how many queues there are. What was asked and not answered is asked again. */
int64_t mxen_block_offer(int64_t disk, int64_t peer, int64_t most_segments, int64_t most_queues);
/* The reference of the ring of a queue, from 0 on. */
int64_t mxen_block_ring(int64_t disk, int64_t queue);
int64_t mxen_block_disconnect(int64_t disk);
/* A backend in that domain is connected, which keeps writes back until a flush, or does not. */
int64_t mxen_block_connected(int64_t disk, int64_t peer, bool keeps);
/* 1 when writes may be lost of which no flush has told yet; it counts as told then. */
int64_t mxen_block_take_loss(int64_t disk);
/* The most bytes of a request. */
int64_t mxen_block_most(int64_t disk);
/* Asks for a read (0), write (1), flush (3) or discard (5): its number, -1 while there are too many. */
int64_t mxen_block_start(int64_t disk, int64_t operation, int64_t sector, const uint8_t *data, size_t length);
/* Shows it to the backend; a bit for each queue, from bit 0 on, of which that wants an event. */
int64_t mxen_block_publish(int64_t disk);
/* Takes answers in, and asks for what waited for them, which is to be published; how many there were. */
int64_t mxen_block_poll(int64_t disk);
/* 0 while there is no answer, 1 done, 2 failed, 3 not supported, 4 a flush before which writes may have been lost. Copies what was
 * read. */
int64_t mxen_block_finish(int64_t disk, int64_t id, uint8_t *buffer, size_t size);
/* Waits for it no longer; 0. */
int64_t mxen_block_abandon(int64_t disk, int64_t id);
/* 1 when there is an answer; if not, the `more`th one raises an event. */
int64_t mxen_block_ask(int64_t disk, int64_t more);

/* The Internet checksum (RFC 1071). */

/* Of one buffer, as a number, whose high byte goes out first. */
uint16_t mxen_checksum(const uint8_t *data, size_t length);

/* Of parts that follow each other, of any lengths: start, add each, finish. */
struct mxen_sum {
	uint64_t opaque;
};

void mxen_checksum_start(struct mxen_sum *sum);
void mxen_checksum_add(struct mxen_sum *sum, const uint8_t *data, size_t length);
uint16_t mxen_checksum_finish(const struct mxen_sum *sum);

#endif
