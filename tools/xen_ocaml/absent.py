# SPDX-License-Identifier: ISC
"""What of the Unix and threads libraries a program really uses, and stand-ins for functions that are not there.

OCaml's module Unix is one object that refers to all of Unix, so that a program that asks for the time links sockets and
processes too. It must not be refused for those. The relocations of that object and of its C stubs say which function
reaches which; what only the library itself names, in functions that the program does not name, is dormant: what it wants
and a domain has not gets a stand-in that ends the domain with a line, and is no reason to refuse.

A program compiled with -opaque calls Unix's functions through the module's block, where nobody can see which: it finds
out at run time, by Unix_error, or by the stand-in's line.
"""

import bisect
import os

import elf
import lacks
import link
from assemble import assemble

# Stand-ins: each names itself on the console and crashes the domain. The name is in r11 (no call argument is touched).
_PROLOGUE = """.section .text.xen_ocaml_absent,"ax",@progbits
xen_ocaml_absent:
	and $-16, %rsp
	call solo5_console_write
	call abort
	ud2
"""
_STAND_IN = """.section .text.absent_{name},"ax",@progbits
.globl {name}
.type {name}, @function
{name}:
	lea 1f(%rip), %rdi
	mov $2f - 1f, %esi
	jmp xen_ocaml_absent
.size {name}, . - {name}
.section .rodata.absent_{name},"a",@progbits
1:	.ascii "{name} was called, which a domain does not have\\n"
2:
"""


# Archives of C stubs, and of the OCaml modules over them.
_STUBS = ("libunix.a", "libunixnat.a", "libthreadsnat.a", "libthreads.a")
_ARCHIVES = ("unix.a", "threads.a")
_MODULES = tuple(
    f"caml{name}{dot}".encode()
    for name in ("Unix", "UnixLabels", "Thread", "ThreadUnix", "Mutex", "Condition", "Event", "Semaphore")
    for dot in ("__", ".")
)
# Names that the linker or the startup object defines, or that a static link does without.
_LINKERS = (b"caml", b"_GLOBAL_", b"__tls_get_addr")
# What a module's tables are called, which name all of its functions and are no use of them.
_TABLES = (b"frametable", b"gc_roots", b"code_begin", b"code_end", b"data_begin", b"data_end")


# The C names of those libraries, where they are linked into one object with a program.
_PRIMITIVES = (b"unix_", b"caml_unix_", b"caml_thread_", b"caml_mutex_", b"caml_condition_")


