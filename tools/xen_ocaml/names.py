# SPDX-License-Identifier: ISC
"""Puts the names of functions into an image, as tools/xen-symbols does, in this process: starting Python and nm again would
take half as long as the link. Only Rust's names need another program.
"""

import importlib.machinery
import os
import types

import common
import elf
from common import Problem

def add(path, program):
    """Changes the image at a path; `program` is the path of xen-symbols."""
    loader = importlib.machinery.SourceFileLoader("xen_symbols", program)
    tool = types.ModuleType("xen_symbols")
    try:
        loader.exec_module(tool)
    except OSError as error:
        raise Problem(f"{program}: {common.reason(error)}: install xen-ocaml again") from None
    symbols = elf.Elf(common.read(path)).symbols()
    by_nm = tool.functions
    tool.functions = lambda path, text: _functions(symbols, text, tool.NAME_MAX) or by_nm(path, text)
    addresses = {name: value for name, value, _, _, _, section in symbols if section}
    tool.symbol = lambda _, name: addresses[name.encode()]
    try:
        tool.add(path)
    except KeyError as error:
        raise Problem(f"{path}: no symbol {error}: not linked with this solo5_xen.o") from None
    except tool.Failure as error:
        raise Problem(f"{path}: the names of its functions cannot be put into it: {error}") from None


def _functions(symbols, text, most):
    """Address and name of each function, in their order; of several names at one address a sized one's, and a global one's."""
    found = {}
    for name, value, size, kind, binding, section in sorted(symbols, key=lambda symbol: symbol[0]):
        if not section or kind not in (0, 2, 10) or not text[0] <= value < text[1] or not name or name.startswith((b".L", b"$")):
            continue
        rank = (size != 0, binding in (1, 2))
        if value not in found or rank > found[value][0]:
            found[value] = rank, name
    mangled = [name for _, name in found.values() if name.startswith((b"_R", b"_Z"))]
    readable = {}
    if mangled:
        status, said, _ = common.capture(["c++filt", "--no-verbose", *map(os.fsdecode, mangled)])
        lines = said.encode().splitlines()
        if status != 0 or len(lines) != len(mangled):
            return None
        readable = dict(zip(mangled, lines))
    return [(value, readable.get(name, name)[:most]) for value, (_, name) in sorted(found.items())]
