/* SPDX-License-Identifier: ISC */
/* Non-local jumps (C11 7.13). jmp_buf has glibc's size; a signal mask is never saved, there being no signals
   to block. */
#ifndef _SETJMP_H
#define _SETJMP_H

#include <features.h>
#include <bits/sigset.h>

struct __jmp_buf_tag {
	long __jmpbuf[8];
	int __mask_was_saved;
	__sigset_t __saved_mask;
};

typedef struct __jmp_buf_tag jmp_buf[1];

__BEGIN_DECLS
int _setjmp(struct __jmp_buf_tag[1]) __NOTHROW __attribute__((__returns_twice__));
int setjmp(jmp_buf) __NOTHROW __attribute__((__returns_twice__));
__NORETURN void longjmp(struct __jmp_buf_tag[1], int) __NOTHROW;
#define setjmp(env) _setjmp(env)

#ifdef __LIBC_POSIX
typedef struct __jmp_buf_tag sigjmp_buf[1];
int __sigsetjmp(struct __jmp_buf_tag[1], int) __NOTHROW __attribute__((__returns_twice__));
__NORETURN void _longjmp(struct __jmp_buf_tag[1], int) __NOTHROW;
__NORETURN void siglongjmp(sigjmp_buf, int) __NOTHROW;
#define sigsetjmp(env, save) __sigsetjmp(env, save)
#endif
__END_DECLS

#endif
