# SPDX-License-Identifier: ISC
"""What the commands share: errors that are one line, processes, files that are whole or not there."""

import os
import sys

VERBOSE = False


class Problem(Exception):
    """Something the user has to see to: lines that say what and what to do. Exit status 2 unless told otherwise."""

    def __init__(self, *lines, status=2):
        super().__init__("\n".join(lines))
        self.lines, self.status = lines, status


def say(text):
    sys.stderr.write(f"xen-ocaml: {text}\n")


def reason(error):
    """An OSError's text without its number."""
    return os.strerror(error.errno) if error.errno else str(error)


def spawn(command, environment=None, actions=()):
    """Starts a process; its id. A missing program is a Problem."""
    if VERBOSE:
        say("+ " + " ".join(quote(word) for word in command))
    try:
        return os.posix_spawnp(command[0], command, os.environ if environment is None else environment, file_actions=actions)
    except FileNotFoundError:
        raise Problem(missing_program(command[0])) from None
    except OSError as error:
        raise Problem(f"{command[0]}: {reason(error)}") from None


def wait(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run(command, environment=None):
    """Runs a process on our own terminal; its exit status."""
    sys.stderr.flush()
    return wait(spawn(command, environment))


def capture(command, environment=None):
    """Runs a process; (exit status, standard output, standard error) as text."""
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    try:
        pid = spawn(command, environment, [(os.POSIX_SPAWN_DUP2, out_end, 1), (os.POSIX_SPAWN_DUP2, err_end, 2)])
    except Problem:
        os.close(out)
        os.close(err)
        raise
    finally:
        os.close(out_end)
        os.close(err_end)
    texts = {out: b"", err: b""}
    import select  # built into or beside every Python; not needed by every command

    waiting = select.poll()
    for end in texts:
        waiting.register(end, select.POLLIN)
    left = len(texts)
    while left:
        for end, _ in waiting.poll():
            data = os.read(end, 65536)
            if data:
                texts[end] += data
            else:
                waiting.unregister(end)
                os.close(end)
                left -= 1
    status = wait(pid)
    return status, texts[out].decode("utf-8", "replace"), texts[err].decode("utf-8", "replace")


def missing_program(name):
    known = {
        "ocamlfind": "no ocamlfind here: install OCaml and findlib (Debian: ocaml-nox ocaml-findlib; opam: ocamlfind)",
        "ocamlopt": "no OCaml compiler here: install one (Debian: ocaml-nox; opam: opam switch create 4.14.2)",
        "ld": "no ld here: install binutils",
        "strip": "no strip here: install binutils",
        "gcc": "no gcc here: install it (Debian: build-essential)",
        "dune": "no dune here: install it (Debian: ocaml-dune; opam: opam install dune), or name the .ml files",
    }
    short = os.path.basename(name)
    return known.get(short[:-4] if short.endswith(".opt") else short, f"no {name} here: install it")


def quote(word):
    """A word as a POSIX shell takes it."""
    safe = word and all(c.isalnum() or c in "%+,-./:=@_" for c in word)
    return word if safe else "'" + word.replace("'", "'\\''") + "'"


def split(line):
    """The words of a command line as ocamlfind prints it: blanks separate, quotes and backslashes keep."""
    words, word, inside, at = [], None, "", 0
    while at < len(line):
        c = line[at]
        if inside:
            if c == inside:
                inside = ""
            elif c == "\\" and inside == '"' and at + 1 < len(line):
                at += 1
                word += line[at]
            else:
                word += c
        elif c in "\"'":
            inside, word = c, word or ""
        elif c == "\\" and at + 1 < len(line):
            at += 1
            word = (word or "") + line[at]
        elif c.isspace():
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + c
        at += 1
    return words + ([word] if word is not None else [])


def read(path):
    """A file's bytes; a Problem where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Problem(f"{path}: {reason(error)}") from None


def make_folder(path):
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise Problem(f"{path}: {reason(error)}: name a folder that can be written to (-o, --build-dir)") from None


class NewFile:
    """A file that appears under its name only when it is whole: `with NewFile(path) as name: ... write name ...`."""

    def __init__(self, path):
        self.path = path
        folder, name = os.path.split(path)
        self.temporary = os.path.join(folder, f".{name}.{os.getpid()}")

    def __enter__(self):
        try:
            if os.path.isdir(self.path):
                raise Problem(f"{self.path} is a folder: name a file with -o")
            os.close(os.open(self.temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666))
        except OSError as error:
            raise Problem(f"{self.path} cannot be written: {reason(error)}: name another place with -o") from None
        return self.temporary

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                os.rename(self.temporary, self.path)
            else:
                os.unlink(self.temporary)
        except OSError as problem:
            if kind is None:
                raise Problem(f"{self.path} cannot be written: {reason(problem)}: name another place with -o") from None
        return False


class Arguments:
    """A command's arguments, taken one by one: options may stand anywhere, `--` ends them."""

    def __init__(self, command, words, flags, values):
        """`flags` take nothing, `values` take a value; both map each spelling to a name. `self.rest` are the others."""
        self.command = command
        self.options = {name: False for name in flags.values()}
        self.options.update({name: [] for name in values.values()})
        self.rest, self.after = [], []
        words = list(words)
        while words:
            word = words.pop(0)
            if word == "--":
                self.after = words
                break
            spelling, equals, value = word.partition("=")
            if word in flags:
                self.options[flags[word]] = True
            elif spelling in values and (equals or word in values):
                if not equals:
                    if not words:
                        raise Problem(f"{command}: {word} wants a value: see xen-ocaml {command} --help")
                    value = words.pop(0)
                self.options[values[spelling]].append(value)
            elif word.startswith("-") and word != "-":
                raise Problem(f"{command}: no option {word}: see xen-ocaml {command} --help")
            else:
                self.rest.append(word)

    def __getitem__(self, name):
        return self.options[name]

    def one(self, name, default=None):
        """The value given last."""
        return self.options[name][-1] if self.options[name] else default

    def words(self, name):
        """The values of an option that may be repeated and takes lists with commas."""
        found = []
        for value in self.options[name]:
            found += [word for word in value.replace(" ", ",").split(",") if word]
        return found
