# SPDX-License-Identifier: ISC
"""Is this an ELF file that Xen can boot as PVH? Asked before anything is booted for it.

Sources: the ELF specification's file and program headers; xen/include/public/elfnote.h.
"""

import struct

import xenlab


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
        if not _has_pvh_note(data):
            raise xenlab.BadInput(
                f"{path}: no PVH note (Xen note 18, PHYS32_ENTRY) in a PT_NOTE segment, so Xen cannot boot it: "
                "was it linked as a unikernel?",
                65,
            )
    except (struct.error, IndexError):
        raise xenlab.BadInput(f"{path}: damaged ELF file (a header points outside of it)", 65) from None
    return data


def _has_pvh_note(data):
    order = ">" if data[5] == 2 else "<"
    if data[4] == 2:
        offset, size, count = struct.unpack_from(order + "Q14xHH", data, 32)
        layout = order + "I4xQ16xQ"
    else:
        offset, size, count = struct.unpack_from(order + "I10xHH", data, 28)
        layout = order + "II8xI"
    for index in range(count):
        kind, start, length = struct.unpack_from(layout, data, offset + index * size)
        if kind != 4:
            continue
        at = start
        while at + 12 <= start + length:
            name_size, desc_size, note = struct.unpack_from(order + "III", data, at)
            name = data[at + 12 : at + 12 + name_size]
            if note == 18 and name == b"Xen\0":
                return True
            at += 12 + (name_size + 3 & ~3) + (desc_size + 3 & ~3)
    return False
