# SPDX-License-Identifier: ISC
# Builds the guests that use the bindings themselves, and so are no Linux processes: OUT/NAME.xen from NAME/xen.c, over
# c_stubs/mirage_xen.h, or from NAME/xen.ml, over the externals; xen6.ml is linked with the bindings of mirage-xen 6.0,
# seams.c with no bindings at all, since it stands for such. OUT/foreign_hello.xen is examples/hello over a Solo5 part that
# has upstream's names alone and leaves the FS base at 0, OUT/foreign06_hello.xen over one without thread-local data, too.
#
#   make -f xen.mk [OUT=DIRECTORY PARTS=DIRECTORY RUNTIME=DIRECTORY]

include $(dir $(lastword $(MAKEFILE_LIST)))common.mk
FLAGS = -std=gnu11 -O2 -g -fno-pic -fno-pie -fstack-protector-strong -fcf-protection=none -ffunction-sections -fdata-sections \
  -Wall -Wextra -Werror
# The programs do on purpose what these warn of.
C_WARNINGS = -Wno-infinite-recursion -Wno-use-after-free -Wno-stringop-overflow -Wno-nonnull -Wno-array-bounds
INCLUDES = -nostdinc -isystem $(FREESTANDING)/include -isystem $(shell $(CC) -print-file-name=include)

C := $(patsubst $(HERE)/%/xen.c,%,$(wildcard $(HERE)/*/xen.c))
ML := $(patsubst $(HERE)/%/xen.ml,%,$(wildcard $(HERE)/*/xen.ml))
ML6 := $(patsubst $(HERE)/%/xen6.ml,%,$(wildcard $(HERE)/*/xen6.ml))
SEAMS := $(patsubst $(HERE)/%/seams.c,%,$(wildcard $(HERE)/*/seams.c))
OBJECTS := $(PARTS)/solo5_xen.o $(PARTS)/solo5_xen.lds $(PARTS)/libnolibc.a $(PARTS)/libopenlibm.a \
  $(PARTS)/libmirage-xen_bindings.a

.PHONY: all
all: $(OUT)/foreign_hello.xen $(OUT)/foreign06_hello.xen $(C:%=$(OUT)/%.xen) $(SEAMS:%=$(OUT)/%.xen) $(ML:%=$(OUT)/%.xen) $(ML6:%=$(OUT)/%.xen)

$(OUT)/c_entry.o: $(HERE)/c_entry.c
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(INCLUDES) -c -o $@ $<

