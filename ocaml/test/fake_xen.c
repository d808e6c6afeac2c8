/* SPDX-License-Identifier: ISC */
/* A Xen for tests of the OCaml library in a Linux process: the externals of the C stubs over tables in this file, but for
 * those of xenstore, which are the C stubs' own, over the bindings' Rust (fake_core.c).
 *
 * There is one domain, which is also its own peer: it can bind to its own unbound ports and map its own grants. Time is
 * virtual: it stands still while the program runs and jumps to the deadline when it blocks. Blocking for ever with nothing
 * pending ends the process, as nothing could ever wake it.
 *
 * The file is as long as the list of externals, one short function for each. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/fail.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>

#include "fake_xen.h"

enum { PORTS = 4096, PAGE = 4096, STORE_PORT = FAKE_STORE_PORT, CONSOLE_PORT = 3, FIRST_PORT = 8, RESERVED = 8, MOST_ENTRIES = 32768 };

static struct port {
	bool bound, pending, masked, mark;
	int peer; /* 0 when there is none */
} ports[PORTS] = {
	[STORE_PORT] = { .bound = true, .masked = true, .peer = STORE_PORT + 1 },
	[STORE_PORT + 1] = { .bound = true, .peer = STORE_PORT },
	[CONSOLE_PORT] = { .bound = true, .masked = true, .peer = CONSOLE_PORT + 1 },
	[CONSOLE_PORT + 1] = { .bound = true, .peer = CONSOLE_PORT },
};

static struct grant {
	uint8_t *page;
	bool writable;
	int mapped;
} grants[MOST_ENTRIES];

static int64_t clock_ns = 1000000;
static long blocks, notifications, entries = 64;
static uint8_t *store_page, *console_page;

static int free_port(void)
{
	for (int port = FIRST_PORT; port < PORTS; port++)
		if (!ports[port].bound)
			return port;
	caml_failwith("no free port");
}

value mirage_xen_evtchn_alloc_unbound(value handle, value domid)
{
	(void)handle, (void)domid;
	int port = free_port();
	ports[port] = (struct port){ .bound = true };
	return Val_int(port);
}

value mirage_xen_evtchn_bind_interdomain(value handle, value domid, value remote)
{
	(void)handle, (void)domid;
	int peer = Int_val(remote);
	if (peer <= 0 || peer >= PORTS || !ports[peer].bound || ports[peer].peer)
		caml_failwith("EVTCHNOP_bind_interdomain: invalid argument");
	int port = free_port();
	ports[port] = (struct port){ .bound = true, .pending = true, .peer = peer };
	ports[peer].peer = port;
	return Val_int(port);
}

value mirage_xen_evtchn_virq_dom_exc(value unit)
{
	(void)unit;
	return Val_int(3);
}

value mirage_xen_evtchn_bind_virq(value handle, value virq)
{
	return mirage_xen_evtchn_alloc_unbound(handle, virq);
}

value mirage_xen_evtchn_unmask(value handle, value port)
{
	(void)handle;
	ports[Int_val(port)].masked = false;
	return Val_unit;
}

value mirage_xen_evtchn_unbind(value handle, value v_port)
{
	(void)handle;
	struct port *port = &ports[Int_val(v_port)];
	if (!port->bound)
		caml_failwith("EVTCHNOP_close: invalid argument");
	if (port->peer)
		ports[port->peer].peer = 0;
	*port = (struct port){ 0 };
	return Val_unit;
}

void fake_notify(int port)
{
	notifications++;
	int peer = ports[port].peer;
	if (peer)
		ports[peer].pending = true;
}

value mirage_xen_evtchn_notify(value handle, value port)
{
	(void)handle;
	fake_notify(Int_val(port));
	return Val_unit;
}

value mirage_xen_evtchn_get_nr_events(value unit)
{
	(void)unit;
	return Val_int(PORTS);
}

value mirage_xen_evtchn_next_pending(value from)
{
	for (int port = Int_val(from); port < PORTS; port++)
		if (ports[port].mark)
			return Val_int(port);
	return Val_int(-1);
}

