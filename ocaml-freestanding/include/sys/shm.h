/* SPDX-License-Identifier: ISC */
/* Shared memory between processes (POSIX): there is one, ENOSYS. */
#ifndef _SYS_SHM_H
#define _SYS_SHM_H

#include <features.h>
#include <bits/types.h>

#define IPC_CREAT 01000
#define IPC_EXCL 02000
#define IPC_PRIVATE ((key_t)0)
#define SHM_RDONLY 010000

__BEGIN_DECLS
int shmget(key_t, size_t, int) __NOTHROW;
void *shmat(int, const void *, int) __NOTHROW;
int shmdt(const void *) __NOTHROW;
__END_DECLS

#endif
