/* SPDX-License-Identifier: ISC */
#ifndef _ARPA_INET_H
#define _ARPA_INET_H

#include <features.h>
#include <netinet/in.h>

__BEGIN_DECLS
const char *inet_ntop(int, const void *__restrict, char *__restrict, socklen_t) __NOTHROW;
int inet_pton(int, const char *__restrict, void *__restrict) __NOTHROW;
int inet_aton(const char *, struct in_addr *) __NOTHROW;
in_addr_t inet_addr(const char *) __NOTHROW;
char *inet_ntoa(struct in_addr) __NOTHROW;
__END_DECLS

#endif
