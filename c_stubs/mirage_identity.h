/* SPDX-License-Identifier: ISC */
/* The OCaml version of the headers that the entry was compiled with, as an ELF note: owner "mirage-xen", type "OCML" (type
   "PART" is each part's own: tools/identity). For main.c alone, which every OCaml program links. */
#include <stdint.h>
#include <caml/version.h>

__attribute__((section(".note.mirage_xen"), used, aligned(4))) static const struct {
	uint32_t name_size, text_size, type;
	char name[12];
	char text[(sizeof OCAML_VERSION_STRING + 3) & ~3ul];
} mirage_identity = { sizeof "mirage-xen", sizeof OCAML_VERSION_STRING, 0x4c4d434f, "mirage-xen", OCAML_VERSION_STRING };
