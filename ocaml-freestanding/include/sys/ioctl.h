/* SPDX-License-Identifier: ISC */
#ifndef _SYS_IOCTL_H
#define _SYS_IOCTL_H

#include <features.h>

struct winsize {
	unsigned short ws_row;
	unsigned short ws_col;
	unsigned short ws_xpixel;
	unsigned short ws_ypixel;
};

#define TIOCGWINSZ 0x5413
#define FIONREAD 0x541b

__BEGIN_DECLS
int ioctl(int, unsigned long, ...) __NOTHROW;
__END_DECLS

#endif
