# SPDX-License-Identifier: ISC
"""xen-ocaml check

usage: xen-ocaml check [--quiet] [--verbose] FILE ...

Of an image: the notes that Xen, Solo5 and this program left, the segments, and every fault that keeps it from booting
or from being safe. Of an object (.o) or an archive (.a): what its members want that a domain does not have.

  --quiet     nothing but faults
  --verbose   all names of long lists

Exit status: 0 no fault; 1 faults, each on a line that begins with `fault:`; 2 a file cannot be read or is neither.
"""

import os

import calls
import common
import elf
import identity
import lacks
import link
import manifest
import place
from common import Problem

_MIB = 1 << 20
_PHYS32_ENTRY, _ABI = 18, 0x31494241
_XEN_NOTES = {18: "PHYS32_ENTRY"}
_ABIS = {1: "hvt", 2: "spt", 3: "virtio", 4: "muen", 5: "genode", 6: "xen"}


def main(words):
    arguments = common.Arguments("check", words, {"--quiet": "quiet", "-q": "quiet", "--verbose": "verbose", "-v": "verbose"}, {})
    common.VERBOSE = arguments["verbose"]
    if not arguments.rest:
        raise Problem("check: no file named: see xen-ocaml check --help")
    status = 0
    for path in arguments.rest + arguments.after:
        lines, faults = check(path)
        if not arguments["quiet"]:
            print("\n".join(lines))
        for fault in faults:
            print(f"fault: {path}: {fault}")
        status = max(status, 1 if faults else 0)
    return status


def check(path):
    """What there is to say of a file, and its faults, as lines."""
    data = common.read(path)
    try:
        if elf.is_archive(data):
            return _check_members(path, list(elf.objects(data)))
        content = elf.Elf(data)
        if content.kind == elf.RELOCATABLE:
            return _check_members(path, [("", content)])
        return _check_image(path, content, len(data))
    except elf.Malformed as error:
        raise Problem(f"{path}: {error}") from None


def _check_image(path, content, size):
    lines, faults = [f"{path}: {size} bytes, ELF for {content.machine}"], []

    def say(key, text):
        lines.append(f"  {key:9} {text}")

    if not content.is_x86_64:
        faults.append(f"is for {content.machine}, and a domain is x86-64: link it for x86-64")
    if content.kind != elf.EXECUTABLE:
        faults.append("is no executable at a fixed address (a shared object or a PIE): link it with -static and the linker script")
    parts, versions = identity.of(content)
    for part, (version, digest) in sorted(parts.items()):
        say(part, f"{version} (sources {digest})")
    if parts and len(set(parts.values())) > 1:
        faults.append("its parts are of different sources: link parts of one build")
    if not parts:
        say("version", "none said: not linked with parts of this project")
    if versions:
        say("OCaml", ", ".join(sorted(versions)))
    _notes(content, say, faults)
    _segments(content, say, faults)
    if content.has_symbols():
        undefined = sorted(content.names()[1])
        for name in undefined:
            # A static link turns accesses to thread-local data into ones that call nothing, and keeps the name that they had called.
            if name == b"__tls_get_addr":
                continue
            faults.append(f"{os.fsdecode(name)} is undefined, a call of it would go astray: link what defines it")
        say("symbols", "yes")
        _calls(content, say)
    else:
        say("symbols", "none (stripped)")
    return lines, faults


def _calls(content, say):
    """What the program may call and a domain lacks: no fault, since it may never do."""
    own = set()
    where = place.Place()
    try:
        version = (sorted(identity.of(content)[1]) or [""])[0]
        for path in (where.runtime(version), where.part("libnolibc.a", version), where.part("libmirage-xen_bindings.a", version)):
            for _, member in elf.objects(common.read(path)):
                own.update(symbol[0] for symbol in member.symbols() if symbol[5])
    except Problem:
        pass  # An image can be looked at where nothing is installed: the runtime's own calls are then among those said.
    for kind, names in sorted(calls.lacking(content, own).items()):
        listed = [f"{os.fsdecode(name)} (by {link.some(sorted(map(os.fsdecode, callers)))})" for name, callers in sorted(names.items())]
        say("lacks", f"{kind}: {link.some(listed)}: {lacks.KINDS.get(kind, 'a domain does not have it')}")


def _notes(content, say, faults):
    entry = None
    for owner, kind, text in content.notes():
        if owner == "Xen":
            value = int.from_bytes(text[:8], "little")
            say("Xen", f"{_XEN_NOTES.get(kind, f'note {kind}')} {value:#x}")
            if kind == _PHYS32_ENTRY:
                entry = value
        elif owner == "Solo5" and kind == _ABI:
            if len(text) < 8:
                faults.append("its Solo5 ABI note is cut short: link it again")
                continue
            target, version = int.from_bytes(text[:4], "little"), int.from_bytes(text[4:8], "little")
            say("Solo5", f"ABI {_ABIS.get(target, target)}, version {version}")
            if target != 6:
                faults.append(f"is for Solo5's target {_ABIS.get(target, target)}, not xen: link it with -z solo5-abi=xen")
        elif owner == "Solo5" and kind == manifest.NOTE:
            say("manifest", _manifest(text, faults))
    if entry is None:
        faults.append("no PVH note (Xen note 18, PHYS32_ENTRY), so Xen cannot boot it: link it with solo5_xen.o and solo5_xen.lds")
        return
    if not any(s.kind == elf.LOAD and s.flags & elf.EXECUTE and s.address <= entry < s.address + s.file_size for s in content.segments):
        faults.append(f"the entry in its PVH note, {entry:#x}, is in no executable segment: link it again")


