#!/bin/sh
# SPDX-License-Identifier: ISC
# first-era.sh PREFIX PROGRAM OUTPUT [LIBRARY...]: builds PROGRAM.ml as mirage 3.10 does: an object from the machine's own compiler, a
# manifest, and one link line from what pkg-config and findlib say. Paths with blanks go through the shell's own rules.
set -eu
prefix=$1 program=$2 output=$3
shift 3
PATH=$prefix/bin:$PATH
PKG_CONFIG_PATH=$prefix/lib/pkgconfig
OCAMLPATH=$prefix/lib
export PATH PKG_CONFIG_PATH OCAMLPATH

for package in solo5-bindings-xen ocaml-freestanding mirage-xen; do pkg-config --validate $package; done
pkg-config --exists 'solo5-bindings-xen >= 0.6.7' 'ocaml-freestanding >= 0.6.2'

libraries=$(echo "$@" | tr ' ' ,)
ocamlfind ocamlopt -g ${libraries:+-package "$libraries" -linkpkg} -dontlink unix,str,num,threads -output-obj -o main.native.o "$program.ml"

echo '{ "type": "solo5.manifest", "version": 1, "devices": [ ] }' >manifest.json
solo5-elftool gen-manifest manifest.json manifest.c
eval "cc $(pkg-config solo5-bindings-xen --cflags) -c manifest.c -o manifest.o"

# C parts of libraries: META's freestanding_linkopts, with @NAME for another library's folder.
artifacts=
if [ $# -gt 0 ]; then
	artifacts=$(ocamlfind query -recursive -format '%d	%(freestanding_linkopts)' -predicates native "$@" |
		awk -F '\t' -v lib="$prefix/lib" '$2 != "" {
			gsub("@", lib "/", $2); gsub(" -L", "\" \"-L", $2); gsub(" -l", "\" \"-l", $2)
			printf "\"-L%s\" \"%s\" ", $1, $2
		}')
fi
ld=$(pkg-config solo5-bindings-xen --variable=ld)
ldflags=$(pkg-config solo5-bindings-xen --variable=ldflags)
ldpostflags=$(pkg-config solo5-bindings-xen --variable=ldpostflags)
static=$(pkg-config mirage-xen --static --libs)
eval "$ld $ldflags main.native.o manifest.o $artifacts $static -o $output $ldpostflags"
test "$(solo5-elftool query-abi "$output" | sed -n 's/.*"target": "\(.*\)".*/\1/p')" = xen
