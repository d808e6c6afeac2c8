/* SPDX-License-Identifier: ISC
 * What may be done with which page, as the processor sees it: the guest reads control registers and its own page tables,
 * by the manual's words (Intel SDM vol. 3, chapter 4), independently of the core's own check. The command line's first
 * word chooses.
 */
#include "../solo5_test.h"

#define PAGE 4096ull
#define PRESENT 1ull
#define WRITABLE 2ull
#define LARGE 0x80ull
#define NO_EXECUTE (1ull << 63)
#define LOW_END 0x100000ull
/* Where the core shows the frames below 1 MiB. */
#define ALIAS (511ull << 30)

extern char _stext[], _etext[], _erodata[], _end[];
extern uint64_t solo5__xen_find_writable_code(void);
extern uintptr_t solo5__xen_reserve(size_t size);
extern int solo5__xen_back(uintptr_t address, uintptr_t memory, size_t size, int writable);
extern void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size);
extern uint64_t solo5__xen_heap_secret(void);
extern uintptr_t __stack_chk_guard;

static uint64_t root(void)
{
	uint64_t value;
	__asm__ volatile("movq %%cr3, %0" : "=r"(value));
	return value & ~(PAGE - 1);
}

static volatile uint64_t *table(uint64_t entry)
{
	uint64_t frame = entry & 0xffffffffff000ull;
	return (volatile uint64_t *)(frame < LOW_END ? frame + ALIAS : frame);
}

/* The entry that maps an address, and what all levels together allow; NULL where nothing is mapped. */
static volatile uint64_t *entry_of(uint64_t address, uint64_t *rights)
{
	volatile uint64_t *level = table(root());

	*rights = WRITABLE;
	for (int shift = 39;; shift -= 9) {
		volatile uint64_t *entry = &level[(address >> shift) & 511];
		if ((*entry & PRESENT) == 0)
			return NULL;
		*rights = (*rights & *entry & WRITABLE) | ((*rights | *entry) & NO_EXECUTE);
		if (shift == 12 || (*entry & LARGE) != 0)
			return entry;
		level = table(*entry);
	}
}

static uint64_t pages, executable, writable;

static int visit(uint64_t address, uint64_t size, uint64_t rights)
{
	bool in_text = address >= (uintptr_t)_stext && address + size <= (uintptr_t)_etext;
	bool constant = address < (uintptr_t)_erodata && address + size > (uintptr_t)_stext;

	pages++;
	if (address < LOW_END)
		return 10;
	if ((rights & NO_EXECUTE) == 0) {
		executable++;
		if (!in_text || (rights & WRITABLE) != 0)
			return 11;
	}
	if ((rights & WRITABLE) != 0) {
		writable++;
		if (constant)
			return 12;
	}
	return 0;
}

static int visit_all(uint64_t frame, int shift, uint64_t base, uint64_t rights)
{
	volatile uint64_t *level = table(frame);

	for (uint64_t i = 0; i < 512; i++) {
		uint64_t entry = level[i], at = base + (i << shift);
		uint64_t here = (rights & entry & WRITABLE) | ((rights | entry) & NO_EXECUTE);
		int status = 0;
		if ((entry & PRESENT) == 0)
			continue;
		if (shift == 12 || (entry & LARGE) != 0)
			status = visit(at, 1ull << shift, here);
		else
			status = visit_all(entry, shift - 9, at, here);
		if (status != 0) {
			print_number("at ", at, "\n");
			return status;
		}
	}
	return 0;
}

/* Only text can be executed, nothing constant be written, nothing below 1 MiB be used; windows included. */
static int tables(const struct solo5_start_info *info)
{
	uint64_t window;
	size_t size;
	uintptr_t reserved = solo5__xen_reserve(1 << 20);
	int status;

	solo5__xen_get_gntmap_area(&window, &size);
	if (size == 0 || reserved == 0 || solo5__xen_back(reserved, info->heap_start, PAGE, 1) != 0)
		return 1;
	status = visit_all(root(), 39, 0, WRITABLE);
	print_number("pages ", pages, "");
	print_number(", executable ", executable, "");
	print_number(", writable ", writable, "\n");
	return status != 0 ? status : executable == 0 ? 2 : 0;
}

