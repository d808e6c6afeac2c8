# SPDX-License-Identifier: ISC
"""Puts the names of functions into an image, as tools/xen-symbols does, in this process: starting Python and nm again would
take half as long as the link. Only Rust's names need another program.
"""

import marshal
import os

import common
import elf
import xen_symbols
from common import Problem


def add(path, folder=None):
    """Changes the image at a path. What Rust's names mean is kept in `folder`, a build's, for the next time."""
    symbols = elf.Elf(common.read(path)).symbols()
    by_nm = xen_symbols.functions
    xen_symbols.functions = lambda path, text: _functions(symbols, text, xen_symbols.NAME_MAX, folder) or by_nm(path, text)
    xen_symbols.symbol = lambda _, name: _address(symbols, name.encode())
    try:
        xen_symbols.add(path)
    except KeyError as error:
        raise Problem(f"{path}: no symbol {error}: not linked with this solo5_xen.o") from None
    except xen_symbols.Failure as error:
        raise Problem(f"{path}: the names of its functions cannot be put into it: {error}") from None
    finally:
        xen_symbols.functions = by_nm


def _address(symbols, wanted):
    for name, value, _, _, _, section in symbols:
        if name == wanted and section:
            return value
    raise KeyError(os.fsdecode(wanted))


def _functions(symbols, text, most, folder):
    """Address and name of each function, in their order; of several names at one address a sized one's, and a global one's, and
    of those the first in the alphabet."""
    found = {}
    start, end = text
    for name, value, size, kind, binding, section in symbols:
        if not start <= value < end or not section or kind not in (0, 2, 10) or not name or name.startswith((b".L", b"$")):
            continue
        rank = (size == 0, binding not in (1, 2), name)
        if value not in found or rank < found[value]:
            found[value] = rank
    readable = _readable([rank[2] for rank in found.values() if rank[2].startswith((b"_R", b"_Z"))], folder)
    if readable is None:
        return None
    return [(value, readable.get(found[value][2], found[value][2])[:most]) for value in sorted(found)]


def _readable(mangled, folder):
    """Mangled names to what c++filt makes of them; None where it fails."""
    known, path = {}, folder and os.path.join(folder, "names")
    try:
        if path:
            with open(path, "rb") as file:
                known = marshal.loads(file.read())
    except (OSError, ValueError, EOFError, TypeError):
        pass
    if not isinstance(known, dict):
        known = {}
    new = [name for name in dict.fromkeys(mangled) if name not in known]
    if new:
        status, said, _ = common.capture(["c++filt", "--no-verbose", *map(os.fsdecode, new)])
        lines = said.encode().splitlines()
        if status != 0 or len(lines) != len(new):
            return None
        known.update(zip(new, lines))
        if path:
            with common.NewFile(path) as temporary, open(temporary, "wb") as file:
                file.write(marshal.dumps(known))
    return known
