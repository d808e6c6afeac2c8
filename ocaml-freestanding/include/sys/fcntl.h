/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
