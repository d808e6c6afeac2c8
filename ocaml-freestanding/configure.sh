#!/bin/sh
# SPDX-License-Identifier: ISC
# configure.sh DIRECTORY
#
# Writes into DIRECTORY/src/runtime what a configured runtime would have generated: m.h from the installed compiler (so
# that words, blocks and float arrays are what its ocamlopt compiles for), our own s.h, the version header and the
# assembler's view of the domain state. DIRECTORY/include/caml is a copy of the headers, for C stubs. Fails where sources
# and installed compiler disagree on the layout that compiled OCaml code relies on.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
directory=$1
runtime=$directory/src/runtime
caml=$runtime/caml

fail() {
	printf 'ocaml-freestanding: %s\n' "$*" >&2
	exit 2
}

setting() {
	ocamlfind ocamlopt -config | sed -n "s/^$1: //p"
}

[ "$(setting architecture)" = amd64 ] || fail "the compiler is for $(setting architecture), and only amd64 is supported"
[ "$(setting system)" = linux ] || fail "the compiler is for $(setting system), and only Linux's code model is supported"

installed=$(ocamlfind ocamlopt -where)/caml
[ -e "$installed/m.h" ] || fail "no $installed/m.h: install the compiler's C headers"

table=domain_state.tbl
[ ! -e "$caml/$table" ] || cmp -s "$caml/$table" "$installed/$table" ||
	fail "$table differs between the sources and $installed"
cp "$installed/m.h" "$caml/m.h"
cp "$here/s.h" "$caml/s.h"
# A format of files that the headers from 5.2 on ask for.
[ ! -e "$installed/exec.h" ] || cp "$installed/exec.h" "$caml/exec.h"

version=$(sed -n 1p "$directory/src/VERSION")
printf '%s\n' "$version" | awk -F '[.+~]' '{
	printf "#define OCAML_VERSION_MAJOR %d\n#define OCAML_VERSION_MINOR %d\n", $1, $2
	printf "#define OCAML_VERSION_PATCHLEVEL %d\n#define OCAML_VERSION %d%02d%02d\n", $3, $1, $2, $3
	suffix = $0
	if (sub(/^[^+~]*[+~]/, "", suffix)) printf "#define OCAML_VERSION_ADDITIONAL \"%s\"\n", suffix
	else print "#undef OCAML_VERSION_ADDITIONAL"
	printf "#define OCAML_VERSION_STRING \"%s\"\n", $0
}' >"$caml/version.h"

# Nothing is looked up in a file system, so the standard library has no place.
printf '#define OCAML_STDLIB_DIR ""\n#define HOST "x86_64-unknown-xen"\n' >"$runtime/build_config.h"

if [ -e "$runtime/gen_domain_state64_inc.awk" ]; then
	awk -f "$runtime/gen_domain_state64_inc.awk" "$caml/$table" >"$runtime/domain_state64.inc"
fi

# A domain that could not be made: see domain.awk.
domain=$runtime/domain.c
if [ -e "$domain" ]; then
	leave=caml_orphan_finalisers
	grep -q "$leave" "$caml/major_gc.h" || leave=caml_final_domain_terminate # 5.1's
	awk -v leave=$leave -f "$here/domain.awk" "$domain" >"$domain.new"
	mv "$domain.new" "$domain"
fi

rm -rf "$directory/include"
mkdir -p "$directory/include/caml"
cp "$caml"/*.h "$directory/include/caml"
[ ! -e "$caml/$table" ] || cp "$caml/$table" "$directory/include/caml"

# The list of sources is the runtime's own: in its Makefile up to 4.14, in that of the root since.
if grep -q '^runtime_COMMON_C_SOURCES' "$directory/src/Makefile" 2>/dev/null; then
	awk '/^runtime_(COMMON|NATIVE_ONLY)_C_SOURCES *=/ { on = 1 } on; !/\\$/ { on = 0 }' "$directory/src/Makefile" |
		sed 's/^runtime_.*=//; s/\$(UNIX_OR_WIN32)/unix/; s/\$([A-Z_]*)//'
else
	awk '/^NATIVE_C_SOURCES *:=/,/\)$/' "$runtime/Makefile" |
		tr '()' '  ' | sed 's/\$ *UNIX_OR_WIN32/unix/; s/.*addsuffix .c,//'
fi | tr -d '\\' | tr -s ' \n' '\n\n' | grep -E '^[a-z0-9_]+$' | grep -v -x main >"$directory/sources"
[ -s "$directory/sources" ] || fail "cannot read the list of native sources of $runtime"
