/* SPDX-License-Identifier: ISC */
/* The console is no terminal: what asks for one fails with ENOTTY. */
#ifndef _TERMIOS_H
#define _TERMIOS_H

#include <features.h>

typedef unsigned char cc_t;
typedef unsigned int speed_t;
typedef unsigned int tcflag_t;

#define NCCS 32
#define VMIN 6
#define VTIME 5
#define TCSANOW 0
#define TCSADRAIN 1
#define TCSAFLUSH 2
#define ISIG 1
#define ICANON 2
#define ECHO 010
#define IXON 02000
#define OPOST 1
#define B0 0
#define B9600 015
#define B38400 017
#define B115200 010002
#define TCIFLUSH 0
#define TCOFLUSH 1
#define TCIOFLUSH 2

struct termios {
	tcflag_t c_iflag;
	tcflag_t c_oflag;
	tcflag_t c_cflag;
	tcflag_t c_lflag;
	cc_t c_line;
	cc_t c_cc[NCCS];
	speed_t c_ispeed;
	speed_t c_ospeed;
};

__BEGIN_DECLS
int tcgetattr(int, struct termios *) __NOTHROW;
int tcsetattr(int, int, const struct termios *) __NOTHROW;
int tcdrain(int);
int tcflow(int, int) __NOTHROW;
int tcflush(int, int) __NOTHROW;
int tcsendbreak(int, int) __NOTHROW;
speed_t cfgetispeed(const struct termios *) __NOTHROW;
speed_t cfgetospeed(const struct termios *) __NOTHROW;
int cfsetispeed(struct termios *, speed_t) __NOTHROW;
int cfsetospeed(struct termios *, speed_t) __NOTHROW;
__END_DECLS

#endif