# A guest with an entry of its own needs no other.
$(C:%=$(OUT)/%.xen): $(OUT)/%.xen: $(HERE)/%/xen.c $(wildcard $(HERE)/xen_*/*.h) $(wildcard $(HERE)/xen_*.h) $(ROOT)/c_stubs/mirage_xen.h $(OUT)/c_entry.o $(OBJECTS)
	@mkdir -p $(OUT)/$*
	@echo '  LINK $*.xen'
	@$(CC) $(FLAGS) $(C_WARNINGS) $(INCLUDES) -I$(ROOT)/c_stubs -c -o $(OUT)/$*/xen.o $<
	@PARTS=$(PARTS) RUNTIME= sh $(FREESTANDING)/link.sh $@ $(OUT)/$*/xen.o \
	  $$(grep -q '^int solo5_app_main' $< || echo $(OUT)/c_entry.o)

$(SEAMS:%=$(OUT)/%.xen): $(OUT)/%.xen: $(HERE)/%/seams.c $(OBJECTS)
	@mkdir -p $(OUT)/$*/parts
	@echo '  LINK $*.xen'
	@for part in solo5_xen.o solo5_xen.lds libnolibc.a libopenlibm.a; do ln -sf $(PARTS)/$$part $(OUT)/$*/parts/$$part; done
	@$(CC) $(filter-out -std=%,$(FLAGS)) -std=c99 $(INCLUDES) -I$(ROOT)/include/solo5 -c -o $(OUT)/$*/seams.o $<
	@PARTS=$(OUT)/$*/parts RUNTIME= sh $(FREESTANDING)/link.sh $@ $(OUT)/$*/seams.o

FOREIGN_HIDES := $(shell sed -n '/^\# private, ours/,$$ { /^\#/!p }' $(ROOT)/src/solo5/exports.txt)
FOREIGN06_HIDES := $(FOREIGN_HIDES) solo5_tls_size solo5_tls_tp_offset solo5_tls_init

$(OUT)/foreign_hello.xen: HIDES = $(FOREIGN_HIDES)
$(OUT)/foreign06_hello.xen: HIDES = $(FOREIGN06_HIDES)
$(OUT)/foreign_hello.xen $(OUT)/foreign06_hello.xen: $(OUT)/%_hello.xen: $(HERE)/foreign_entry.c $(OUT)/hello/main.native.o \
  $(OBJECTS) $(RUNTIME)/libasmrun.a $(ROOT)/src/solo5/exports.txt
	@mkdir -p $(OUT)/$*/parts
	@echo '  LINK $*_hello.xen'
	@for part in solo5_xen.lds libnolibc.a libopenlibm.a libmirage-xen_bindings.a; do ln -sf $(PARTS)/$$part $(OUT)/$*/parts/$$part; done
	@objcopy --redefine-sym solo5_app_main=foreign_app_main $(HIDES:%=--localize-symbol=%) $(PARTS)/solo5_xen.o $(OUT)/$*/parts/solo5_xen.o
	@$(CC) $(FLAGS) $(INCLUDES) -I$(ROOT)/include/solo5 -c -o $(OUT)/$*/entry.o $<
	@PARTS=$(OUT)/$*/parts RUNTIME=$(RUNTIME) sh $(FREESTANDING)/link.sh $@ $(OUT)/hello/main.native.o $(OUT)/$*/entry.o

$(OUT)/%/main.native.o: $(HERE)/%/xen.ml
	@mkdir -p $(@D)
	@cp $< $(@D)/main.ml
	@cd $(@D) && ocamlfind ocamlopt -g -w +a-4-9-40-41-42-44-45-70 -output-obj -o main.native.o main.ml

$(OUT)/%/main6.native.o: $(HERE)/%/xen6.ml
	@mkdir -p $(@D)
	@cp $< $(@D)/main6.ml
	@cd $(@D) && ocamlfind ocamlopt -g -w +a-4-9-40-41-42-44-45-70 -output-obj -o main6.native.o main6.ml

# C of an OCaml guest: NAME/stubs.c.
STUBS := $(filter $(ML),$(patsubst $(HERE)/%/stubs.c,%,$(wildcard $(HERE)/*/stubs.c)))
$(STUBS:%=$(OUT)/%/stubs.o): $(OUT)/%/stubs.o: $(HERE)/%/stubs.c $(RUNTIME)/libasmrun.a
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(C_WARNINGS) $(INCLUDES) -I$(RUNTIME)/include -c -o $@ $<
$(STUBS:%=$(OUT)/%.xen): $(OUT)/%.xen: $(OUT)/%/stubs.o

$(ML:%=$(OUT)/%.xen): $(OUT)/%.xen: $(OUT)/%/main.native.o $(OBJECTS) $(RUNTIME)/libasmrun.a
	@echo '  LINK $*.xen'
	@PARTS=$(PARTS) RUNTIME=$(RUNTIME) sh $(FREESTANDING)/link.sh $@ $< $(wildcard $(OUT)/$*/stubs.o)

# The same parts, with the other flavour of the bindings' C around the same core.
$(OUT)/parts6/libmirage-xen_bindings.a: $(OBJECTS)
	@$(MAKE) --no-print-directory -C $(ROOT)/c_stubs FLAVOUR=6 OUT=$(@D) CORE=$(ROOT)/target/parts/bindings7/mirage_xen_core.o
	@for part in solo5_xen.o solo5_xen.lds libnolibc.a libopenlibm.a; do ln -sf $(PARTS)/$$part $(@D)/$$part; done

$(ML6:%=$(OUT)/%.xen): $(OUT)/%.xen: $(OUT)/%/main6.native.o $(OUT)/parts6/libmirage-xen_bindings.a $(RUNTIME)/libasmrun.a
	@echo '  LINK $*.xen'
	@PARTS=$(OUT)/parts6 RUNTIME=$(RUNTIME) sh $(FREESTANDING)/link.sh $@ $<

$(RUNTIME)/libasmrun.a: $(FREESTANDING)/Makefile $(FREESTANDING)/configure.sh $(FREESTANDING)/s.h
	@$(MAKE) --no-print-directory -C $(FREESTANDING) BUILD=$(RUNTIME)
