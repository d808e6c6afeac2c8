/* SPDX-License-Identifier: ISC
 * Solo5's application manifest, version 1, as it lies in an image: names, layout and numbers are Solo5's (0.6.7 to 0.12.1).
 * `solo5-elftool gen-manifest` makes a C file that defines MFT_ENTRIES, includes this and fills one in.
 */
#ifndef MFT_ABI_H
#define MFT_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFT_VERSION 1

typedef enum mft_type {
	MFT_DEV_BLOCK_BASIC = 1,
	MFT_DEV_NET_BASIC = 2,
	MFT_RESERVED_FIRST = 1U << 30 /* from here on, not a device */
} mft_type_t;

struct mft_block_basic {
	uint64_t capacity;
	uint16_t block_size;
};

struct mft_net_basic {
	uint8_t mac[6];
	uint16_t mtu;
};

#define MFT_NAME_SIZE 68 /* bytes, the final zero included */
#define MFT_NAME_MAX 67

struct mft_entry {
	char name[MFT_NAME_SIZE];
	mft_type_t type;
	/* Filled in by whoever attaches the device. */
	union {
		struct mft_block_basic block_basic;
		struct mft_net_basic net_basic;
	} u;
	union {
		int hostfd;
		void *data;
	} b;
	bool attached;
};

/* As many as there are bits in a solo5_handle_set_t. */
#define MFT_MAX_ENTRIES 64

/* How many entries the manifest being defined has; none where one is only read. */
#ifndef MFT_ENTRIES
#define MFT_ENTRIES
#else
_Static_assert(MFT_ENTRIES <= MFT_MAX_ENTRIES, "too many entries in the manifest");
#endif

struct mft {
	uint32_t version;
	uint32_t entries;
	struct mft_entry e[MFT_ENTRIES];
};

#define MFT1_NOTE_NAME "Solo5"
#define MFT1_NOTE_TYPE 0x3154464d /* "MFT1" */

struct mft1_nhdr {
	uint32_t n_namesz;
	uint32_t n_descsz;
	uint32_t n_type;
	char n_name[8]; /* padded to four bytes */
};

/* The descriptor counts from the header's end: the four bytes before `m`, which is aligned to eight, belong to it. */
struct mft1_note {
	struct mft1_nhdr h;
	struct mft m;
};

#define MFT1_NOTE_ALIGN _Alignof(struct mft)
#define MFT1_NOTE_MAX_SIZE \
	(sizeof(struct mft1_note) - sizeof(struct mft1_nhdr) + MFT_MAX_ENTRIES * sizeof(struct mft_entry))

_Static_assert(sizeof(struct mft1_nhdr) == 20, "an ELF note's header and name");
_Static_assert(sizeof(struct mft_entry) == 104 && offsetof(struct mft_entry, type) == 68, "Solo5's layout");
_Static_assert(offsetof(struct mft1_note, m) == 24, "Solo5's layout");

/* Constant for the program; the linker script puts it into writable data, where Solo5's bindings fill devices in. */
#define MFT1_NOTE_DECLARE_BEGIN \
	const struct mft1_note __solo5_mft1_note __attribute__((section(".note.solo5.manifest"))) = { \
		.h = { .n_namesz = sizeof MFT1_NOTE_NAME, \
		       .n_descsz = sizeof(struct mft1_note) - sizeof(struct mft1_nhdr), \
		       .n_type = MFT1_NOTE_TYPE, \
		       .n_name = MFT1_NOTE_NAME }, \
		.m =
#define MFT1_NOTE_DECLARE_END \
	};

#endif
