#!/bin/sh
# SPDX-License-Identifier: ISC
# find-sources.sh VERSION DIRECTORY
#
# Leaves the sources of OCaml VERSION in DIRECTORY/src: DIRECTORY/src/runtime is what the build wants. Where they come
# from: OCAML_SRC (a directory or a tarball), opam's ocaml-src, or Debian's ocaml-source, a tar under /usr/src that
# holds the original tarball and the distribution's patches; those that touch the runtime's C are applied.
#
# Exit status: 0; 2 where only sources of another version were found; 3 where there are none; 4 for a version whose runtime
# nobody has looked at.
set -eu

version=$1
directory=$2
system=${SYSTEM_SOURCES:-/usr/src}

fail() {
	status=$1
	shift
	printf 'ocaml-freestanding: %s\n' "$*" >&2
	exit "$status"
}

# Those whose sources were built (README.md), and those between and next to them that ask for nothing else.
case $version in
4.0[89].* | 4.1[0-4].* | 5.[1-5].*) ;;
*) fail 4 "OCaml $version is none of the versions whose runtime can be built here: 4.08 to 4.14 and 5.1 to 5.5" ;;
esac

# The version that a source tree says it is: the first line of its VERSION.
version_of() {
	sed -n 1p "$1/VERSION" 2>/dev/null || true
}

# unpack FILE DIRECTORY: a tarball, without its top directory.
unpack() {
	mkdir -p "$2"
	tar -xf "$1" -C "$2" --strip-components=1 2>/dev/null || fail 2 "cannot unpack $1"
}

scratch=$directory/unpack.$$
trap 'rm -rf "$scratch"' EXIT
rm -rf "$scratch"
mkdir -p "$scratch"
tree=$scratch/tree

# from_debian TAR: the original tarball inside, and the patches of its series that touch the runtime's C.
from_debian() {
	unpack "$1" "$scratch/debian"
	for original in "$scratch"/debian/*.orig.tar.*; do
		[ -e "$original" ] || fail 2 "$1 holds no original tarball"
		unpack "$original" "$tree"
	done
	patches=$scratch/debian/debian-patches
	[ -e "$patches/series" ] || return 0
	grep -v '^#' "$patches/series" | while read -r patch; do
		if grep -q '^+++ [^ ]*/runtime/[^ ]*\.[chS]' "$patches/$patch"; then
			patch -d "$tree" -p1 -s <"$patches/$patch" >&2 || fail 2 "$patch does not apply"
		fi
	done
}

if [ -n "${OCAML_SRC:-}" ]; then
	origin=$OCAML_SRC
	[ -e "$origin" ] || fail 3 "OCAML_SRC is $origin, which does not exist"
	if [ -d "$origin" ]; then
		cp -R "$origin" "$tree"
	else
		unpack "$origin" "$tree"
		for original in "$tree"/*.orig.tar.*; do
			[ -e "$original" ] || break
			rm -rf "$tree"
			from_debian "$origin"
		done
	fi
else
	opam=$(ocamlfind query ocaml-src 2>/dev/null || true)
	debian=$system/ocaml-source-$version.tar
	if [ -n "$opam" ] && [ -d "$opam/runtime" ]; then
		origin=$opam
		cp -R "$origin" "$tree"
	elif [ -e "$debian" ]; then
		origin=$debian
		from_debian "$origin"
	else
		for other in "$system"/ocaml-source-*.tar; do
			[ -e "$other" ] || break
			fail 2 "the compiler is OCaml $version, but the sources found are $other; set OCAML_SRC to those of $version"
		done
		fail 3 "no sources of OCaml $version: install the Debian package ocaml-source, or opam's ocaml-src, or set OCAML_SRC"
	fi
fi

[ -d "$tree/runtime" ] || fail 3 "$origin has no runtime directory"
found=$(version_of "$tree")
[ "$found" = "$version" ] ||
	fail 2 "the compiler is OCaml $version, but the sources in $origin are ${found:-of no version they name}"

rm -rf "$directory/src"
mv "$tree" "$directory/src"
