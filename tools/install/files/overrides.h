/* SPDX-License-Identifier: ISC */
/* Upstream's flags include this file first, to change what its headers cannot. Ours need nothing changed. */