value mirage_xen_evtchn_test_and_clear(value port)
{
	bool mark = ports[Int_val(port)].mark;
	ports[Int_val(port)].mark = false;
	return Val_bool(mark);
}

static bool any(void)
{
	for (int port = 0; port < PORTS; port++)
		if (ports[port].pending && !ports[port].masked)
			return true;
	return false;
}

value mirage_xen_evtchn_demux_pending(value unit)
{
	(void)unit;
	bool found = false;
	for (int port = 0; port < PORTS; port++)
		if (ports[port].pending && !ports[port].masked) {
			ports[port].pending = false;
			ports[port].mark = true;
			found = true;
		}
	return Val_bool(found);
}

value mirage_xen_evtchn_block_domain(value v_deadline)
{
	int64_t deadline = Int64_val(v_deadline);
	blocks++;
	if (any() || deadline <= clock_ns)
		return Val_unit;
	if (deadline == INT64_MAX) {
		fflush(NULL);
		fputs("fake Xen: blocked for ever\n", stderr);
		_Exit(99);
	}
	clock_ns = deadline;
	return Val_unit;
}

/* Each reading costs a nanosecond, so that time does advance. */
value caml_get_monotonic_time(value unit)
{
	(void)unit;
	return caml_copy_int64(clock_ns++);
}

static value page_value(uint8_t *page, size_t size)
{
	return caml_ba_alloc_dims(CAML_BA_CHAR | CAML_BA_C_LAYOUT | CAML_BA_EXTERNAL, 1, page, (intnat)size);
}

static uint8_t *new_pages(size_t count)
{
	void *pages;
	if (posix_memalign(&pages, PAGE, count * PAGE))
		caml_raise_out_of_memory();
	return memset(pages, 0, count * PAGE);
}

value mirage_xen_alloc_pages(value v_count)
{
	size_t count = Long_val(v_count);
	if (count > 1 << 20)
		caml_raise_out_of_memory();
	return caml_ba_alloc_dims(CAML_BA_CHAR | CAML_BA_C_LAYOUT | CAML_BA_MANAGED, 1, new_pages(count), (intnat)(count * PAGE));
}

value mirage_xen_get_addr(value page)
{
	return caml_copy_nativeint((intnat)Caml_ba_data_val(page));
}

uint8_t *fake_store_page(void)
{
	if (!store_page)
		store_page = new_pages(1);
	return store_page;
}

value mirage_xen_get_xenstore_page(value unit)
{
	(void)unit;
	return page_value(fake_store_page(), PAGE);
}

value mirage_xen_get_console_evtchn(value unit)
{
	(void)unit;
	return Val_int(CONSOLE_PORT);
}

value mirage_xen_get_console_page(value unit)
{
	(void)unit;
	if (!console_page)
		console_page = new_pages(1);
	return page_value(console_page, PAGE);
}

value mirage_xen_memory_barrier(value unit)
{
	__sync_synchronize();
	return unit;
}

value mirage_xen_gnttab_get_nr_entries(value unit)
{
	(void)unit;
	return Val_long(entries);
}

value mirage_xen_gnttab_get_nr_reserved(value unit)
{
	(void)unit;
	return Val_int(RESERVED);
}

value mirage_xen_gnttab_grant_access(value ref, value page, value domid, value writable)
{
	(void)domid;
	if (Long_val(ref) < 0 || Long_val(ref) >= entries)
		caml_invalid_argument("grant_access");
	grants[Long_val(ref)] = (struct grant){ Caml_ba_data_val(page), Bool_val(writable), 0 };
	return Val_unit;
}

value mirage_xen_gnttab_end_access(value ref)
{
	if (grants[Long_val(ref)].mapped)
		return Val_false;
	grants[Long_val(ref)].page = NULL;
	return Val_true;
}

static struct grant *granted(long ref)
{
	if (ref < 0 || ref >= entries || !grants[ref].page)
		caml_failwith("GNTTABOP_map_grant_ref: bad reference");
	return &grants[ref];
}

