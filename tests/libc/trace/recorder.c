// SPDX-License-Identifier: ISC
// Preloaded into a process, writes what it asks of malloc to the file that MALLOC_TRACE_FILE names: for each call four
// numbers, the old block or 0, the size or 0, the alignment or 0, the new block or 0.
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static uint64_t records[4096][4];
static unsigned used;
static int file = -1;

static void flush(void)
{
    if (file < 0 && getenv("MALLOC_TRACE_FILE"))
        file = open(getenv("MALLOC_TRACE_FILE"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (write(file, records, used * sizeof *records) != (ssize_t)(used * sizeof *records))
        _exit(99);
    used = 0;
}

static void *note(void *old, size_t size, size_t align, void *new)
{
    uint64_t *record = records[used++];
    record[0] = (uintptr_t)old;
    record[1] = size;
    record[2] = align;
    record[3] = (uintptr_t)new;
    if (used == sizeof records / sizeof *records)
        flush();
    return new;
}

__attribute__((destructor)) static void end(void)
{
    flush();
}

void *malloc(size_t size)
{
    return note(NULL, size, 0, __libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return note(NULL, count * size, 0, __libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    return note(old, size, 0, __libc_realloc(old, size));
}

void *memalign(size_t align, size_t size)
{
    return note(NULL, size, align, __libc_memalign(align, size));
}

void *aligned_alloc(size_t align, size_t size)
{
    return memalign(align, size);
}

int posix_memalign(void **to, size_t align, size_t size)
{
    *to = memalign(align, size);
    return *to ? 0 : 12;
}

void free(void *old)
{
    note(old, 0, 0, NULL);
    __libc_free(old);
}
