# SPDX-License-Identifier: ISC
# The project's commands; each target is one idea, the work is done by the scripts it names.

.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

EXAMPLE ?= hello
# What dom0 runs is compiled by the machine's own compiler, whichever release OCaml comes from.
export HOST_CC := $(or $(HOST_CC),$(shell command -v gcc),gcc)
# make OCAML=5.3: with the compiler of another Debian release; what it builds lies in a folder of its own.
OCAML ?=
ifneq ($(if $(MIRAGE_XEN_BUILT),,$(OCAML)),)
  COMMANDS := $(shell lab/compiler $(OCAML))
  ifeq ($(COMMANDS),)
    $(error lab/compiler has no OCaml $(OCAML))
  endif
  export PATH := $(COMMANDS):$(PATH)
  export SYSTEM_SOURCES := $(or $(wildcard $(COMMANDS)/src),/usr/src)
  export MIRAGE_XEN_BUILT := target/ocaml-$(OCAML)
endif
BUILT := $(or $(MIRAGE_XEN_BUILT),target)
PARTS := $(BUILT)/parts
# All of the sources a part is made of: cargo finds out which of them matter.
SOURCES := Cargo.toml Cargo.lock build.rs tools/build-part \
  $(shell find src crates/*/src crates/*/Cargo.toml c_stubs ocaml-freestanding/include -type f)

.PHONY: help
help:
	@echo 'make run [EXAMPLE=hello]  boot an OCaml example on a real Xen and show its console'
	@echo 'make test [LABS=2]        all tests, on the host and on so many Xen beside each other'
	@echo 'make test-long            the same with the large counts'
	@echo 'make test-all             the same on every compiler and Xen version there is'
	@echo '  OCAML=5.3               run, test, guests, bench: with the OCaml of Debian 13, in the cache'
	@echo 'make bench                what boot and the parts cost, beside their peers: target/bench.json'
	@echo 'make lint                 formatting and lints of every part'
	@echo 'make lab                  a Xen that stays up; lab/run then takes a second'
	@echo 'make install [PREFIX=/usr/local] [DESTDIR=] [ERA=both]   what upstream installs, where it does; make uninstall'
	@echo 'make dist                 a release that builds without a network, and its opam packages; make vendor: the crates'
	@echo 'make clean                removes what was built, not what was downloaded'

# Installs the Debian packages that are missing (as root or with sudo), or names them.
.PHONY: setup
setup:
	@lab/setup

.PHONY: run
run: setup
	@$(MAKE) $(PARTS)/all
	@$(MAKE) -C tests/guests $(CURDIR)/$(BUILT)/guests/$(EXAMPLE).xen
	@if [ -x examples/$(EXAMPLE)/run ]; then examples/$(EXAMPLE)/run; else lab/run $(BUILT)/guests/$(EXAMPLE).xen; fi

# With another compiler: what depends on it.
TESTS := --workspace
ifneq ($(OCAML),)
  TESTS := --test programs --test crash --test os --test stubs --test runtime_archive --test xen_ocaml \
    --test frontend --test ocaml_devices --test ocaml_net \
    $(if $(filter 5.%,$(OCAML)),--test ocaml5 --test ocaml5_testsuite)
endif

.PHONY: test test-long test-all
test: setup
	@$(MAKE) $(if $(OCAML),,lint) guests $(if $(OCAML),,roots) $(if $(filter 5.%,$(OCAML)),testsuite-sample)
	@tools/test $(if $(LABS),--labs $(LABS)) $(TESTS)

test-long: setup
	@$(MAKE) guests $(if $(OCAML),,roots) $(if $(filter 5.%,$(OCAML)),testsuite-guests)
	@MIRAGE_XEN_LONG=1 tools/test $(if $(LABS),--labs $(LABS)) $(TESTS)

test-all: test
	@for xen in 4.14 4.20; do \
	  MIRAGE_XEN_LAB_XEN=$$xen tools/test --test core --test crash --test programs --test stubs --test time || exit 1; \
	done
	@[ "$(OCAML)" ] || $(MAKE) test OCAML=5.3

.PHONY: lint
lint:
	@cargo fmt --all --check
	@cargo clippy --quiet --workspace --all-targets
	@for part in solo5 libc openlibm bindings; do cargo clippy --quiet --package mirage-xen --lib --features $$part || exit 1; done
	@tools/bench_protection.py --check

.PHONY: guests
guests: $(PARTS)/all
	@$(MAKE) -C tests/guests
	@$(MAKE) -C tests/guests -f xen.mk

