# SPDX-License-Identifier: ISC
"""xen-ocaml run

usage: xen-ocaml run [OPTION ...] APP.XEN [ARGUMENT ...]
       xen-ocaml run [--package P,Q] [OPTION ...] APP.ML [ARGUMENT ...]

Boots an image on a real Xen inside QEMU, in the project's lab, and shows its console; the exit status is the program's.
The arguments are the program's (Sys.argv), and its command line: one alone to the byte, several with blanks between and
in quotes where they need them. A source is built first. A checkout is needed for it, or XEN_OCAML_LAB, which names the
folder of one's lab.

  --memory MB   its memory; by default 32, or more where the image is large
  any other     option of lab/run may stand here, with its value: --vcpus, --config, --timeout, --xen, ...

Where Xen is at hand there is no need of it: xen-ocaml xl APP.XEN >app.cfg; xl create -c app.cfg
"""

import os

import command_build
import command_xl
import common
import elf
import place
from common import Problem

# Options of lab/run that take no value.
_FLAGS = ("--quiet",)


def main(words):
    words = list(words)
    options, packages = [], []
    while words and words[0].startswith("--"):
        word = words.pop(0)
        if word == "--":
            break
        if word.partition("=")[0] == "--package":
            packages += ["--package", word.partition("=")[2] if "=" in word else words.pop(0) if words else ""]
            continue
        options.append(word)
        if "=" not in word and word not in _FLAGS and words:
            options.append(words.pop(0))
    if not words:
        raise Problem("run: no image named: see xen-ocaml run --help")
    image, arguments = words[0], words[1:]
    lab = place.Place().lab()
    if not lab:
        raise Problem(
            f"no lab here to boot {image} in: set XEN_OCAML_LAB to a checkout's lab folder, or, on a Xen host, "
            f"xen-ocaml xl {common.quote(image)} >app.cfg and xl create -c app.cfg"
        )
    if image.endswith(".ml"):
        command_build.main([image, *packages])
        image = image[:-3] + ".xen"
    elif packages:
        raise Problem("run: --package is for a source, and an image has what it needs: see xen-ocaml run --help")
    if not any(option.partition("=")[0] == "--memory" for option in options):
        try:
            least = command_xl.least_memory(elf.Elf(common.read(image)))
        except elf.Malformed as error:
            raise Problem(f"{image}: {error}") from None
        if least > 16:
            options += ["--memory", str(2 * least)]
    if arguments:
        options += ["--cmdline", arguments[0] if len(arguments) == 1 else " ".join(map(_quoted, arguments))]
    try:
        os.execv(lab, [lab, *options, image])
    except OSError as error:
        raise Problem(f"{lab}: {common.reason(error)}") from None


def _quoted(word):
    """A word as c_stubs/mirage_argv.c takes it from a line."""
    if word and not any(c in " \t\r\n\"'\\" for c in word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
