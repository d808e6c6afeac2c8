/* SPDX-License-Identifier: ISC */
/* The Internet checksum (RFC 1071) over Cstruct.t {buffer; off; len}, under the names that mirage-xen 6.0.0 brings. */
#include "mirage_fail.h"

static const uint8_t *data(value cstruct)
{
	return (const uint8_t *)Caml_ba_data_val(Field(cstruct, 0)) + Long_val(Field(cstruct, 1));
}

static size_t length(value cstruct)
{
	return (size_t)Long_val(Field(cstruct, 2));
}

/* Cstruct.t -> int */
value caml_tcpip_ones_complement_checksum(value cstruct)
{
	return Val_int(mxen_checksum(data(cstruct), length(cstruct)));
}

/* Cstruct.t list -> int: the parts are one string of bytes */
value caml_tcpip_ones_complement_checksum_list(value list)
{
	struct mxen_sum sum;

	mxen_checksum_start(&sum);
	for (; list != Val_emptylist; list = Field(list, 1))
		mxen_checksum_add(&sum, data(Field(list, 0)), length(Field(list, 0)));
	return Val_int(mxen_checksum_finish(&sum));
}
