/* SPDX-License-Identifier: ISC */
/* FILE is opaque: no macro of ours looks inside. The tag is glibc's, so that C++ mangles it alike. */
#ifndef _BITS_FILE_H
#define _BITS_FILE_H

typedef struct _IO_FILE FILE;

#endif
