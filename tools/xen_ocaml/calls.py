# SPDX-License-Identifier: ISC
"""Who in an image calls what fails in a domain: direct calls and jumps to libc's refused functions and to the stand-ins for
functions that are not there, found in the code by their targets. OCaml's runtime and our own parts are left out.

A call through a register is not seen; C reaches libc by direct calls, which the linker has made of those through the GOT.
"""

import bisect
import struct

import elf
import lacks

_FUNCTION = 2
_CALL, _JUMP = 0xE8, 0xE9


def lacking(content, runtime):
    """Kind to (name, set of callers) pairs. `runtime` are the names of functions that do not count as callers."""
    functions, targets, stand_in = {}, {}, None
    refused = set(lacks.all_refused())
    for name, value, size, kind, _, section in content.symbols():
        if not section:
            continue
        if name == b"xen_ocaml_absent":
            stand_in = value
        elif kind == _FUNCTION:
            functions[value] = name
            if name in refused:
                targets.setdefault(value, []).append(name)
    starts = sorted(functions)
    found = {}

    def function_at(address):
        at = bisect.bisect_right(starts, address) - 1
        return functions[starts[at]] if at >= 0 else b""

    absent = {}
    for source, target in _transfers(content, set(targets) | ({stand_in} if stand_in else set())):
        caller = function_at(source)
        if target == stand_in:
            absent[caller] = source
        elif caller not in runtime and caller not in refused:
            name = _likely(targets[target], caller)
            found.setdefault(lacks.kind(name), {}).setdefault(name, set()).add(caller)
    if absent:
        addresses = {value: name for value, name in functions.items() if name in absent}
        for source, target in _transfers(content, set(addresses)):
            name = addresses[target]
            found.setdefault(lacks.kind(name), {}).setdefault(name, set()).add(function_at(source))
    return found


def _likely(names, caller):
    """Functions that fail alike are one in the image, under several names: the one that the caller's name holds, or any."""
    within = [name for name in names if name in caller]
    return max(within, key=len) if within else min(names)


def _transfers(content, targets):
    """(address of the instruction, target) of each direct call or jump to one of the targets."""
    for segment in content.segments:
        if segment.kind != elf.LOAD or not segment.flags & elf.EXECUTE:
            continue
        code = content.data[segment.offset : segment.offset + segment.file_size]
        for opcode in (_CALL, _JUMP):
            at = code.find(opcode)
            while 0 <= at <= len(code) - 5:
                source = segment.address + at
                target = source + 5 + struct.unpack_from("<i", code, at + 1)[0]
                if target in targets:
                    yield source, target
                at = code.find(opcode, at + 1)
