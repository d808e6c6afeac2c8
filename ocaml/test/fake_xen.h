/* SPDX-License-Identifier: ISC */
/* What the fake Xen's two files know of each other. */
#include <stdint.h>

enum { FAKE_STORE_PORT = 1 };

/* Notifies the other end of a port. */
void fake_notify(int port);

/* The page that is shared with xenstored. */
uint8_t *fake_store_page(void);
