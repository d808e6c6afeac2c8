/* SPDX-License-Identifier: ISC */
/* Only the byte order functions: addresses in text are a network stack's to read and print. */
#ifndef _ARPA_INET_H
#define _ARPA_INET_H

#include <netinet/in.h>

#endif