class Needs:
    """What is asked of a domain by a link, and by whom."""

    def __init__(self, into, allowed):
        self.into, self.allowed = into, allowed
        self.missing = set()  # names that get a stand-in
        self.bad = {}  # function of the libraries, C or OCaml: what it reaches and a domain lacks
        self.uses = []  # (who, function, what it wants), found without the linker
        self.wants = []  # (who, what libc refuses), the same
        self.whole = {}  # objects of whole programs: path to its references
        self.runtime = set()  # names of Linux's runtime, which a whole program may hold: ours takes its place
        self.own = {os.path.realpath(path) for path in into.files if os.path.basename(path) in _STUBS + _ARCHIVES}
        if into.muldefs or any(os.path.basename(path) in _STUBS for path in self.own):
            self._look()

    def _look(self):
        graph, library, undefined, elsewhere = {}, set(), set(), set()
        if self.into.muldefs:
            self.runtime = self._runtimes()
        for path in self.into.files:
            base = os.path.basename(path)
            if base not in _STUBS + _ARCHIVES and path.endswith(".a"):
                elsewhere.update(elf.symbol_index(path))
                continue
            for _, content, (defined, wanted) in link.objects(path):
                if base in _STUBS:
                    library |= defined
                    undefined |= wanted
                elif base not in _ARCHIVES:
                    elsewhere |= defined
                    if not (self.into.muldefs and b"caml_startup" in defined) and not any(n.startswith(_MODULES) and n.endswith(b"entry") for n in defined):
                        continue
                    undefined |= wanted
                found = references(content, loose=base in _STUBS)
                for name, named in found.items():
                    graph.setdefault(name, set()).update(named)
                if base not in _STUBS + _ARCHIVES:
                    self.whole[path] = found
        library.update(n for n in graph if n.startswith(_MODULES))
        for found in self.whole.values():
            library.update(n for n in found if n.startswith(_PRIMITIVES))
        if self.whole:
            library |= self._stubs_within()
        fails = set(lacks.refused(self.into.place))
        self._find_missing(undefined - library - elsewhere, library)
        for name in library & graph.keys():
            if not name.endswith(_TABLES):
                reached = self._lacking_from(graph, name, self.missing | fails)
                if reached:
                    self.bad[name] = min(reached, key=lacks.weight)
        self._look_at_starts(graph)
        for path, name, other in self._named_by_programs(library):
            if other in self.bad:
                self.uses.append((_module(name) or os.path.basename(path), other, self.bad[other]))
            elif other in fails:
                self.wants.append((_module(name) or os.path.basename(path), other))

    def _stubs_within(self):
        """Other names of those libraries' C, which may be linked into an object with a program: the host's archives have them."""
        found = set()
        for folder in (self.into.stdlib, os.path.join(self.into.stdlib, "unix"), os.path.join(self.into.stdlib, "threads")):
            for name in _STUBS[:3]:
                path = os.path.join(folder, name)
                if os.path.exists(path):
                    for _, content, _ in link.objects(path):
                        found.update(symbol[0] for symbol in content.symbols() if symbol[5])
        return found - {b""}

    def _runtimes(self):
        """All names in our runtime and in Linux's, which has functions that ours does without."""
        found = set()
        for path in (self.into.parts()[2][1], os.path.join(self.into.stdlib, "libasmrun.a")):
            if os.path.exists(path):
                for _, content, _ in link.objects(path):
                    found.update(symbol[0] for symbol in content.symbols() if symbol[5])
        return found - {b""}

    def _find_missing(self, undefined, library):
        known = link.provided(self.into)
        named = {other for _, _, other in self._named_by_programs(library)}
        self.missing = {n for n in undefined if n not in known and n not in named and not n.startswith(_LINKERS)}

    def _named_by_programs(self, library):
        """(path, function, name) for what a program's own functions refer to in whole objects. Linux's runtime, which an
        object may hold, is replaced by ours and counts as ours."""
        for path, found in self.whole.items():
            for name, named in found.items():
                if name not in library and name not in self.runtime:
                    for other in named:
                        yield path, name, other

    def _look_at_starts(self, graph):
        """What a module does when it starts: the primitives that its start calls itself."""
        for name in graph:
            if name.startswith(_MODULES) and name.endswith(b"entry"):
                self.bad.pop(name, None)
                for primitive in graph[name]:
                    if primitive in self.bad and not primitive.startswith(_MODULES):
                        self.uses.append((f"module {_module(name)}, when it starts,", primitive, self.bad[primitive]))

    def _lacking_from(self, graph, start, lacking):
        """The names that a function reaches and a domain lacks. A module's start is not followed: it names all functions."""
        found, seen, waiting = set(), {start}, [start]
        while waiting:
            for name in graph.get(waiting.pop(), ()):
                if name in lacking:
                    found.add(name)
                elif name not in seen and name not in self.runtime and not name.endswith(b"entry"):
                    seen.add(name)
                    waiting.append(name)
        return found

    def traced(self):
        """Names whose users the linker has to tell."""
        return [*self.bad, *self.missing]

    def stand_ins(self, folder, more=()):
        """An object that defines what is missing, as a list of files to link; empty where nothing is."""
        names = sorted({os.fsdecode(name) for name in self.missing} | set(more))
        if not names:
            return []
        text = _PROLOGUE + "".join(_STAND_IN.format(name=name) for name in names) + '.section .note.GNU-stack,"",@progbits\n'
        return [assemble(folder, "absent", text)]

    def dormant(self, where):
        """Is what an object asks for judged by its references, or by who uses it?"""
        return where in self.whole or os.path.realpath(where.split("(")[0]) in self.own

    def judge(self, wanted):
        """Lines for what the program uses of these libraries and cannot have, given the linker's answers; `wanted` is left
        with what is not theirs."""
        uses = list(self.uses)
        for name in self.bad:
            for where in wanted.pop(name, ()):
                if not self.dormant(where):
                    uses.append((os.path.basename(where), name, self.bad[name]))
        lines, hopeless = [], {}
        for who, name, want in uses:
            archive = who.split("(")[0]
            if permitted(want, "libunix.a", self.allowed) or permitted(name, archive, self.allowed):
                continue
            if lacks.archive_hint(archive):
                hopeless.setdefault(archive, []).append(_readable(name))
                continue
            kind = lacks.kind(want)
            line = (
                f"{who} uses {_readable(name)}, which wants {os.fsdecode(want)}: {lacks.hint(want)} "
                f"(--allow {kind if kind != 'other' else os.fsdecode(want)} links it all the same)"
            )
            if line not in lines:
                lines.append(line)
        for archive, names in hopeless.items():
            lines.append(f"{archive} uses {link.some(sorted(set(names)))}, which fail in a domain: {lacks.archive_hint(archive)}")
        for who, name in self.wants:
            if not permitted(name, "", self.allowed):
                lines.append(refusal(who, name))
        for name in self.missing:
            for where in wanted.pop(name, ()):
                if not self.dormant(where) and not permitted(name, where, self.allowed):
                    lines += link.undefined_lines({os.fsdecode(name): [os.path.basename(where)]})
                    break
        return lines