/* The handle is the reference. */
value mirage_xen_gnttab_map(value unit, value ref, value domid, value writable)
{
	CAMLparam0();
	CAMLlocal2(result, page);
	(void)unit, (void)domid;
	struct grant *grant = granted(Long_val(ref));
	if (Bool_val(writable) && !grant->writable)
		caml_failwith("GNTTABOP_map_grant_ref: permission denied");
	grant->mapped++;
	page = page_value(grant->page, PAGE);
	result = caml_alloc_tuple(2);
	Store_field(result, 0, ref);
	Store_field(result, 1, page);
	CAMLreturn(result);
}

value mirage_xen_gnttab_mapv(value unit, value pairs, value writable)
{
	if (Wosize_val(pairs) != 2)
		caml_failwith("GNTTABOP_map_grant_ref: the fake maps one page");
	return mirage_xen_gnttab_map(unit, Field(pairs, 1), Field(pairs, 0), writable);
}

value mirage_xen_gnttab_unmap(value unit, value ref)
{
	(void)unit;
	grants[Long_val(ref)].mapped--;
	return Val_unit;
}

static void copy_check(value page, value own, value foreign, value v_len)
{
	long offset = Long_val(own), len = Long_val(v_len), there = Long_val(foreign);
	if (offset < 0 || len < 0 || there < 0 || there + len > PAGE || offset + len > Caml_ba_array_val(page)->dim[0])
		caml_invalid_argument("grant copy: out of bounds");
}

value mirage_xen_gnttab_copy_from(value domid, value ref, value src_off, value dst, value dst_off, value len)
{
	(void)domid;
	copy_check(dst, dst_off, src_off, len);
	memcpy((uint8_t *)Caml_ba_data_val(dst) + Long_val(dst_off), granted(Long_val(ref))->page + Long_val(src_off), Long_val(len));
	return Val_unit;
}

value mirage_xen_gnttab_copy_to(value src, value src_off, value domid, value ref, value dst_off, value len)
{
	(void)domid;
	copy_check(src, src_off, dst_off, len);
	struct grant *grant = granted(Long_val(ref));
	if (!grant->writable)
		caml_failwith("GNTTABOP_copy: permission denied");
	memcpy(grant->page + Long_val(dst_off), (uint8_t *)Caml_ba_data_val(src) + Long_val(src_off), Long_val(len));
	return Val_unit;
}

value mirage_xen_gnttab_copy_from_bytecode(value *v, int n)
{
	(void)n;
	return mirage_xen_gnttab_copy_from(v[0], v[1], v[2], v[3], v[4], v[5]);
}

value mirage_xen_gnttab_copy_to_bytecode(value *v, int n)
{
	(void)n;
	return mirage_xen_gnttab_copy_to(v[0], v[1], v[2], v[3], v[4], v[5]);
}

value mirage_memory_get_heap_words(value unit)
{
	(void)unit;
	return Val_long(1000);
}

value mirage_memory_get_live_words(value unit)
{
	(void)unit;
	return Val_long(300);
}

value mirage_memory_get_fast_live_words(value unit)
{
	(void)unit;
	return Val_long(310);
}

value mirage_memory_get_stack_words(value unit)
{
	(void)unit;
	return Val_long(100);
}

value mirage_trim_allocation(value unit)
{
	return unit;
}

/* The status tells a test which end the program took. */
value mirage_xen_shutdown(value reason)
{
	fflush(NULL);
	_Exit(100 + Int_val(reason));
}

/* What tests ask of it. */

value fake_raise(value port)
{
	ports[Int_val(port)].pending = true;
	return Val_unit;
}

value fake_blocks(value unit)
{
	(void)unit;
	return Val_long(blocks);
}

value fake_notifications(value unit)
{
	(void)unit;
	return Val_long(notifications);
}

value fake_set_entries(value count)
{
	entries = Long_val(count);
	return Val_unit;
}

value fake_advance(value ns)
{
	clock_ns += Long_val(ns);
	return Val_unit;
}
