/* SPDX-License-Identifier: ISC */
/* Solo5's `stub` bindings: the names of solo5.h and nothing behind them. What is linked with them is for configure scripts, which
   ask whether a symbol exists, and does not run. */
#include <solo5.h>

void _start(void)
{
	for (;;)
		;
}

uintptr_t __stack_chk_guard;

void __stack_chk_fail(void)
{
	_start();
}

void solo5_exit(int status)
{
	(void)status;
	for (;;)
		;
}

void solo5_abort(void)
{
	solo5_exit(SOLO5_EXIT_ABORT);
}

solo5_result_t solo5_set_tls_base(uintptr_t base)
{
	(void)base;
	return SOLO5_R_EUNSPEC;
}

size_t solo5_tls_size(void)
{
	return 0;
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls)
{
	(void)tls;
	return 0;
}

solo5_result_t solo5_tls_init(uintptr_t tls)
{
	(void)tls;
	return SOLO5_R_EUNSPEC;
}

solo5_time_t solo5_clock_monotonic(void)
{
	return 0;
}

solo5_time_t solo5_clock_wall(void)
{
	return 0;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready)
{
	(void)deadline, (void)ready;
}

void solo5_console_write(const char *buffer, size_t size)
{
	(void)buffer, (void)size;
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info)
{
	(void)name, (void)handle, (void)info;
	return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buffer, size_t size)
{
	(void)handle, (void)buffer, (void)size;
	return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buffer, size_t size, size_t *read_size)
{
	(void)handle, (void)buffer, (void)size, (void)read_size;
	return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info)
{
	(void)name, (void)handle, (void)info;
	return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buffer, size_t size)
{
	(void)handle, (void)offset, (void)buffer, (void)size;
	return SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buffer, size_t size)
{
	(void)handle, (void)offset, (void)buffer, (void)size;
	return SOLO5_R_EUNSPEC;
}
