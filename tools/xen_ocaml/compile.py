# SPDX-License-Identifier: ISC
"""Compiles a program's modules with the host's ocamlopt into a build folder, each only when it or what it needs has changed,
and asks ocamlopt what a link would take.

ocamlopt runs the C compiler that `-cc` names to link. Here that is `record`, which writes its arguments down: so the
order of modules, the archives that each library's .cmxa names and the folders to search are the compiler's own answer.
"""

import marshal
import os

import common
from common import Problem

try:
    from _md5 import md5
except ImportError:
    from hashlib import md5


class Compiler:
    """ocamlopt with a program's packages: its flags for each module, and the libraries to link."""

    def __init__(self, packages, libraries, more):
        """`libraries` is a folder for ocamlfind to look in first; `more` are the user's own options for ocamlopt."""
        self.environment = dict(os.environ)
        if libraries:
            path = self.environment.get("OCAMLPATH")
            self.environment["OCAMLPATH"] = libraries + (":" + path if path else "")
        command = ["ocamlfind", "ocamlopt", "-only-show", "-g"]
        if packages:
            command += ["-package", ",".join(packages), "-linkpkg"]
        # findlib wants to be told that a program has threads, and says so only in some cases.
        if any(package.split(".")[0] == "threads" for package in packages):
            command.append("-thread")
        status, line, complaint = common.capture(command + more, self.environment)
        if status == 0 and "-thread" in complaint:
            status, line, complaint = common.capture(command + ["-thread"] + more, self.environment)
        if status != 0:
            raise Problem(_ocamlfind_says(complaint))
        words = common.split(line)
        self.program, words = words[0], words[1:]
        self.flags = [word for word in words if not word.endswith(".cmxa")]
        self.archives = [word for word in words if word.endswith(".cmxa")]
        # A library that is installed again is another one.
        # So is a compiler of the same name in another place, or another standard library.
        compiler = _found(self.program)
        self.key = [words, compiler, _stamp(compiler), os.environ.get("OCAMLLIB"), [_stamp(path) for path in self.archives + _preprocessors(self.flags)]]

    def hide(self, folder):
        """Keeps this folder and the build folder out of what is compiled: the same program is the same image anywhere."""
        pairs = [("xen", folder), (".", os.getcwd())]
        pairs = ["=".join(part.replace("%", "%#").replace("=", "%+").replace(":", "%.") for part in pair) for pair in pairs]
        before = self.environment.get("BUILD_PATH_PREFIX_MAP")
        # The last of several that fit is taken.
        self.environment["BUILD_PATH_PREFIX_MAP"] = ":".join(([before] if before else []) + pairs[::-1])

    def ocamldep(self, files):
        """What each file refers to: path to module names."""
        folder, name = os.path.split(self.program)
        command = [os.path.join(folder, name.replace("ocamlopt", "ocamldep")), *_preprocessing(self.flags), "-modules", *files]
        status, text, complaint = common.capture(command, self.environment)
        if status != 0:
            raise Problem(*complaint.rstrip().splitlines())
        found = {}
        for line in text.splitlines():
            path, _, names = line.rpartition(":")
            found[path] = names.split()
        return found

    def run(self, words):
        """Runs ocamlopt; its complaints are the user's to read, and a failure ends this program as it does ocamlopt."""
        if common.run([self.program, *words], self.environment) != 0:
            raise Problem()


def _ocamlfind_says(complaint):
    for line in complaint.splitlines():
        if "not found" in line and "`" in line:
            name = line.split("`")[1].split("'")[0]
            if name.split(".")[0] == "mirage-xen":
                return "ocamlfind knows no package mirage-xen: in a checkout make guests builds it; else install it"
            return f"ocamlfind knows no package {name}: install it (opam install {name}, or its -dev package), or see ocamlfind list"
    if "not in path" in complaint or "not found" in complaint:
        return common.missing_program("ocamlopt")
    return (complaint.strip().splitlines() or ["ocamlfind failed and did not say why"])[0]


