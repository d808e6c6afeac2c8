# SPDX-License-Identifier: ISC
"""The end of build and link: the image is linked, judged by what it asks of a domain, and put in its place."""

import os

import absent
import common
import lacks
import link
import manifest
import names
import turns
from common import Problem


# Options that build and link have in common.
FLAGS = {"--strip": "strip", "-s": "strip", "--verbose": "verbose", "-v": "verbose", "--no-symbols": "plain"}
VALUES = {
    "--package": "package",
    "-package": "package",
    "-p": "package",
    "-o": "output",
    "--output": "output",
    "--allow": "allow",
    "-l": "library",
    "-L": "directory",
    "--net": "net",
    "--block": "block",
}


def spread(words):
    """-lNAME and -LFOLDER, as compilers take them, in two words."""
    found = []
    for index, word in enumerate(words):
        if word == "--":
            return found + list(words[index:])
        if word.startswith(("-l", "-L")) and len(word) > 2:
            found += [word[:2], word[2:]]
        else:
            found.append(word)
    return found


def finish(into, arguments, folder):
    """Links what `into` holds; nothing is left at the output's place unless all went well. `folder` is for what comes
    between."""
    into.check_inputs()
    into.find_version()
    if into.muldefs:
        turns.before_yield(into, folder)
    allowed = set(arguments.words("allow"))
    for word in allowed:
        if word.startswith("-"):
            raise Problem("--allow wants names: see xen-ocaml build --help")
    common.make_folder(os.path.dirname(into.output) or ".")
    needs = absent.Needs(into, allowed)
    devices = [(manifest.NET, name) for name in arguments.words("net")]
    devices += [(manifest.BLOCK, name) for name in arguments.words("block")]
    if devices or not any(_has_manifest(path) for path in into.files if path.endswith(".o")):
        into.words.insert(0, manifest.make(devices, folder))
    traced = [*lacks.refused(into.place), *needs.traced()]
    with common.NewFile(into.output) as temporary:
        try:
            wanted = into.run(temporary, needs.stand_ins(folder), traced)
        except link.Undefined as problem:
            if not all(absent.permitted(name.encode(), where[0], allowed) for name, where in problem.names.items()):
                raise
            wanted = into.run(temporary, needs.stand_ins(folder, problem.names), traced)
        refuse(wanted, needs, allowed)
        if not arguments["plain"]:
            names.add(temporary, folder)
        if arguments["strip"] and common.run(["strip", temporary]) != 0:
            raise Problem(f"{into.output}: strip failed")
        os.chmod(temporary, 0o755 & ~_umask())


def _has_manifest(path):
    """Does an object bring a manifest of its own? Those that ocamlopt made do not."""
    return b"__solo5_mft1_note" in common.read(path)


def refuse(wanted, needs, allowed):
    """Stops where a library asks for functions that fail in a domain, unless the user said that it may."""
    lines, hopeless = needs.judge(wanted), {}
    for name in sorted(wanted):
        for where in wanted[name]:
            if not needs.dormant(where) and not absent.permitted(name, where, allowed):
                archive = os.path.basename(where).split("(")[0]
                if lacks.archive_hint(archive):
                    hopeless.setdefault(archive, []).append(os.fsdecode(name))
                else:
                    lines.append(absent.refusal(os.path.basename(where), name, where))
                break
    # Libraries that can never work are one line each, and the first; who wants most, before the others.
    lines[:0] = [f"{archive} wants {link.some(names)}, which fail in a domain: {lacks.archive_hint(archive)}" for archive, names in sorted(hopeless.items(), key=lambda item: -len(item[1]))]
    if lines:
        raise Problem(*link.shorten(lines))


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
