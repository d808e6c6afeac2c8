/* SPDX-License-Identifier: ISC */
/* Network interfaces and disks: rings and pages are Rust's (src/ffi/{devices,net,block}.rs), connections to backends are
 * made by OCaml. Handles, lengths and numbers are OCaml integers; a negative result is an error's number, which
 * mirage_xen_device_error explains. Nothing here allocates but where said. */
#include <string.h>

#include "mirage_fail.h"

static uint8_t *at(value bigarray, value offset)
{
	return (uint8_t *)Caml_ba_data_val(bigarray) + Long_val(offset);
}

/* int -> string; allocates */
value mirage_xen_device_error(value code)
{
	int length;
	const char *text = mxen_error_text(Long_val(code), &length);

	return caml_alloc_initialized_string((mlsize_t)length, text);
}

/* int -> page: the page at an address that mirage_xen_net_take_page gave, which stays for ever; allocates */
value mirage_xen_device_page(value address)
{
	return mirage_xen_external_pages((uintptr_t)Long_val(address), PAGE_BYTES);
}

/* int -> int */
value mirage_xen_grant_donate(value reference)
{
	return Val_long(mxen_grant_donate(Long_val(reference)));
}

/* State machine of a connection: packed frontends and steps. */

/* own:int -> publish_with:int -> int */
value mirage_xen_frontend_new(value own, value with)
{
	return Val_long(mxen_frontend_new((uint32_t)Long_val(own), (uint32_t)Long_val(with)));
}

/* int -> backend:int -> online:bool -> int */
value mirage_xen_frontend_next(value packed, value backend, value online)
{
	return Val_long(mxen_frontend_next((uint32_t)Long_val(packed), (uint32_t)Long_val(backend), Bool_val(online)));
}

/* int -> int */
value mirage_xen_frontend_reset(value packed)
{
	return Val_long(mxen_frontend_reset((uint32_t)Long_val(packed)));
}

/* int -> int */
value mirage_xen_frontend_renew(value packed)
{
	return Val_long(mxen_frontend_renew((uint32_t)Long_val(packed)));
}

/* port:int -> bool */
value mirage_xen_frontend_is_bound(value port)
{
	return Val_bool(mxen_frontend_is_bound(Long_val(port)));
}

/* int -> int */
value mirage_xen_frontend_wrote_connected(value packed)
{
	return Val_long(mxen_frontend_wrote_connected((uint32_t)Long_val(packed)));
}

/* Network interfaces. */

/* bytes:int -> queues:int -> int */
value mirage_xen_net_take(value bytes, value queues)
{
	return Val_long(mxen_net_take(Long_val(bytes), Long_val(queues)));
}

/* bytes:int -> int */
value mirage_xen_net_references(value bytes)
{
	return Val_long(mxen_net_references(Long_val(bytes)));
}

/* handle:int -> int */
value mirage_xen_net_give(value handle)
{
	return Val_long(mxen_net_give(Long_val(handle)));
}

/* handle:int -> domid:int -> offered:int -> int */
value mirage_xen_net_offer(value handle, value domid, value offered)
{
	return Val_long(mxen_net_offer(Long_val(handle), Long_val(domid), Long_val(offered)));
}

/* handle:int -> queue:int -> rx:bool -> int */
value mirage_xen_net_reference(value handle, value queue, value rx)
{
	return Val_long(mxen_net_reference(Long_val(handle), Long_val(queue), Bool_val(rx)));
}

/* handle:int -> length:int -> int: a page's number and, from bit 16 on, its address */
value mirage_xen_net_take_page(value handle, value length)
{
	return Val_long(mxen_net_take_page(Long_val(handle), Long_val(length)));
}

/* handle:int -> page:int -> length:int -> offload:int -> int */
value mirage_xen_net_send_page(value handle, value page, value length, value offload)
{
	return Val_long(mxen_net_send_page(Long_val(handle), Long_val(page), Long_val(length), Long_val(offload)));
}

/* handle:int -> bigarray -> offset:int -> length:int -> offload:int -> int */
value mirage_xen_net_send(value handle, value bigarray, value offset, value length, value offload)
{
	return Val_long(mxen_net_send(Long_val(handle), at(bigarray, offset), (size_t)Long_val(length), Long_val(offload)));
}

/* handle:int -> bigarray -> offset:int -> size:int -> most:int -> int */
value mirage_xen_net_receive(value handle, value bigarray, value offset, value size, value most)
{
	return Val_long(mxen_net_receive(Long_val(handle), at(bigarray, offset), (size_t)Long_val(size), (size_t)Long_val(most)));
}