def _preprocessing(flags):
    """Those of the flags that say how a source is read."""
    found = []
    for index, word in enumerate(flags):
        if word in ("-ppx", "-pp", "-open") and index + 1 < len(flags):
            found += flags[index : index + 2]
    return found


def _preprocessors(flags):
    return [command.split(" ")[0] for command in _preprocessing(flags)[1::2]]


def _found(program):
    """Where a program is in PATH; its name where it is not."""
    if "/" not in program:
        for folder in os.get_exec_path():
            path = os.path.join(folder, program)
            if os.access(path, os.X_OK):
                return path
    return program


def _stamp(path):
    """What changes when a file does; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def module_of(path):
    name = os.path.basename(path).rsplit(".", 1)[0]
    return name[:1].upper() + name[1:]


class Build:
    """A program's build folder: what is in it, and what it was made from."""

    def __init__(self, folder, compiler):
        self.folder, self.compiler = folder, compiler
        compiler.hide(folder)
        common.make_folder(folder)
        self.path = os.path.join(folder, "state")
        self.state = {}
        try:
            with open(self.path, "rb") as file:
                state = marshal.loads(file.read())
            if isinstance(state, dict) and state.get("compiler") == marshal.dumps(compiler.key):
                self.state = state
        except (OSError, ValueError, EOFError, TypeError):
            pass
        self.state["compiler"] = marshal.dumps(compiler.key)
        self.made = self.state.setdefault("made", {})
        self.changed = False

    def save(self):
        try:
            with open(self.path, "wb") as file:
                file.write(marshal.dumps(self.state))
        except OSError as error:
            raise Problem(f"{self.path}: {common.reason(error)}") from None

    def modules(self, sources):
        """The .ml and .mli files to compile, in order, each with those it needs. What the sources refer to and lies beside
        them belongs to the program."""
        folders = []
        files = {}
        for source in sources:
            folder = os.path.dirname(source)
            if folder not in folders:
                folders.append(folder)
            _add(files, source)
        single = len(sources) == 1 and not _others(folders[0], sources[0])
        refers, waiting = {}, [path for pair in files.values() for path in pair.values()]
        if single:
            return [(waiting[0], [])]
        known = self.state.setdefault("refers", {})
        while waiting:
            asked = [path for path in waiting if path not in known or known[path][0] != _stamp(path)]
            if asked:
                for path, names in self.compiler.ocamldep(asked).items():
                    known[path] = (_stamp(path), names)
            named, waiting = waiting, []
            for path in named:
                refers[path] = known[path][1]
                for name in refers[path]:
                    if name not in files and (found := _beside(folders, name)):
                        _add(files, found)
                        waiting += files[name].values()
        return _sorted(files, refers)

    def compile(self, order):
        """Compiles what has to be; the .cmx files in the order of linking."""
        outputs = {}
        linked = []
        try:
            for path, needs in order:
                kind = path.rsplit(".", 1)[1]
                stem = os.path.join(self.folder, module_of(path)[:1].lower() + module_of(path)[1:])
                output = stem + (".cmi" if kind == "mli" else ".cmx")
                signature = (path, _stamp(path), [outputs[need] for need in needs])
                made = self.made.get(output)
                if not made or made[0] != signature or not os.path.exists(output):
                    self.made.pop(output, None)
                    self.compiler.run([*self.compiler.flags, "-c", "-I", self.folder, "-o", output, path])
                    made = (signature, _digest(output if kind == "mli" else stem))
                    self.made[output] = made
                    self.changed = True
                outputs[path] = made[1]
                if kind == "ml":
                    linked.append(output)
        finally:
            self.save()
        return linked

    def compile_c(self, sources):
        """Compiles C stubs as ocamlopt does; their objects."""
        objects = []
        folder = os.path.join(self.folder, "c")
        if sources:
            common.make_folder(folder)
        for path in sources:
            output = os.path.join(folder, os.path.basename(path)[:-2] + ".o")
            if output in objects:
                raise Problem(f"two C files are called {os.path.basename(path)}: give one another name")
            objects.append(output)
            made = self.made.get(output)
            if made and os.path.exists(output) and made == (path, [(name, _stamp(name)) for name, _ in made[1]]):
                continue
            listing = output[:-2] + ".d"
            self.compiler.run([*self.compiler.flags, "-c", "-ccopt", f"-MMD -MF {common.quote(listing)}", "-o", output, path])
            self.made[output] = (path, [(name, _stamp(name)) for name in _dependencies(listing, path)])
            self.changed = True
        self.save()
        return objects

    def line(self, inputs):
        """What the C compiler would be asked to link, as ocamlopt says: the words after its name."""
        record = os.path.join(self.folder, "line")
        startup = os.path.join(self.folder, "startup.o")
        key = [(path, _stamp(path)) for path in inputs if "." in path]
        if self.changed or self.state.get("linked") != key or not os.path.exists(record) or not os.path.exists(startup):
            shim = common.quote(os.path.join(os.path.dirname(os.path.realpath(__file__)), "record"))
            environment = dict(self.compiler.environment, XEN_OCAML_RECORD=self.folder)
            command = [self.compiler.program, *self.compiler.flags, "-I", self.folder, "-dstartup", "-cc", shim, *self.compiler.archives]
            if common.run([*command, *inputs, "-o", os.path.join(self.folder, "program")], environment) != 0:
                raise Problem()
            self.state["linked"] = key
            self.save()
        words = common.read(record).split(b"\0")[:-1]
        words = [os.fsdecode(word) for word in words]
        return [startup if "/camlstartup" in word else word for word in words]