# The compiler's own test programs, as guests: make testsuite OCAML=5.3. `make test` runs one in ten.
.PHONY: testsuite testsuite-guests testsuite-sample
testsuite: testsuite-guests
	@tools/test --test ocaml5_testsuite

testsuite-guests testsuite-sample: guests
	@runtime=target/ocaml-freestanding/$$(ocamlfind ocamlopt -version); \
	tests/testsuite/build $(BUILT)/testsuite $$runtime/src $(PARTS) $$runtime $(if $(filter %-sample,$@),10)

# Clean Debian roots, which tests/install.rs builds in: made once.
.PHONY: roots
roots:
	@tests/install/root bookworm >/dev/null
	@tests/install/root bullseye >/dev/null

.PHONY: bench
# Not $(MAKE): make -n would run those too, whose rules are about sources that only building unpacks.
bench: setup
	@make guests
	@tools/bench
	@tools/bench_bindings.py
	@tools/bench_build.py
	@tools/bench_libc.py
	@tools/bench_devices
	@tools/bench_console.py
	@tools/bench_protection.py
ifeq ($(OCAML),)
	@make OCAML=5.3 guests
	@tools/bench_ocaml5
endif

.PHONY: lab
lab: setup
	@lab/session start

# ERA is pkg-config (mirage 3, mirage-xen 6), toolchain (mirage 4, mirage-xen 7 and later) or both: see docs/migration.md.
PREFIX ?= /usr/local
ERA ?= both
.PHONY: install uninstall
install:
	@tools/install/put "$(ERA)" "$(PREFIX)"

uninstall:
	@tools/install/take "$(ERA)" "$(PREFIX)"

# One package alone, as opam installs it: tools/install/stage has their names.
install-%:
	@tools/install/put "$*" "$(PREFIX)"

uninstall-%:
	@tools/install/take "$*" "$(PREFIX)"

build-%:
	@tools/install/stage "target/install/stage-$*" "$(PREFIX)" "$*"

# A release, and what it needs to be built without a network.
.PHONY: dist vendor
dist:
	@tools/dist

vendor:
	@tools/vendor

.PHONY: clean
clean:
	@cargo clean

# The parts, each as upstream's packages have it.
.PHONY: parts
parts: $(PARTS)/all

$(PARTS)/all: $(PARTS)/solo5_xen.o $(PARTS)/solo5_xen.lds $(PARTS)/libnolibc.a $(PARTS)/libopenlibm.a \
  $(PARTS)/libmirage-xen_bindings.a
	@touch $@

ifneq ($(BUILT),target)
# Only the bindings' C sees the compiler's headers.
$(PARTS)/solo5_xen.o $(PARTS)/solo5_xen.lds $(PARTS)/libnolibc.a $(PARTS)/libopenlibm.a: $(PARTS)/%: target/parts/%
	@mkdir -p $(@D)
	@ln -sf $(CURDIR)/$< $@

CORE := target/parts/bindings7/mirage_xen_core.o
$(CORE): $(SOURCES)
	@$(MAKE) -s -C c_stubs OUT=$(CURDIR)/target/parts $(CURDIR)/$@
	@touch $@
endif

target/parts/solo5_xen.o: $(SOURCES)
	@echo '  PART solo5_xen.o'
	@tools/build-part solo5 $@ $$(sed 's/ *#.*//' src/solo5/exports.txt)

target/parts/solo5_xen.lds: src/boot/solo5_xen.lds
	@mkdir -p $(@D)
	@cp $< $@

# One list says which names are in which of libc's two archives.
target/parts/libnolibc.a: $(SOURCES)
	@echo '  PART libnolibc.a'
	@tools/build-part libc target/parts/obj/nolibc.o $$(awk '$$2 == "nolibc" { print $$1 }' src/libc/exports.txt)
	@rm -f $@ && ar rcsD $@ target/parts/obj/nolibc.o

target/parts/libopenlibm.a: $(SOURCES)
	@echo '  PART libopenlibm.a'
	@tools/build-part openlibm target/parts/obj/openlibm.o $$(awk '$$2 == "openlibm" { print $$1 }' src/libc/exports.txt)
	@rm -f $@ && ar rcsD $@ target/parts/obj/openlibm.o

$(PARTS)/libmirage-xen_bindings.a: $(SOURCES) $(CORE)
	@$(MAKE) -C c_stubs OUT=$(CURDIR)/$(PARTS) $(CORE:%=CORE=$(CURDIR)/%)
