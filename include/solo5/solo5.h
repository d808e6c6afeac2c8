/* SPDX-License-Identifier: ISC
 * The Solo5 API, as an application sees it. Names, types and numbers are Solo5's (0.6.7 to 0.12.1).
 * Behaviour on Xen is said here; src/solo5/api.rs implements it.
 */
#ifndef SOLO5_H
#define SOLO5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an operation says of itself. */
typedef enum {
	SOLO5_R_OK = 0,     /* done */
	SOLO5_R_AGAIN = 1,  /* nothing there now; solo5_yield() until there is */
	SOLO5_R_EINVAL = 2, /* a parameter is wrong */
	SOLO5_R_EUNSPEC = 3 /* failed, or there is no such thing here */
} solo5_result_t;

/* Nanoseconds. */
typedef uint64_t solo5_time_t;
/* Bytes from a device's start. */
typedef uint64_t solo5_off_t;
/* A device acquired, 0 to 63, and a set of them, a bit each. */
typedef uint64_t solo5_handle_t;
typedef uint64_t solo5_handle_set_t;

#define SOLO5_NET_ALEN 6
#define SOLO5_NET_HLEN 14

struct solo5_start_info {
	const char *cmdline;  /* what follows the --solo5: options, ended by a zero byte */
	uintptr_t heap_start; /* page aligned; the memory is not zero */
	size_t heap_size;     /* the stack lies above the heap's end, a guard page between */
};

struct solo5_net_info {
	uint8_t mac_address[SOLO5_NET_ALEN];
	size_t mtu; /* without the Ethernet header */
};

struct solo5_block_info {
	solo5_off_t capacity;
	solo5_off_t block_size;
};

/* The application's entry; what it returns becomes the exit status. */
int solo5_app_main(const struct solo5_start_info *info);

/* Ends the domain: powered off, or crashed when status is 255. Statuses above 255 are reserved. */
#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT 255
void solo5_exit(int status) __attribute__((noreturn));

/* Ends the domain as crashed. */
void solo5_abort(void) __attribute__((noreturn));

/* The FS base, and the thread-local block it points into: how many bytes one takes, the FS base of the block at
 * `tls`, and initial values for it. */
solo5_result_t solo5_set_tls_base(uintptr_t base);
size_t solo5_tls_size(void);
uintptr_t solo5_tls_tp_offset(uintptr_t tls);
solo5_result_t solo5_tls_init(uintptr_t tls);

/* Since an arbitrary start, never back; since 1970, UTC. */
solo5_time_t solo5_clock_monotonic(void);
solo5_time_t solo5_clock_wall(void);

/* Sleeps until monotonic time `deadline` or until an acquired device can be read; `*ready`, if not NULL, says which.
 * A deadline in the past returns at once. */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready);

/* Best effort; LF goes out as CR LF. Waits while the console daemon reads. */
void solo5_console_write(const char *buffer, size_t size);

/* Devices. Acquired once, by the manifest's name. */
solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info);
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buffer, size_t size);
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buffer, size_t size, size_t *read_size);
solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info);
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buffer, size_t size);
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
