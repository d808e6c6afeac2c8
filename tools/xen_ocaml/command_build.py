# SPDX-License-Identifier: ISC
"""xen-ocaml build

usage: xen-ocaml build APP.ML [FILE ...] [OPTION ...] [-- OCAMLOPT'S OPTION ...]

Compiles an OCaml program with the host's ocamlopt and links it into a Xen domain. FILEs are .ml, .mli, .c, .o, .a,
.cmx and .cmxa. Modules that the program refers to and that lie beside it need not be named; order does not matter.

  --package P,Q        libraries, as ocamlfind calls them; -package and -p too
  -o, --output FILE    the image; by default the first file's name with .xen
  --build-dir FOLDER   where compiled modules are kept for the next time; by default _xen/NAME beside the image
  -l NAME, -L FOLDER   a C archive, and where to look for it
  --net NAME, --block NAME
                       a network interface or a disk that the program asks Solo5 for; in the order of the domain's
  --allow WHAT         link what asks for something that a domain lacks all the same: a function's name, a kind (files,
                       sockets, names, processes, threads, users, loading, terminals, other), an archive's name, or
                       `all`. Where libc refuses, the call fails with its errno; where nothing is, it ends the domain
  --strip              without symbols
  --no-symbols         without the symbol table that the domain itself reads for backtraces
  --verbose            the commands that are run, and complaints in full

Libraries are linked as the host has them. A program that needs what a domain lacks is refused, with the function, who
wants it, and what to do. Of the Unix library only what the program uses counts.
"""

import os

import common
import compile
import finish
import link
import place
from common import Problem


def main(words):
    arguments = common.Arguments("build", finish.spread(words), finish.FLAGS, {**finish.VALUES, "--build-dir": "folder"})
    common.VERBOSE = arguments["verbose"]
    sorts = {"ml": [], "mli": [], "c": [], "o": [], "a": [], "cmx": [], "cmxa": []}
    for path in arguments.rest:
        kind = path.rsplit(".", 1)[-1] if "." in os.path.basename(path) else ""
        if kind in ("mll", "mly"):
            tool = "ocamllex" if kind == "mll" else "ocamlyacc or menhir"
            raise Problem(f"{path}: run {tool} on it first, and name the .ml that it makes")
        if kind not in sorts:
            raise Problem(f"{path}: build takes .ml, .mli, .c, .o, .a, .cmx and .cmxa files: see xen-ocaml build --help")
        if not os.path.exists(path):
            raise Problem(f"{path}: no such file")
        sorts[kind].append(path)
    sources = sorts["ml"] + sorts["mli"]
    if not sources and not sorts["cmx"]:
        if os.path.exists("dune-project") or os.path.exists("dune"):
            raise Problem(
                "build: no .ml file named; in a dune project give the executable (modes object) and a rule that calls "
                "xen-ocaml link, and say dune build @xen: docs/xen-ocaml.md has both"
            )
        raise Problem("build: no .ml file named: see xen-ocaml build --help")
    first = (sorts["ml"] or sources or sorts["cmx"])[0]
    output = arguments.one("output") or first.rsplit(".", 1)[0] + ".xen"
    name = os.path.basename(output)
    if not name or output.endswith((".ml", ".mli", ".c", ".o", ".a")):
        raise Problem(f"{output} is no name for an image: give it one that ends in .xen")
    where = place.Place()
    compiler = compile.Compiler(arguments.words("package"), where.libraries(), arguments.after)
    folder = arguments.one("folder") or os.path.join(os.path.dirname(output), "_xen", name)
    build = compile.Build(folder, compiler)
    units = build.compile(build.modules(sources)) if sources else []
    objects = build.compile_c(sorts["c"])
    line = build.line([*sorts["cmxa"], *sorts["cmx"], *units, *objects, *sorts["o"], *sorts["a"]])
    into = link.Link(where, output)
    into.add(["-L" + path for path in arguments["directory"]])
    into.add([*line, *["-l" + lib for lib in arguments["library"]]])
    finish.finish(into, arguments, build.folder)
    return 0
