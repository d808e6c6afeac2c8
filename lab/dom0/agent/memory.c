/* SPDX-License-Identifier: ISC */
/* A guest's memory and registers, in the sections of `xl dump-core` that tools/xen-core reads. xl asks Xen for every frame
 * below 4 GiB, one by one, which takes minutes here; this takes what RAM the guest has at the bottom, and leaves out pages
 * that are all zero. */
#include "agent.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>

enum { PAGE = 4096, BATCH = 512, SECTIONS = 5 };

/* The names' own section comes second, as its content shows. */
static const char names[] = "\0.shstrtab\0.xen_prstatus\0.xen_pfn\0.xen_pages";
static const unsigned name_of[SECTIONS] = {0, 1, 11, 25, 34};

static void put(const void *bytes, size_t size)
{
    if (fwrite(bytes, 1, size, stdout) != size)
        die("writing a guest's memory");
}

/* Copies the pages of a batch that hold anything behind those taken already. */
static size_t take(xenforeignmemory_handle *memory, uint32_t domid, uint64_t first, uint8_t *pages, uint64_t *frames, size_t taken)
{
    static const uint8_t zeros[PAGE];
    xen_pfn_t numbers[BATCH];
    int errors[BATCH];
    for (size_t i = 0; i < BATCH; i++)
        numbers[i] = first + i;
    uint8_t *mapped = xenforeignmemory_map(memory, domid, PROT_READ, BATCH, numbers, errors);
    if (!mapped)
        die("mapping a guest's memory");
    for (size_t i = 0; i < BATCH; i++) {
        const uint8_t *page = mapped + i * PAGE;
        if (errors[i] || memcmp(page, zeros, PAGE) == 0)
            continue;
        memcpy(pages + taken * PAGE, page, PAGE);
        frames[taken++] = first + i;
    }
    xenforeignmemory_unmap(memory, mapped, BATCH);
    return taken;
}

int dump_memory(uint32_t domid, uint64_t megabytes)
{
    uint64_t count = megabytes << 8;
    xc_interface *xch = xc_interface_open(NULL, NULL, 0);
    xenforeignmemory_handle *handle = xenforeignmemory_open(NULL, 0);
    uint8_t *pages = malloc(count * PAGE);
    uint64_t *frames = malloc(count * sizeof *frames);
    vcpu_guest_context_any_t context;
    if (!xch || !handle || !pages || !frames || xc_vcpu_getcontext(xch, domid, 0, &context) < 0)
        die("a guest's memory");
    size_t taken = 0;
    for (uint64_t first = 0; first < count; first += BATCH)
        taken = take(handle, domid, first, pages, frames, taken);

    const struct {
        const void *bytes;
        size_t size;
    } content[SECTIONS] = {
        {NULL, 0}, {names, sizeof names}, {&context.x64, sizeof context.x64}, {frames, taken * sizeof *frames}, {pages, taken * PAGE}};
    Elf64_Ehdr head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                       .e_type = ET_CORE,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_shoff = sizeof head,
                       .e_ehsize = sizeof head,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = SECTIONS,
                       .e_shstrndx = 1};
    uint64_t at = sizeof head + SECTIONS * sizeof(Elf64_Shdr);
    put(&head, sizeof head);
    for (size_t i = 0; i < SECTIONS; i++) {
        Elf64_Shdr section = {.sh_name = name_of[i], .sh_type = i ? SHT_PROGBITS : SHT_NULL, .sh_offset = at, .sh_size = content[i].size};
        put(&section, sizeof section);
        at += content[i].size;
    }
    for (size_t i = 1; i < SECTIONS; i++)
        put(content[i].bytes, content[i].size);
    return fflush(stdout) == 0 ? 0 : 1;
}
