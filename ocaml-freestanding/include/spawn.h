/* SPDX-License-Identifier: ISC */
/* Processes (POSIX): none can be started, posix_spawn is ENOSYS. */
#ifndef _SPAWN_H
#define _SPAWN_H

#include <features.h>
#include <bits/types.h>

typedef struct {
	long __words[42];
} posix_spawnattr_t;

typedef struct {
	long __words[10];
} posix_spawn_file_actions_t;

__BEGIN_DECLS
int posix_spawn(pid_t *__restrict, const char *__restrict, const posix_spawn_file_actions_t *__restrict,
  const posix_spawnattr_t *__restrict, char *const [], char *const []);
int posix_spawnp(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const [],
  char *const []);
int posix_spawn_file_actions_init(posix_spawn_file_actions_t *) __NOTHROW;
int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *) __NOTHROW;
int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *, int) __NOTHROW;
int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *, int, int) __NOTHROW;
__END_DECLS

#endif
