/* SPDX-License-Identifier: ISC */
#include <errno.h>
