/* SPDX-License-Identifier: ISC */
#ifndef _DIRENT_H
#define _DIRENT_H

#include <features.h>
#include <bits/types.h>

struct dirent {
	ino_t d_ino;
	off_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[256];
};

typedef struct __dirstream DIR;

__BEGIN_DECLS
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);
void rewinddir(DIR *) __NOTHROW;
DIR *fdopendir(int);
int dirfd(DIR *) __NOTHROW;
__END_DECLS

#endif
