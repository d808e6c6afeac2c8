# SPDX-License-Identifier: ISC
"""The notes that every part carries: which part, which version, which sources, which OCaml (tools/identity,
c_stubs/mirage_identity.h)."""

import elf

OWNER = "mirage-xen"
PART, OCAML = 0x54524150, 0x4C4D434F


def of(content):
    """(part name to (version, sources' digest), OCaml versions) of an Elf."""
    parts, ocaml = {}, set()
    for owner, kind, text in content.notes():
        if owner != OWNER:
            continue
        text = text.rstrip(b"\0").decode("ascii", "replace")
        if kind == PART:
            words = text.split()
            if len(words) == 3:
                parts[words[0]] = (words[1], words[2])
        elif kind == OCAML:
            ocaml.add(text)
    return parts, ocaml


def show():
    """Says which version this is: that of the solo5 part which images get."""
    import place

    where = place.Place()
    path = where.part("solo5_xen.o", "")
    with open(path, "rb") as file:
        parts, _ = of(elf.Elf(file.read()))
    version, digest = parts.get("solo5", ("of no version that it says", "unknown"))
    print(f"xen-ocaml {version} (sources {digest})")
    return 0
