/* SPDX-License-Identifier: ISC */
/* The domain's connection to xenstore, for the OCaml library of this project: requests and messages, neither of which waits. */
#include "mirage_fail.h"

/* unit -> int: the port that has an event when there is a message */
value mirage_xen_store_connect(value unit)
{
	int64_t port = mxen_store_connect();

	(void)unit;
	if (port == 0)
		caml_failwith("xenstore: the domain has none");
	return Val_long(port);
}

/* int -> int -> string -> int, noalloc: a request's type, transaction and payload; its number, or what mxen_store_submit says */
value mirage_xen_store_submit(value kind, value transaction, value payload)
{
	return Val_long(mxen_store_submit((uint32_t)Long_val(kind), (uint32_t)Long_val(transaction), String_val(payload),
	    caml_string_length(payload)));
}

/* unit -> (int * int * string) option: the next message's type, the request that it answers, its payload */
value mirage_xen_store_next(value unit)
{
	CAMLparam0();
	CAMLlocal3(payload, triple, result);
	struct mxen_store_message message;

	(void)unit;
	switch (mxen_store_next(&message)) {
	case 0:
		CAMLreturn(Val_int(0));
	case 1:
		break;
	default:
		caml_failwith("xenstore: the daemon broke the protocol and cannot connect anew");
	}
	/* The message stays where it is until all of this is allocated. */
	payload = caml_alloc_initialized_string(message.size, message.payload);
	triple = caml_alloc_tuple(3);
	Store_field(triple, 0, Val_long(message.kind));
	Store_field(triple, 1, Val_long(message.number));
	Store_field(triple, 2, payload);
	result = caml_alloc_small(1, 0);
	Field(result, 0) = triple;
	mxen_store_drop();
	CAMLreturn(result);
}
