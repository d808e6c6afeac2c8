/* SPDX-License-Identifier: ISC */
/* Grants: pages of this domain given to others, pages of others mapped or copied. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <caml/custom.h>

#include "mirage_fail.h"

extern void solo5_console_write(const char *text, size_t size);

/* unit -> int */
value mirage_xen_gnttab_get_nr_entries(value unit)
{
	(void)unit;
	return Val_long(mirage_xen_check("gnttab_get_nr_entries", mxen_grant_entries()));
}

/* unit -> int */
value mirage_xen_gnttab_get_nr_reserved(value unit)
{
	(void)unit;
	return Val_long(mxen_grant_reserved());
}

/* ref -> page -> int -> bool -> unit */
value mirage_xen_gnttab_grant_access(value ref, value page, value domid, value writable)
{
	int64_t result = mxen_grant_access(Long_val(ref), (uintptr_t)Caml_ba_data_val(page), Long_val(domid),
	    Bool_val(writable));

	if (result < 0)
		MIRAGE_XEN_FAIL(result, "gnttab_grant_access: reference %lld", (long long)Long_val(ref));
	return Val_unit;
}

/* ref -> bool */
value mirage_xen_gnttab_end_access(value ref)
{
	int64_t result = mxen_grant_end_access(Long_val(ref));

	if (result < 0)
		MIRAGE_XEN_FAIL(result, "gnttab_end_access: reference %lld", (long long)Long_val(ref));
	return Val_bool(result);
}

/* What a grant_handle is: pages mapped one after the other. `count` is 0 before and after. */
struct mapping {
	uintptr_t address;
	size_t count;
	bool writable;
	uint32_t handles[];
};

#define Mapping_val(v) ((struct mapping *)Data_custom_val(v))

/* Nobody can unmap it any more, and somebody may still look at the pages: it stays mapped, and the program has a leak. */
static void report_dropped(value handle)
{
	const struct mapping *mapping = Mapping_val(handle);
	char line[120];
	int size;

	if (mapping->count == 0)
		return;
	size = snprintf(line, sizeof line, "gnttab: a mapping of %zu pages at 0x%zx was dropped without unmap\n",
	    mapping->count, (size_t)mapping->address);
	solo5_console_write(line, (size_t)size);
}

static struct custom_operations mapping_operations = {
	.identifier = "org.mirage.xen.mapping",
	.finalize = report_dropped,
	.compare = custom_compare_default,
	.hash = custom_hash_default,
	.serialize = custom_serialize_default,
	.deserialize = custom_deserialize_default,
	.compare_ext = custom_compare_ext_default,
	.fixed_length = custom_fixed_length_default,
};

/* Maps `count` pages and makes the pair (handle, pages); none when *result, the address, is negative. */
static value map(const struct mxen_foreign *pages, size_t count, bool writable, int64_t *failed, int64_t *result)
{
	CAMLparam0();
	CAMLlocal3(handle, buffer, pair);

	handle = caml_alloc_custom(&mapping_operations, sizeof(struct mapping) + count * sizeof(uint32_t), 0, 1);
	Mapping_val(handle)->count = 0;
	*result = mxen_grant_map(pages, count, writable, Mapping_val(handle)->handles, failed);
	if (*result < 0)
		CAMLreturn(Val_unit);
	Mapping_val(handle)->address = (uintptr_t)*result;
	Mapping_val(handle)->count = count;
	Mapping_val(handle)->writable = writable;
	buffer = mirage_xen_external_pages((uintptr_t)*result, count * PAGE_BYTES);
	pair = caml_alloc_small(2, 0);
	Field(pair, 0) = handle;
	Field(pair, 1) = buffer;
	CAMLreturn(pair);
}

_Noreturn static void map_failed(const char *what, int64_t domid, int64_t ref, int64_t failed, int64_t code)
{
	if (failed < 0)
		mirage_xen_fail(what, code);
	MIRAGE_XEN_FAIL(code, "%s: reference %lld of domain %lld", what, (long long)ref, (long long)domid);
}

/* unit -> ref -> domid -> bool -> handle * page */
value mirage_xen_gnttab_map(value unit, value ref, value domid, value writable)
{
	struct mxen_foreign page = { .domid = Long_val(domid), .ref = Long_val(ref) };
	int64_t failed, code;
	value pair = map(&page, 1, Bool_val(writable), &failed, &code);

	(void)unit;
	if (code < 0)
		map_failed("gnttab_map", page.domid, page.ref, failed, code);
	return pair;
}

/* unit -> int array -> bool -> handle * pages; the array is domid, ref, domid, ref, ... */
value mirage_xen_gnttab_mapv(value unit, value array, value writable)
{
	CAMLparam1(array);
	CAMLlocal1(pair);
	size_t words = Wosize_val(array), count = words / 2;
	struct mxen_foreign few[16], *pages = few;
	int64_t failed, code, domid = 0, ref = 0;

	(void)unit;
	if (count == 0 || words % 2 != 0)
		caml_invalid_argument("gnttab_mapv: neither empty nor odd may the array be");
	if (count > sizeof few / sizeof few[0] && (pages = malloc(count * sizeof *pages)) == NULL)
		caml_raise_out_of_memory();
	for (size_t i = 0; i < count; i++) {
		pages[i].domid = Long_val(Field(array, 2 * i));
		pages[i].ref = Long_val(Field(array, 2 * i + 1));
	}
	pair = map(pages, count, Bool_val(writable), &failed, &code);
	if (code < 0 && failed >= 0) {
		domid = pages[failed].domid;
		ref = pages[failed].ref;
	}
	if (pages != few)
		free(pages);
	if (code < 0)
		map_failed("gnttab_mapv", domid, ref, failed, code);
	CAMLreturn(pair);
}