def _add(files, path):
    """Adds a module's two files, of which one is named."""
    name = module_of(path)
    stem = path.rsplit(".", 1)[0]
    found = {kind: f"{stem}.{kind}" for kind in ("mli", "ml") if os.path.exists(f"{stem}.{kind}")}
    if "ml" not in found:
        if not found:
            raise Problem(f"{path}: no such file")
        raise Problem(f"{stem}.mli has no {stem}.ml beside it: a module that is linked needs both")
    if name in files and files[name] != found:
        raise Problem(f"{files[name]['ml']} and {found['ml']} are both the module {name}: give one another name")
    files[name] = found


def _others(folder, source):
    """Is there another module in the folder, or an interface of this one?"""
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return True
    return any(name.endswith((".ml", ".mli")) and name != os.path.basename(source) for name in names)


def _beside(folders, name):
    for folder in folders:
        for first in (name[:1].lower(), name[:1]):
            path = os.path.join(folder, first + name[1:] + ".ml")
            if os.path.exists(path):
                return path
    return None


def _sorted(files, refers):
    """Files in an order in which each comes after what it needs, with what that is."""
    order, done, trail = [], {}, []

    def needs(path):
        own = module_of(path)
        found = []
        if path.endswith(".ml") and "mli" in files[own]:
            found.append(files[own]["mli"])
        for name in refers[path]:
            if name in files and name != own:
                pair = files[name]
                found += [pair["mli"]] if "mli" in pair else []
                if path.endswith(".ml") or "mli" not in pair:
                    found.append(pair["ml"])
        return found

    def visit(path):
        if done.get(path) == "yes":
            return
        if path in done:
            circle = [module_of(p) for p in trail[trail.index(path) :] if p.endswith(".ml")] or [module_of(path)]
            raise Problem(f"modules need each other in a circle: {' -> '.join(circle + circle[:1])}")
        done[path] = "begun"
        trail.append(path)
        wanted = needs(path)
        for other in wanted:
            visit(other)
        trail.pop()
        done[path] = "yes"
        order.append((path, wanted))

    for pair in list(files.values()):
        visit(pair["ml"])
    return order


def _digest(stem):
    """What others compile against: the interface, and what the optimiser may take from the module."""
    total = md5()
    for path in [stem] if stem.endswith(".cmi") else [stem + ".cmi", stem + ".cmx"]:
        total.update(common.read(path))
    return total.hexdigest()


def _dependencies(listing, path):
    """The files in a make rule as gcc writes it; system headers are not among them."""
    try:
        text = common.read(listing).decode("utf-8", "replace").replace("\\\n", " ")
    except Problem:
        return [path]
    return common.split(text.partition(":")[2]) or [path]
