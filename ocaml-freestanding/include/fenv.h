/* SPDX-License-Identifier: ISC */
/* Floating-point environment (C11 7.6): x87's and SSE's together, in glibc's layout. */
#ifndef _FENV_H
#define _FENV_H

#include <features.h>

#define FE_INVALID 0x01
#define FE_DIVBYZERO 0x04
#define FE_OVERFLOW 0x08
#define FE_UNDERFLOW 0x10
#define FE_INEXACT 0x20
#define FE_ALL_EXCEPT (FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT)
#define FE_TONEAREST 0
#define FE_DOWNWARD 0x400
#define FE_UPWARD 0x800
#define FE_TOWARDZERO 0xc00

typedef unsigned short fexcept_t;

typedef struct {
	unsigned short __control_word;
	unsigned short __reserved1;
	unsigned short __status_word;
	unsigned short __reserved2;
	unsigned short __tags;
	unsigned short __reserved3;
	unsigned int __eip;
	unsigned short __cs_selector;
	unsigned int __opcode : 11;
	unsigned int __reserved4 : 5;
	unsigned int __data_offset;
	unsigned short __data_selector;
	unsigned short __reserved5;
	unsigned int __mxcsr;
} fenv_t;

#define FE_DFL_ENV ((const fenv_t *)-1)

__BEGIN_DECLS
int feclearexcept(int) __NOTHROW;
int fegetexceptflag(fexcept_t *, int) __NOTHROW;
int feraiseexcept(int) __NOTHROW;
int fesetexceptflag(const fexcept_t *, int) __NOTHROW;
int fetestexcept(int) __NOTHROW;
int fegetround(void) __NOTHROW;
int fesetround(int) __NOTHROW;
int fegetenv(fenv_t *) __NOTHROW;
int feholdexcept(fenv_t *) __NOTHROW;
int fesetenv(const fenv_t *) __NOTHROW;
int feupdateenv(const fenv_t *) __NOTHROW;
#ifdef __LIBC_GNU
int feenableexcept(int) __NOTHROW;
int fedisableexcept(int) __NOTHROW;
int fegetexcept(void) __NOTHROW;
#endif
__END_DECLS

#endif
