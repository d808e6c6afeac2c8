# SPDX-License-Identifier: ISC
"""Links a program's objects and archives with the parts into a domain, and says who wants what is not there."""

import os

import common
import elf
import lacks
from common import Problem

# The host's libc and what comes with its compiler: our own parts stand in their place.
_OURS = frozenset("m c dl pthread rt util resolv gcc gcc_s gcc_eh stdc++fs atomic nolibc openlibm asmrun".split())
# Lines of a complaint that are shown; --verbose shows all.
_LINES = 12


class Undefined(Problem):
    """Names that nothing defines: `names` maps each to who wants it. Nothing else is wrong."""

    def __init__(self, lines, names):
        super().__init__(*lines)
        self.names = names


class Link:
    """What goes into one domain."""

    def __init__(self, place, output):
        self.place, self.output = place, output
        self.words, self.folders = [], []
        self.files = []
        self.stdlib = None
        self.version = None
        self.muldefs = False

    def add(self, words):
        """Takes the words of a C compiler's link line: files, -l, -L, and what of -Wl means something to a static link."""
        words = list(words)
        waiting = []
        while words:
            word = words.pop(0)
            if word in ("-o", "-cc", "-T", "-x") and words:
                words.pop(0)
            elif word == "-L" and words:
                self.folders.append(words.pop(0))
            elif word.startswith("-L"):
                self.folders.append(word[2:])
            elif word == "-l" and words:
                waiting.append("-l" + words.pop(0))
            elif word.startswith("-l"):
                waiting.append(word)
            elif word.startswith("-Wl,"):
                words[:0] = [w for w in word[4:].split(",") if w.startswith(("-l", "-L", "--whole-archive", "--no-whole-archive"))]
            elif word in ("--whole-archive", "--no-whole-archive"):
                waiting.append(word)
            elif not word.startswith("-"):
                waiting.append(word)
        for word in waiting:
            if word.startswith("-l"):
                path = self.library(word[2:])
                if path:
                    self.words.append(path)
                    self.files.append(path)
            elif word.startswith("--"):
                self.words.append(word)
            elif os.path.basename(word).startswith("libasmrun") and word.endswith(".a"):
                self.stdlib = os.path.dirname(word)
            else:
                self.words.append(word)
                self.files.append(word)

    def library(self, name):
        """The archive that -lNAME means; None for what our parts stand in for."""
        if name in _OURS:
            return None
        file = name[1:] if name.startswith(":") else f"lib{name}.a"
        for folder in self.folders:
            path = os.path.join(folder, file)
            if os.path.exists(path):
                return path
        _, path, _ = common.capture(["gcc", f"-print-file-name={file}"])
        path = path.strip()
        if os.path.isabs(path):
            return path
        wanted = f": the archive -l{name} is not here: install the library's development package with its {file}"
        raise Problem(self.output + wanted)

    def check_inputs(self):
        """Each file is for this architecture."""
        for path in self.files:
            try:
                found = elf.first_machine(path)
            except OSError as error:
                raise Problem(f"{path}: {common.reason(error)}") from None
            except elf.Malformed as error:
                raise Problem(f"{path}: {error}: it cannot be linked") from None
            if found and not found[0]:
                raise Problem(f"{path} is for {found[1]}, and a domain here is x86-64: install or build the x86-64 one")

    def find_version(self):
        """The compiler's version, from the header beside its standard library."""
        if not self.stdlib:
            status, text, _ = common.capture(["ocamlfind", "ocamlopt", "-where"])
            if status != 0:
                raise Problem(common.missing_program("ocamlopt"))
            self.stdlib = text.strip()
        try:
            with open(os.path.join(self.stdlib, "caml/version.h"), encoding="ascii", errors="replace") as file:
                for line in file:
                    if line.startswith("#define OCAML_VERSION_STRING"):
                        self.version = line.split('"')[1]
        except (OSError, IndexError):
            pass
        if not self.version:
            status, text, _ = common.capture(["ocamlfind", "ocamlopt", "-version"])
            self.version = text.strip()
            if status != 0:
                raise Problem(common.missing_program("ocamlopt"))
        return self.version

    def parts(self):
        """(what is linked first, the linker script, what is linked last)."""
        version = self.version or self.find_version()
        place = self.place
        runtime = place.runtime(version)
        last = [place.part("libmirage-xen_bindings.a", version), runtime]
        bound = place.bindings_version(last[0])
        if bound and bound != version:
            remedy = f"make -C {place.checkout} OCAML={'.'.join(version.split('.')[:2])} guests" if place.checkout else "install those of this compiler"
            raise Problem(f"the compiler is OCaml {version}, and the bindings in {last[0]} are of {bound}: {remedy}")
        last += [place.part("libnolibc.a", version), place.part("libopenlibm.a", version)]
        return place.part("solo5_xen.o", version), place.part("solo5_xen.lds", version), last

    def run(self, temporary, first=(), traced=()):
        """Links into `temporary`, `first` before all others. Raises a Problem with a line for each thing that is wrong; returns who asks for the names
        of `traced`: name to a list of files."""
        start, script, last = self.parts()
        command = ["ld", "-nostdlib", "-z", "max-page-size=0x1000", "-static", "--gc-sections", "-T", script, start]
        if b"__wrap_caml_startup_exn" in elf.symbol_index(last[0]):
            # Sys.argv is the domain's command line.
            command += ["--wrap=mirage_runtime_start", "--wrap=caml_startup_exn"]
        if self.muldefs:
            command += ["-z", "muldefs", "--whole-archive", last[1], "--no-whole-archive"]
        else:
            # Thread.yield is a turn for all that can run: ocaml-freestanding/yield.c.
            command.append("--wrap=caml_thread_yield")
        command += [*first, *self.words, "--start-group", *last, "--end-group", "-o", temporary]
        command += ["--trace-symbol=" + os.fsdecode(name) for name in traced]
        environment = dict(os.environ, LC_ALL="C")
        status, _, said = common.capture(command, environment)
        traces, complaint = [], []
        for line in said.splitlines():
            traced_line = ": reference to " in line or line.endswith(": definition of " + line.rpartition(" ")[2])
            (traces if traced_line else complaint).append(line)
        own = {os.path.realpath(path) for path in [start, *last]}
        if status != 0:
            raise self.explain(complaint)
        return _wanted(traces, own)

    def explain(self, complaint):
        """What ld said, as a Problem with lines that name the function, who wants it, and what to do."""
        undefined, others = {}, []
        where = ""
        for line in complaint:
            text = line[len("ld: ") :] if line.startswith("ld: ") else line
            if text.endswith("':") and ": in function `" in text:
                where = text.partition(": in function `")[0]
            elif "undefined reference to `" in text:
                name = text.rpartition("undefined reference to `")[2].split("'")[0]
                if line.startswith("ld: ") and ":(" in text and not text.startswith("("):
                    where = text.partition(":(")[0]
                wanted = undefined.setdefault(name, [])
                if _short(where) not in wanted:
                    wanted.append(_short(where))
            elif "multiple definition of `" in text:
                name = text.partition("multiple definition of `")[2].split("'")[0]
                second = _short(text.partition(":(")[0] if ":(" in text else where)
                first = text.rpartition("; ")[2].partition(": first defined here")[0].partition(":(")[0]
                first = _short(first.partition(".o:")[0] + ".o" if ".o:" in first else first.partition(":")[0])
                others.append(f"{name} is defined twice, in {first} and in {second}: link only one of them")
            elif "more undefined references" in text:
                pass
            elif line.startswith("ld: "):
                others.append(_plain(text))
        if undefined and not others:
            return Undefined(shorten(undefined_lines(undefined)), undefined)
        lines = others + undefined_lines(undefined)
        return Problem(*shorten(lines or (complaint or ["ld failed and did not say why"])[-3:]))


