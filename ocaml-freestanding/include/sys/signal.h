/* SPDX-License-Identifier: ISC */
#include <signal.h>
