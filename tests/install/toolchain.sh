#!/bin/sh
# SPDX-License-Identifier: ISC
# toolchain.sh PREFIX PROGRAM OUTPUT: builds PROGRAM.ml with findlib's toolchain `solo5`, and asks of the tools what configure
# scripts and dune ask.
set -eu
prefix=$1 program=$2 output=$3
PATH=$prefix/bin:$PATH
OCAMLFIND_CONF=$prefix/lib/mirage-xen-rs/findlib.conf
OCAMLFIND_IGNORE_DUPS_IN=$prefix/lib/ocaml-solo5/lib
export PATH OCAMLFIND_CONF OCAMLFIND_IGNORE_DUPS_IN

ocamlfind -toolchain solo5 ocamlopt -cclib "-z solo5-abi=xen" "$program.ml" -o "$output"

# An autoconf script's question: is there this function? Answered by linking, with no bindings named.
printf 'int main(void) { extern int %s(); return %s(); }\n' snprintf snprintf >there.c
printf 'int main(void) { extern int %s(); return %s(); }\n' fork_and_exec fork_and_exec >absent.c
x86_64-solo5-ocaml-gcc -o there there.c 2>/dev/null
! x86_64-solo5-ocaml-gcc -o absent absent.c 2>/dev/null
test "$(x86_64-solo5-none-static-cc -dumpmachine)" = "$(cc -dumpmachine)"
for tool in ar as nm objcopy objdump ranlib readelf strip; do x86_64-solo5-none-static-$tool --version >/dev/null; done
x86_64-solo5-none-static-strip -o "$output.stripped" "$output"
test "$(ocamlfind -toolchain solo5 ocamlopt -config-var target)" = x86_64-solo5-ocaml
test "$(ocamlfind -toolchain solo5 ocamlc -config-var supports_shared_libraries)" = false
