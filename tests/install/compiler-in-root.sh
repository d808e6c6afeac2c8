#!/bin/sh
# SPDX-License-Identifier: ISC
# compiler-in-root.sh CHECKOUT PREFIX DESTDIR: installs the cross compiler for the OCaml of the root that this runs in. Rust and the
# parts are the machine's that the root is on: they were built before.
set -eu
cd "$1"
make install-solo5 install-ocaml-solo5 PREFIX="$2" DESTDIR="$3"