def _manifest(text, faults):
    """The devices of a Solo5 manifest."""
    try:
        version, devices = manifest.devices(text)
    except ValueError as error:
        faults.append(f"its manifest is damaged ({error}): make it again with solo5-elftool gen-manifest, or --net and --block")
        return "damaged"
    return f"version {version}, " + (", ".join(f"{manifest.KINDS[kind]} {name}" for kind, name in devices) or "no devices")


def _segments(content, say, faults):
    loads = sorted((s for s in content.segments if s.kind == elf.LOAD), key=lambda s: s.address)
    if not loads:
        faults.append("has no segment to load: it is no program")
        return
    for segment in loads:
        flags = "".join(letter if segment.flags & bit else "-" for letter, bit in (("r", elf.READ), ("w", elf.WRITE), ("x", elf.EXECUTE)))
        say("segment", f"{segment.address:#010x} {flags} {segment.memory_size} bytes")
        if segment.flags & elf.WRITE and segment.flags & elf.EXECUTE:
            faults.append(f"the segment at {segment.address:#x} is writable and executable: link it with solo5_xen.lds")
        if segment.file_size > segment.memory_size:
            faults.append(f"the segment at {segment.address:#x} is larger in the file than in memory: link it again")
        if segment.address < _MIB:
            faults.append(f"the segment at {segment.address:#x} lies below 1 MiB, which stays unmapped: link it with solo5_xen.lds")
        if segment.address % 4096 and segment.flags & elf.WRITE:
            faults.append(f"the segment at {segment.address:#x} shares a page with another: link it with -z max-page-size=0x1000")
    for one, other in zip(loads, loads[1:]):
        if one.address + one.memory_size > other.address:
            faults.append(f"the segments at {one.address:#x} and {other.address:#x} overlap: link it again")
    end = max(s.address + s.memory_size for s in loads)
    say("memory", f"{-(-end // _MIB)} MiB to the image's end")


def _check_members(path, members):
    """What an object or an archive wants that neither it nor a domain has."""
    faults = []
    for name, content in members:
        if not content.is_x86_64:
            return [f"{path}: ELF for {content.machine}"], [f"is for {content.machine}, and a domain is x86-64: build it for x86-64"]
    defined, wanted, ocaml = set(), {}, False
    for name, content in members:
        has, wants = content.names()
        defined |= has
        ocaml = ocaml or any(n.startswith(b"caml") and n[4:5].isupper() for n in has)
        for symbol in wants:
            wanted.setdefault(symbol, []).append(name or os.path.basename(path))
    lines = [f"{path}: {len(members)} object{'s' * (len(members) != 1)} for x86-64{', OCaml code' if ocaml else ''}"]
    where = place.Place()
    into = link.Link(where, path)
    into.find_version()
    provided = link.provided(into)
    fails = set(lacks.refused(where))
    modules = sorted({os.fsdecode(n[4:]).replace(".", "__").split("__")[0] for n in wanted if n not in defined and _is_module(n)})
    if modules:
        lines.append(f"  modules   {', '.join(modules)}")
    others = []
    for symbol in sorted(wanted):
        if symbol in defined or _is_module(symbol) or symbol in (b"_GLOBAL_OFFSET_TABLE_", b"__tls_get_addr"):
            continue
        who = wanted[symbol][0]
        name = os.fsdecode(symbol)
        if symbol in provided:
            if symbol in fails:
                faults.append(f"{who} wants {name}, which fails in a domain: {lacks.hint(symbol, path)}")
        elif lacks.kind(symbol) == "other":
            others.append(name)
        else:
            faults.append(f"{who} wants {name}, which a domain does not have: {lacks.hint(symbol, path)}")
    if others:
        lines.append(f"  wants     {len(others)} names that other libraries may define: {link.some(others)}")
    return lines, faults


def _is_module(name):
    """Is it OCaml's own: another module's, or the startup object's?"""
    return name.startswith(b"caml") and (name[4:5].isupper() or name in _STARTUP or name.startswith((b"caml_apply", b"caml_curry", b"caml_send", b"caml_tuplify")))


_STARTUP = frozenset(b"caml_globals caml_globals_inited caml_program caml_frametable caml_data_segments caml_code_segments caml_globals_map".split()) | frozenset(
    f"caml_exn_{name}".encode()
    for name in (
        "Out_of_memory Sys_error Failure Invalid_argument End_of_file Division_by_zero Not_found Match_failure Stack_overflow"
        " Sys_blocked_io Assert_failure Undefined_recursive_module"
    ).split()
)
