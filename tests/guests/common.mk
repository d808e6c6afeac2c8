# SPDX-License-Identifier: ISC
# Where things are, for Makefile and xen.mk.

.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

HERE := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
ROOT := $(abspath $(HERE)/../..)
FREESTANDING := $(ROOT)/ocaml-freestanding
VERSION := $(shell ocamlfind ocamlopt -version)
ifeq ($(VERSION),)
$(error no OCaml compiler: install the Debian packages ocaml-nox and ocaml-findlib)
endif
BUILT = $(ROOT)/$(or $(MIRAGE_XEN_BUILT),target)
OUT = $(BUILT)/guests
PARTS = $(BUILT)/parts
RUNTIME = $(ROOT)/target/ocaml-freestanding/$(VERSION)
CC = gcc