def undefined_lines(undefined):
    """A line for each name, or for all that an archive wants which can never work."""
    lines, hopeless = [], {}
    for name, wanted in undefined.items():
        archive = wanted[0].split("(")[0]
        if lacks.archive_hint(archive):
            hopeless.setdefault(archive, []).append(name)
        else:
            lines.append(undefined_line(name, wanted))
    for archive, names in hopeless.items():
        lines.insert(0, f"{archive} wants {some(names)}, which nothing defines: {lacks.archive_hint(archive)}")
    return lines


def some(names):
    """A few names of many."""
    names = list(names)
    if common.VERBOSE:
        return ", ".join(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def undefined_line(name, wanted):
    place = wanted[0] + (f" and {len(wanted) - 1} more" if len(wanted) > 1 else "")
    return f"{place} wants {name}, which nothing defines: {lacks.remedy(name, wanted[0])}"


def objects(path):
    """The objects of a file, as elf.objects gives them; a Problem that names it where it is damaged."""
    data = common.read(path)
    try:
        return [(name, content, content.names()) for name, content in elf.objects(data)]
    except elf.Malformed as error:
        raise Problem(f"{path}: {error}: it cannot be linked; build or install it again") from None


def provided(into):
    """All names that our parts define."""
    first, _, last = into.parts()
    found = set()
    for path in last:
        found.update(elf.symbol_index(path))
    for _, _, names in objects(first):
        found |= names[0]
    return found


def shorten(lines):
    if common.VERBOSE or len(lines) <= _LINES:
        return lines
    return [*lines[:_LINES], f"and {len(lines) - _LINES} more like these: --verbose shows them"]


def _plain(text):
    """ld's other complaints, with a remedy where one is known."""
    if "final link failed" in text or "cannot open output file" in text:
        return f"{text}: name another place with -o"
    return text


def _short(where):
    """A file as a user knows it: archives without their folder."""
    return os.path.basename(where.strip()) or "the program"


def _wanted(traces, own):
    """Who refers to which name, from --trace-symbol's lines `ld: FILE: reference to NAME`; our own parts left out."""
    found = {}
    for line in traces:
        where, sign, name = line.rpartition(": reference to ")
        if not sign:
            continue
        where = where[len("ld: ") :] if where.startswith("ld: ") else where
        if os.path.realpath(where.split("(")[0]) not in own:
            found.setdefault(name.encode(), []).append(where)
    return found
