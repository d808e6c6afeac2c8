/* SPDX-License-Identifier: ISC */
/* What is an order's name, and its answer. */
#ifndef XEN_AGENT_ORDER_H
#define XEN_AGENT_ORDER_H

#include "../xen_peer.h"

#define IS(text) (strcmp(name, text) == 0)

static void answer(int64_t result)
{
	int length;
	const char *text;

	if (result >= 0) {
		printf("= %lld\n", (long long)result);
		return;
	}
	text = mxen_error_text(result, &length);
	printf("! %.*s\n", length, text);
}

#endif
