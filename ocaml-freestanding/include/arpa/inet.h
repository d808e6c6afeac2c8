/* SPDX-License-Identifier: ISC */
/* The byte order functions, and addresses as text. */
#ifndef _ARPA_INET_H
#define _ARPA_INET_H

#include <netinet/in.h>

__BEGIN_DECLS
in_addr_t inet_addr(const char *) __NOTHROW;
int inet_pton(int, const char *__restrict, void *__restrict) __NOTHROW;
const char *inet_ntop(int, const void *__restrict, char *__restrict, socklen_t) __NOTHROW;
__END_DECLS

#endif