/* unit -> handle -> unit */
value mirage_xen_gnttab_unmap(value unit, value handle)
{
	struct mapping *mapping = Mapping_val(handle);
	size_t count = mapping->count;

	(void)unit;
	if (count == 0)
		caml_failwith("gnttab_unmap: not mapped, or no longer");
	/* What Xen refuses to unmap stays mapped for ever: its pages are never handed out again. */
	mapping->count = 0;
	mirage_xen_check("gnttab_unmap", mxen_grant_unmap(mapping->address, mapping->handles, count,
	    mapping->writable));
	return Val_unit;
}

/* Checks the local side of a piece and points at it. */
static void *local(value buffer, intnat offset, intnat length)
{
	intnat size = (intnat)caml_ba_byte_size(Caml_ba_array_val(buffer));

	if (offset < 0 || length < 0 || offset > size || length > size - offset)
		caml_invalid_argument("gnttab_copy: outside the buffer");
	return (char *)Caml_ba_data_val(buffer) + offset;
}

static void check_remote(intnat offset, intnat length)
{
	if (offset < 0 || length < 0 || offset > PAGE_BYTES || length > PAGE_BYTES - offset)
		caml_invalid_argument("gnttab_copy: outside the peer's page");
}

static void copy(const char *what, const struct mxen_copy *pieces, size_t count, bool to_peer, struct mxen_copy *heap)
{
	int64_t failed;
	int64_t code = mxen_grant_copy(pieces, count, to_peer, &failed);
	int64_t domid = 0, ref = 0;

	if (code < 0 && failed >= 0) {
		domid = pieces[failed].domid;
		ref = pieces[failed].ref;
	}
	free(heap);
	if (code < 0)
		map_failed(what, domid, ref, failed, code);
}

/* domid -> ref -> src_off -> dst -> dst_off -> len -> unit; ours */
value mirage_xen_gnttab_copy_from(value domid, value ref, value from, value buffer, value to, value length)
{
	struct mxen_copy piece = { .domid = Long_val(domid), .ref = Long_val(ref), .offset = Long_val(from),
		.length = Long_val(length) };

	check_remote(piece.offset, piece.length);
	piece.local = local(buffer, Long_val(to), piece.length);
	copy("gnttab_copy_from", &piece, 1, false, NULL);
	return Val_unit;
}

value mirage_xen_gnttab_copy_from_bytecode(value *v, int n)
{
	(void)n;
	return mirage_xen_gnttab_copy_from(v[0], v[1], v[2], v[3], v[4], v[5]);
}

/* src -> src_off -> domid -> ref -> dst_off -> len -> unit; ours */
value mirage_xen_gnttab_copy_to(value buffer, value from, value domid, value ref, value to, value length)
{
	struct mxen_copy piece = { .domid = Long_val(domid), .ref = Long_val(ref), .offset = Long_val(to),
		.length = Long_val(length) };

	check_remote(piece.offset, piece.length);
	piece.local = local(buffer, Long_val(from), piece.length);
	copy("gnttab_copy_to", &piece, 1, true, NULL);
	return Val_unit;
}

value mirage_xen_gnttab_copy_to_bytecode(value *v, int n)
{
	(void)n;
	return mirage_xen_gnttab_copy_to(v[0], v[1], v[2], v[3], v[4], v[5]);
}

/* buffer -> int array -> bool -> unit: many pieces at once, five numbers each: offset in the buffer, domid, ref, offset
   in the peer's page, length; into the peers' pages if the last argument says so; ours */
value mirage_xen_gnttab_copyv(value buffer, value array, value to_peer)
{
	size_t words = Wosize_val(array), count = words / 5;
	struct mxen_copy *pieces;

	if (words % 5 != 0)
		caml_invalid_argument("gnttab_copyv: not five numbers a piece");
	if (count == 0)
		return Val_unit;
	for (size_t i = 0; i < count; i++) {
		check_remote(Long_val(Field(array, 5 * i + 3)), Long_val(Field(array, 5 * i + 4)));
		local(buffer, Long_val(Field(array, 5 * i)), Long_val(Field(array, 5 * i + 4)));
	}
	if ((pieces = malloc(count * sizeof *pieces)) == NULL)
		caml_raise_out_of_memory();
	for (size_t i = 0; i < count; i++)
		pieces[i] = (struct mxen_copy) {
			.local = local(buffer, Long_val(Field(array, 5 * i)), Long_val(Field(array, 5 * i + 4))),
			.domid = Long_val(Field(array, 5 * i + 1)),
			.ref = Long_val(Field(array, 5 * i + 2)),
			.offset = Long_val(Field(array, 5 * i + 3)),
			.length = Long_val(Field(array, 5 * i + 4)),
		};
	copy("gnttab_copyv", pieces, count, Bool_val(to_peer), pieces);
	return Val_unit;
}