/* handle:int -> bigarray -> offset:int -> size:int -> int */
value mirage_xen_net_receive_whole(value handle, value bigarray, value offset, value size)
{
	return Val_long(mxen_net_receive_whole(Long_val(handle), at(bigarray, offset), (size_t)Long_val(size)));
}

/* handle:int -> int */
value mirage_xen_net_ask_packet(value handle)
{
	return Val_long(mxen_net_ask_packet(Long_val(handle)));
}

/* handle:int -> int */
value mirage_xen_net_ask_room(value handle)
{
	return Val_long(mxen_net_ask_room(Long_val(handle)));
}

/* handle:int -> int */
value mirage_xen_net_in_flight(value handle)
{
	return Val_long(mxen_net_in_flight(Long_val(handle)));
}

/* handle:int -> index:int -> int: a field of struct mxen_net_statistics */
value mirage_xen_net_statistic(value handle, value index)
{
	struct mxen_net_statistics statistics;
	uint64_t fields[sizeof statistics / sizeof(uint64_t)];
	size_t field = (size_t)Long_val(index);

	if (mxen_net_statistics(Long_val(handle), &statistics) < 0 || field >= sizeof fields / sizeof *fields)
		return Val_long(0);
	memcpy(fields, &statistics, sizeof fields);
	return Val_long((intnat)fields[field]);
}

/* Disks. */

/* bytes:int -> queues:int -> number:int -> int */
value mirage_xen_block_take(value bytes, value queues, value number)
{
	return Val_long(mxen_block_take(Long_val(bytes), Long_val(queues), Long_val(number)));
}

/* bytes:int -> queues:int -> int */
value mirage_xen_block_references(value bytes, value queues)
{
	return Val_long(mxen_block_references(Long_val(bytes), Long_val(queues)));
}

/* handle:int -> int */
value mirage_xen_block_give(value handle)
{
	return Val_long(mxen_block_give(Long_val(handle)));
}

/* handle:int -> domid:int -> most_segments:int -> most_queues:int -> int */
value mirage_xen_block_offer(value handle, value domid, value segments, value queues)
{
	return Val_long(mxen_block_offer(Long_val(handle), Long_val(domid), Long_val(segments), Long_val(queues)));
}

/* handle:int -> queue:int -> int */
value mirage_xen_block_ring(value handle, value queue)
{
	return Val_long(mxen_block_ring(Long_val(handle), Long_val(queue)));
}

/* handle:int -> int */
value mirage_xen_block_disconnect(value handle)
{
	return Val_long(mxen_block_disconnect(Long_val(handle)));
}

/* handle:int -> domid:int -> keeps:bool -> int */
value mirage_xen_block_connected(value handle, value domid, value keeps)
{
	return Val_long(mxen_block_connected(Long_val(handle), Long_val(domid), Bool_val(keeps)));
}

/* handle:int -> int */
value mirage_xen_block_take_loss(value handle)
{
	return Val_long(mxen_block_take_loss(Long_val(handle)));
}

/* handle:int -> int */
value mirage_xen_block_most(value handle)
{
	return Val_long(mxen_block_most(Long_val(handle)));
}

/* handle:int -> operation:int -> sector:int -> bigarray -> offset:int -> length:int -> int */
value mirage_xen_block_start(value handle, value operation, value sector, value bigarray, value offset, value length)
{
	return Val_long(mxen_block_start(Long_val(handle), Long_val(operation), Long_val(sector), at(bigarray, offset),
	    (size_t)Long_val(length)));
}

value mirage_xen_block_start_bytecode(value *arguments, int count)
{
	(void)count;
	return mirage_xen_block_start(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

/* handle:int -> int */
value mirage_xen_block_publish(value handle)
{
	return Val_long(mxen_block_publish(Long_val(handle)));
}

/* handle:int -> int */
value mirage_xen_block_poll(value handle)
{
	return Val_long(mxen_block_poll(Long_val(handle)));
}

/* handle:int -> id:int -> bigarray -> offset:int -> length:int -> int */
value mirage_xen_block_finish(value handle, value id, value bigarray, value offset, value length)
{
	return Val_long(mxen_block_finish(Long_val(handle), Long_val(id), at(bigarray, offset), (size_t)Long_val(length)));
}

/* handle:int -> id:int -> int */
value mirage_xen_block_abandon(value handle, value id)
{
	return Val_long(mxen_block_abandon(Long_val(handle), Long_val(id)));
}

/* handle:int -> more:int -> int */
value mirage_xen_block_ask(value handle, value more)
{
	return Val_long(mxen_block_ask(Long_val(handle), Long_val(more)));
}
