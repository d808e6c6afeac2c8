/* SPDX-License-Identifier: ISC */
/* The domain's console and xenstore, and its end. */
#include <stdlib.h>

#include "mirage_fail.h"

_Noreturn extern void solo5_exit(int status);
_Noreturn extern void solo5_abort(void);

static value page(const char *what, int64_t address)
{
	mirage_xen_check(what, address);
	if (address == 0)
		caml_failwith_value(caml_alloc_sprintf("%s: the domain has none", what));
	return mirage_xen_external_pages((uintptr_t)address, PAGE_BYTES);
}

/* unit -> int */
value mirage_xen_get_console_evtchn(value unit)
{
	(void)unit;
	return Val_long(mirage_xen_check("get_console_evtchn", mxen_console_port()));
}

/* unit -> page */
value mirage_xen_get_console_page(value unit)
{
	(void)unit;
	return page("get_console_page", mxen_console_page());
}

/* unit -> int */
value mirage_xen_get_xenstore_evtchn(value unit)
{
	(void)unit;
	return Val_long(mirage_xen_check("get_xenstore_evtchn", mxen_xenstore_port()));
}

/* unit -> page */
value mirage_xen_get_xenstore_page(value unit)
{
	(void)unit;
	return page("get_xenstore_page", mxen_xenstore_page());
}

/* int -> unit: ends the domain with a reason of xen/include/public/sched.h, once its console was read; ours */
value mirage_xen_shutdown(value reason)
{
	switch (Long_val(reason)) {
	case 0:
		solo5_exit(0);
	case 1:
		mxen_reboot();
		caml_failwith("shutdown: this Solo5 cannot reboot");
	case 3:
		solo5_abort();
	default:
		caml_invalid_argument("shutdown: neither poweroff (0) nor reboot (1) nor crash (3)");
	}
}
