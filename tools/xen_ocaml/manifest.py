# SPDX-License-Identifier: ISC
"""Solo5's application manifest: the devices that a program uses, by name, in a note that the core fills in
(include/solo5/mft_abi.h has the layout)."""

from assemble import assemble
from common import Problem

BLOCK, NET = 1, 2
KINDS = {BLOCK: "block", NET: "net"}
NOTE = 0x3154464D
_RESERVED = 1 << 30
_ENTRY, _NAME = 104, 68
_MOST = 63

_HEAD = """.section .note.solo5.manifest,"aw",@note
.balign 8
.globl __solo5_mft1_note
.type __solo5_mft1_note, @object
__solo5_mft1_note:
	.long 6, 2f - 1f, {note:#x}
	.asciz "Solo5"
	.balign 4
1:	.long 0
	.long 1, {count}
"""
_DEVICE = """	.ascii "{name}"
	.zero {padding}
	.long {kind}
	.zero {rest}
"""


def make(devices, folder):
    """Assembles the manifest of `devices`, (kind, name) pairs; the object's path."""
    if len(devices) > _MOST:
        raise Problem(f"{len(devices)} devices: a program can have {_MOST}")
    seen = set()
    for _, name in devices:
        if not name or len(name) >= _NAME or not all(c.isalnum() or c in "_-." for c in name) or not name.isascii():
            raise Problem(f"{name!r} is no name for a device: letters, digits, _ . and -, at most {_NAME - 1}")
        if name in seen:
            raise Problem(f"two devices are called {name}: give one another name")
        seen.add(name)
    text = _HEAD.format(note=NOTE, count=len(devices) + 1)
    for kind, name in [(_RESERVED, ""), *devices]:
        text += _DEVICE.format(name=name, padding=_NAME - len(name), kind=kind, rest=_ENTRY - _NAME - 4)
    text += '2:\n.section .note.GNU-stack,"",@progbits\n'
    return assemble(folder, "manifest", text)


def devices(text):
    """(version, (kind, name) pairs) of a manifest note's bytes; ValueError where it is damaged."""
    # Four bytes align what follows: the note's header and owner are 20 bytes long.
    if len(text) < 12:
        raise ValueError("cut short")
    version, count = int.from_bytes(text[4:8], "little"), int.from_bytes(text[8:12], "little")
    if count > _MOST + 1 or len(text) < 12 + count * _ENTRY:
        raise ValueError("its entries are not all there")
    found = []
    for index in range(count):
        entry = text[12 + index * _ENTRY :]
        name = entry[:_NAME].partition(b"\0")[0].decode("ascii", "replace")
        kind = int.from_bytes(entry[_NAME : _NAME + 4], "little")
        # The first entry is the format's own, and no device.
        if index > 0:
            if kind not in KINDS or not name:
                raise ValueError(f"its entry {index} is no device")
            found.append((kind, name))
    return version, found
