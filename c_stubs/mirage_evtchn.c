/* SPDX-License-Identifier: ISC */
/* Event channels. The first argument of most is a handle that says nothing. */
#include <stdio.h>

#include "mirage_fail.h"

extern void solo5_console_write(const char *text, size_t size);

/* unit -> int, noalloc */
value mirage_xen_evtchn_get_nr_events(value unit)
{
	(void)unit;
	return Val_long(mxen_evtchn_nr_events());
}

/* handle -> int -> int */
value mirage_xen_evtchn_alloc_unbound(value handle, value domid)
{
	(void)handle;
	return Val_long(mirage_xen_check("evtchn_alloc_unbound", mxen_evtchn_alloc_unbound(Long_val(domid))));
}

/* handle -> int -> int -> int */
value mirage_xen_evtchn_bind_interdomain(value handle, value domid, value port)
{
	(void)handle;
	return Val_long(mirage_xen_check("evtchn_bind_interdomain",
	    mxen_evtchn_bind_interdomain(Long_val(domid), Long_val(port))));
}

/* handle -> int -> int */
value mirage_xen_evtchn_bind_virq(value handle, value virq)
{
	(void)handle;
	return Val_long(mirage_xen_check("evtchn_bind_virq", mxen_evtchn_bind_virq(Long_val(virq))));
}

/* unit -> int: VIRQ_DOM_EXC of xen/include/public/xen.h */
value mirage_xen_evtchn_virq_dom_exc(value unit)
{
	(void)unit;
	return Val_long(3);
}

/* handle -> int -> unit */
value mirage_xen_evtchn_unmask(value handle, value port)
{
	(void)handle;
	mirage_xen_check("evtchn_unmask", mxen_evtchn_unmask(Long_val(port)));
	return Val_unit;
}

/* handle -> int -> unit */
value mirage_xen_evtchn_unbind(value handle, value port)
{
	(void)handle;
	mirage_xen_check("evtchn_unbind", mxen_evtchn_unbind(Long_val(port)));
	return Val_unit;
}

/* What cannot be raised is said on the console. */
static __attribute__((noinline, cold)) void notify_failed(int64_t port, int64_t code)
{
	char line[120];
	int length;
	const char *text = mxen_error_text(code, &length);
	int size = snprintf(line, sizeof line, "evtchn_notify: port %lld: %.*s\n", (long long)port, length, text);

	solo5_console_write(line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

/* handle -> int -> unit, noalloc: a port that is not bound is the program's mistake */
value mirage_xen_evtchn_notify(value handle, value port)
{
	int64_t result = mxen_evtchn_notify(Long_val(port));

	(void)handle;
	if (result < 0)
		notify_failed(Long_val(port), result);
	return Val_unit;
}

/* int -> bool, noalloc */
value mirage_xen_evtchn_test_and_clear(value port)
{
	return Val_bool(mxen_evtchn_test_and_clear(Long_val(port)));
}

/* int -> int, noalloc: the first port from this one on that is marked, or -1; ours, not upstream's */
value mirage_xen_evtchn_next_pending(value port)
{
	return Val_long(mxen_evtchn_next_pending(Long_val(port)));
}

/* unit -> bool, noalloc */
value mirage_xen_evtchn_demux_pending(value unit)
{
	(void)unit;
	return Val_bool(mxen_evtchn_demux());
}

/* int64 -> unit, noalloc; the number comes boxed */
value mirage_xen_evtchn_block_domain(value deadline)
{
	mxen_evtchn_block(Int64_val(deadline));
	return Val_unit;
}
