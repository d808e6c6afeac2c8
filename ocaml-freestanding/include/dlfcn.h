/* SPDX-License-Identifier: ISC */
/* A unikernel is one image: nothing can be loaded into it, and dlerror says so. */
#ifndef _DLFCN_H
#define _DLFCN_H

#include <features.h>

#define RTLD_LAZY 1
#define RTLD_NOW 2
#define RTLD_NOLOAD 4
#define RTLD_GLOBAL 0x100
#define RTLD_LOCAL 0
#define RTLD_NODELETE 0x1000

#ifdef __LIBC_GNU
#define RTLD_DEFAULT ((void *)0)
#define RTLD_NEXT ((void *)-1L)

typedef struct {
	const char *dli_fname;
	void *dli_fbase;
	const char *dli_sname;
	void *dli_saddr;
} Dl_info;
#endif

__BEGIN_DECLS
void *dlopen(const char *, int) __NOTHROW;
int dlclose(void *) __NOTHROW;
void *dlsym(void *__restrict, const char *__restrict) __NOTHROW;
char *dlerror(void) __NOTHROW;
#ifdef __LIBC_GNU
int dladdr(const void *, Dl_info *) __NOTHROW;
#endif
__END_DECLS

#endif
