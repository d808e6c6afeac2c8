#!/bin/bash
# SPDX-License-Identifier: ISC
# opam.sh FOLDER REPOSITORY PACKAGE...: installs packages with opam, without a network, into an empty switch that has the system's
# compiler and libraries under opam's names; asks then for `test` to be run in the switch, and removes them.
#
#   opam.sh FOLDER REPOSITORY PACKAGE... -- COMMAND...    COMMAND gets the switch's prefix as its last argument
#
# Exit: 0; 1 a step failed or something was left behind, which is said.
set -euo pipefail
folder=$1 repository=$2
shift 2
packages=()
while [[ $1 != -- ]]; do packages+=("$1"); shift; done
shift

export OPAMROOT=$folder/opam OPAMNO=0 OPAMYES=1 OPAMCOLOR=never OPAMROOTISOK=1 OPAMNOENVNOTICE=1
unset OPAMSWITCH OPAM_SWITCH_PREFIX
mkdir -p "$folder/repository"
cp -R "$repository/." "$folder/repository/"
# What the machine has already: packages without contents.
version=$(ocamlfind ocamlopt -version)
for package in ocaml ocamlfind ocaml-src dune cstruct lwt logs fmt; do
	case $package in
	ocaml | ocaml-src) number=$version ;;
	*) number=$(ocamlfind query -format %v $package 2>/dev/null || true) ;;
	esac
	place=$folder/repository/packages/$package/$package.${number:-3.0}
	mkdir -p "$place"
	printf 'opam-version: "2.0"\n' >"$place/opam"
done
opam init --bare --disable-sandboxing --no-setup --kind=local local "$folder/repository" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
opam switch create test --empty >>"$folder/log" 2>&1
prefix=$(opam var --switch test prefix)
opam install --switch test --assume-depexts ocaml ocamlfind ocaml-src dune cstruct lwt logs fmt >>"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }

contents() { (cd "$prefix" && find . -path ./.opam-switch -prune -o -print | LC_ALL=C sort); }
contents >"$folder/before"
opam install --switch test --assume-depexts "${packages[@]}" >>"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
"$@" "$prefix"
opam remove --switch test "${packages[@]}" >>"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
contents >"$folder/after"
diff "$folder/before" "$folder/after" >&2 || { echo "opam remove left or took something" >&2; exit 1; }