/* The core's own check finds a page that is made executable behind its back, and one made writable. */
static int found(const struct solo5_start_info *info)
{
	uint64_t rights, page = info->heap_start;
	volatile uint64_t *entry;

	if (solo5__xen_find_writable_code() != 0)
		return 1;
	/* A page of its own, with nothing executable around it: each level above has to let execute too. */
	volatile uint64_t *level = table(root());
	for (int shift = 39; shift > 12; shift -= 9) {
		entry = &level[(page >> shift) & 511];
		if ((*entry & LARGE) != 0)
			break;
		*entry &= ~NO_EXECUTE;
		level = table(*entry);
	}
	if (solo5__xen_find_writable_code() != 0)
		return 2;
	entry = entry_of(page, &rights);
	if (entry == NULL)
		return 3;
	*entry &= ~NO_EXECUTE;
	if (solo5__xen_find_writable_code() >> 21 != page >> 21)
		return 4;
	*entry |= NO_EXECUTE;
	entry = entry_of((uintptr_t)found, &rights);
	*entry |= WRITABLE;
	return solo5__xen_find_writable_code() == ((uintptr_t)found & ~(PAGE - 1)) ? 0 : 5;
}

/* Write protection is on for this, the most privileged level, and so is "no execute". */
static int registers(const struct solo5_start_info *info)
{
	uint64_t cr0;
	uint32_t low, high;

	(void)info;
	__asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
	return (cr0 & 1u << 16) != 0 && (low & 1u << 11) != 0 ? 0 : 1;
}

static bool is_mapped(uint64_t address)
{
	uint64_t rights;
	return entry_of(address, &rights) != NULL;
}

/* Each stack of the gates, which the task state segment names, ends in a page that is not mapped; so does the main one. */
static int stacks(const struct solo5_start_info *info)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} gdt;
	uint16_t selector;
	uint64_t descriptor[2], base, here = (uintptr_t)&gdt & ~(PAGE - 1);

	__asm__ volatile("sgdt %0" : "=m"(gdt));
	__asm__ volatile("str %0" : "=r"(selector));
	descriptor[0] = *(uint64_t *)(gdt.base + selector);
	descriptor[1] = *(uint64_t *)(gdt.base + selector + 8);
	base = (descriptor[0] >> 16 & 0xffffff) | (descriptor[0] >> 56 << 24) | descriptor[1] << 32;
	for (int i = 0; i < 3; i++) {
		uint64_t top = *(const uint64_t *)(base + 36 + 8 * i), at = top - PAGE;
		int size = 0;
		for (; is_mapped(at) && size < 5; at -= PAGE)
			size++;
		print_number("stack of ", (uint64_t)size, " pages\n");
		if (size != (i == 0 ? 4 : 2) || at < (uintptr_t)_erodata || top > (uintptr_t)_end)
			return 1 + i;
	}
	while (is_mapped(here))
		here -= PAGE;
	return here == info->heap_start + info->heap_size && is_mapped(here - PAGE) ? 0 : 4;
}

/* Where everything is, and the secrets: two boots must not share them. */
static int layout(const struct solo5_start_info *info)
{
	uint64_t window;
	size_t size;

	solo5__xen_get_gntmap_area(&window, &size);
	print_number("heap ", info->heap_start, "\n");
	print_number("guard ", info->heap_start + info->heap_size, "\n");
	print_number("stack ", (uintptr_t)__builtin_frame_address(0), "\n");
	print_number("window ", window, "\n");
	print_number("reservation ", solo5__xen_reserve(4096), "\n");
	print_number("canary ", __stack_chk_guard, "\n");
	print_number("secret ", solo5__xen_heap_secret(), "\n");
	return 0;
}

static const struct test tests[] = {
	{ "tables", tables }, { "found", found }, { "registers", registers }, { "stacks", stacks }, { "layout", layout },
};

int solo5_app_main(const struct solo5_start_info *info)
{
	return RUN_TEST(tests, info);
}
