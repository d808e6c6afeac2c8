/* SPDX-License-Identifier: ISC */
#ifndef MIRAGE_RUNTIME_H
#define MIRAGE_RUNTIME_H

#include <stddef.h>

/* Sets OCAMLRUNPARAM for a heap of this size, in bytes, from what fits it and from the words OCAMLRUNPARAM=… that the command
   line begins with. Returns the rest of the command line. Before the runtime starts, after libc has its heap. */
const char *mirage_runtime_start(const char *command_line, size_t heap_size);

#endif