def refusal(who, name, where=""):
    """The line for a function that libc refuses."""
    kind = lacks.kind(name)
    return (
        f"{who} wants {os.fsdecode(name)}, which fails in a domain: {lacks.hint(name, where)} "
        f"(--allow {kind if kind != 'other' else os.fsdecode(name)} links it all the same)"
    )


def permitted(name, where, allowed):
    """Did the user say that this name, or what this archive wants, may fail?"""
    if not allowed:
        return False
    archive = os.path.basename(where or "").split("(")[0]
    short = archive[3:-2] if archive.startswith("lib") and archive.endswith(".a") else archive
    return bool(allowed & {"all", os.fsdecode(name), lacks.kind(name), archive, short})


def references(content, loose=False):
    """Which names each function or datum of an object refers to, by its relocations: name to a set of names.

    `loose` is for C, where a call within a section leaves no relocation: there all functions of a section refer to what
    one of them does."""
    symbols = content.symbols()
    places = {}
    for name, value, _, kind, _, section in symbols:
        if name and section and kind != 3:
            # At one address the function's own name counts, not a label that marks where code begins.
            places.setdefault(section, []).append((value, kind == 2, name))
    starts = {}
    for index, found in places.items():
        found.sort()
        starts[index] = [value for value, _, _ in found]

    def containing(section, offset):
        at = bisect.bisect_right(starts.get(section, ()), offset) - 1
        return places[section][at][2] if at >= 0 else b""

    graph = {}
    for index, found in places.items():
        named = {}
        for offset, symbol, addend in content.relocations(index):
            if symbol < len(symbols):
                target = symbols[symbol][0]
                if symbols[symbol][3] == 3:
                    # A section and an offset into it; an instruction's operand is counted from its end.
                    target = containing(symbols[symbol][5], max(addend + 4, 0))
                if target:
                    named.setdefault(containing(index, offset), set()).add(target)
        together = set().union(*named.values()) if loose and len(found) > 1 else None
        for _, _, name in found:
            if together or name in named:
                graph.setdefault(name, set()).update(together or named[name])
    return graph


def _module(symbol):
    """App for camlApp__main_123."""
    text = os.fsdecode(symbol)
    if not text.startswith("caml") or not text[4:5].isupper():
        return None
    return text[4:].rpartition("__" if "__" in text else ".")[0].rpartition("__")[2] or None


def _readable(symbol):
    """Unix.fork for unix_fork, caml_unix_fork and camlUnix__fork_123."""
    text = os.fsdecode(symbol)
    for prefix in ("caml_unix_", "unix_"):
        if text.startswith(prefix):
            name = text[len(prefix) :]
            return "Unix." + (name.rpartition("_")[0] if name.endswith(("_unboxed", "_native", "_bytecode")) else name)
    if symbol.startswith(_MODULES):
        dot = "__" if "__" in text else "."
        module, _, name = text[4:].partition(dot)
        return f"{module}.{name.rstrip('0123456789').rstrip('_')}"
    return text
