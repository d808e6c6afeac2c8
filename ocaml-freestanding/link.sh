#!/bin/sh
# SPDX-License-Identifier: ISC
# link.sh OUTPUT OBJECT... [-lNAME | -LDIRECTORY | ARCHIVE]...
#
# Links a guest as mirage 3.10 does: Solo5's bindings and linker script first, then the program's objects and archives,
# then the bindings, OCaml's runtime and libc. Where the parts are is told by the environment:
#   PARTS     solo5_xen.o, solo5_xen.lds, libnolibc.a, libopenlibm.a; libmirage-xen_bindings.a and manifest.o if there
#   RUNTIME   directory of libasmrun.a; empty for a program without OCaml
set -eu

here=$(cd "$(dirname "$0")" && pwd)
parts=${PARTS:-$here/../target/parts}
output=$1
shift

for needed in solo5_xen.o solo5_xen.lds libnolibc.a libopenlibm.a; do
	[ -e "$parts/$needed" ] || {
		printf 'link.sh: %s/%s does not exist; PARTS says where the three parts are\n' "$parts" "$needed" >&2
		exit 2
	}
done

set -- "$@" --start-group
for archive in "$parts/libmirage-xen_bindings.a" ${RUNTIME:+"$RUNTIME/libasmrun.a"} "$parts/libnolibc.a" "$parts/libopenlibm.a"; do
	[ ! -e "$archive" ] || set -- "$@" "$archive"
done
set -- "$@" --end-group
[ ! -e "$parts/manifest.o" ] || set -- "$parts/manifest.o" "$@"

# What --wrap is for: yield.c.
${LD:-ld} -nostdlib -z max-page-size=0x1000 -static --gc-sections --wrap=caml_thread_yield -T "$parts/solo5_xen.lds" "$parts/solo5_xen.o" \
	-o "$output" "$@"
# The names of functions, for crash reports; a link without this step has addresses in them.
"$here/../tools/xen-symbols" "$output"
