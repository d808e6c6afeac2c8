# SPDX-License-Identifier: ISC
"""Is this an ELF file that Xen can boot as PVH? Asked before anything is booted for it.

Sources: xen/include/public/elfnote.h.
"""

import os
import sys

import xenlab

sys.path.insert(1, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "tools", "xen_ocaml"))
import elf

PHYS32_ENTRY = 18


def check_elf(path):
    """The bytes of a kernel Xen can boot as PVH; BadInput with one clear line otherwise."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise xenlab.BadInput(f"{path}: {error.strerror}", 66) from None
    if data[:4] != b"\x7fELF":
        raise xenlab.BadInput(f"{path}: not an ELF file", 65)
    try:
        notes = [(owner, kind) for owner, kind, _ in elf.Elf(data).notes()]
    except elf.Malformed as error:
        raise xenlab.BadInput(f"{path}: damaged ELF file ({error})", 65) from None
    if ("Xen", PHYS32_ENTRY) not in notes:
        raise xenlab.BadInput(
            f"{path}: no PVH note (Xen note 18, PHYS32_ENTRY) in a PT_NOTE segment, so Xen cannot boot it: "
            "was it linked as a unikernel?",
            65,
        )
    return data
