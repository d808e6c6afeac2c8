#!/bin/sh
# SPDX-License-Identifier: ISC
# in-switch.sh SCRIPT PREFIX: one of the scripts that build a program, with what opam put into PREFIX, in the folder it is run from;
# the installed archives and objects are kept beside it.
set -eu
case $1 in
first-era.sh) "./$1" "$2" first first.xen lwt cstruct mirage-xen ;;
*) "./$1" "$2" hello hello.xen ;;
esac
cp -R "$2/lib" installed
