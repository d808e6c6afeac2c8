/* SPDX-License-Identifier: ISC */
#include <ucontext.h>
