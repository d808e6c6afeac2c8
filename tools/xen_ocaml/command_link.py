# SPDX-License-Identifier: ISC
"""xen-ocaml link

usage: xen-ocaml link APP.O [FILE ...] [OPTION ...]

Links an OCaml program that is an object already into a Xen domain: dune's (modes object), or ocamlopt's -output-obj and
-output-complete-obj. FILEs are further objects and archives. The C archives of OCaml libraries are found by the names that
the object wants, among those of ocamlfind's packages.

  -o, --output FILE   the image; by default the first file's name with .xen
  --package P,Q       look for C archives in these packages only
  -l NAME, -L FOLDER  a C archive, and where to look for it
  --net NAME, --block NAME, --allow WHAT, --strip, --no-symbols, --verbose   as for build

With dune, give the executable (modes object) and (link_flags (-without-runtime -noautolink)): the object then holds the
program alone. An object with Linux's OCaml runtime in it is linked with ours in its place.
"""

import os

import common
import compile
import elf
import finish
import link
import place
from common import Problem


def main(words):
    arguments = common.Arguments("link", finish.spread(words), finish.FLAGS, finish.VALUES)
    common.VERBOSE = arguments["verbose"]
    files = arguments.rest + arguments.after
    if not files:
        raise Problem("link: no object named: see xen-ocaml link --help")
    for path in files:
        if not path.endswith((".o", ".a")):
            raise Problem(f"{path}: link takes .o and .a files: see xen-ocaml link --help")
        if not os.path.exists(path):
            raise Problem(f"{path}: no such file")
    stem = files[0][:-2]
    output = arguments.one("output") or (stem[:-4] if stem.endswith(".exe") else stem) + ".xen"
    where = place.Place()
    into = link.Link(where, output)
    into.add(["-L" + path for path in arguments["directory"]])
    into.add([*files, *["-l" + name for name in arguments["library"]]])
    into.check_inputs()
    defined, undefined = set(), set()
    for path in into.files:
        for _, _, names in link.objects(path):
            defined |= names[0]
            undefined |= names[1]
    if b"caml_program" not in defined:
        raise Problem(f"{files[0]} holds no OCaml program: make it with dune's (modes object) or ocamlopt -output-obj")
    into.muldefs = b"caml_startup" in defined
    into.find_version()
    wanted = undefined - defined - link.provided(into)
    into.add(archives(wanted, compile.Compiler(arguments.words("package"), where.libraries(), []), arguments))
    # dune's rules leave nothing but their targets.
    folder = os.path.join(os.environ.get("TMPDIR") or "/tmp", f"xen-ocaml.{os.getpid()}")
    try:
        finish.finish(into, arguments, folder)
    finally:
        for name in _names(folder):
            os.unlink(os.path.join(folder, name))
        if os.path.isdir(folder):
            os.rmdir(folder)
    return 0


def archives(wanted, compiler, arguments):
    """Archives of ocamlfind's packages that define names which are wanted, and what their libraries link besides, as the
    words of a link line."""
    if not wanted:
        return []
    if arguments["package"]:
        folders = [os.path.dirname(path) for path in compiler.archives]
    else:
        status, text, _ = common.capture(["ocamlfind", "printconf", "path"], compiler.environment)
        if status != 0:
            return []
        folders = []
        for root in text.split("\n"):
            folders += [root, *_below(root), *[inner for folder in _below(root) for inner in _below(folder)]]
    words, found = [], set()
    for folder in dict.fromkeys(folders):
        for name in sorted(_names(folder)):
            if not name.startswith("lib") or not name.endswith(".a") or name.startswith(("libasmrun", "libcamlrun")):
                continue
            # Variants for other targets, and for bytecode, of what has one for Linux's native code.
            if "freestanding" in name or "_xen_" in name or name in ("libthreads.a", "libunixbyt.a", "libmirage-xen_bindings.a"):
                continue
            path = os.path.join(folder, name)
            try:
                has = wanted.intersection(elf.symbol_index(path)) - found
            except OSError:
                continue
            if has:
                found |= has
                words += [path, "-L" + folder, *_linked_with(folder)]
    return words


def _below(folder):
    """The folders within one, but for those that a build left."""
    return [path for path in (os.path.join(folder, name) for name in sorted(_names(folder)) if name[:1] not in "._") if os.path.isdir(path)]


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _linked_with(folder):
    """What the libraries of a folder link besides: the -l of their .cmxa files, which stand there as plain text."""
    found = []
    for name in _names(folder):
        if name.endswith(".cmxa"):
            for text in common.read(os.path.join(folder, name)).split(b"-l")[1:]:
                end = 0
                while end < len(text) and (chr(text[end]).isalnum() or text[end] in b"_+.-") and end < 64:
                    end += 1
                library = text[:end].decode("ascii", "replace")
                if library and not os.path.exists(os.path.join(folder, f"lib{library}.a")):
                    found.append("-l" + library)
    return found
