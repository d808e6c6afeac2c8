# SPDX-License-Identifier: ISC
"""xen-ocaml run

usage: xen-ocaml run [OPTION ...] APP.XEN [ARGUMENT ...]

Boots an image on a real Xen inside QEMU, in the project's lab, and shows its console; the exit status is the program's.
The arguments are its command line, to the byte where only one is given, else with blanks between. A checkout is needed
for it, or XEN_OCAML_LAB, which names the folder of one's lab.

  --memory MB   its memory; by default 32, or more where the image is large
  any other     option of lab/run may stand here, with its value: --vcpus, --config, --timeout, --xen, ...

Where Xen is at hand there is no need of it: xen-ocaml xl APP.XEN >app.cfg; xl create -c app.cfg
"""

import os

import command_xl
import common
import elf
import place
from common import Problem

# Options of lab/run that take no value.
_FLAGS = ("--quiet",)


def main(words):
    words = list(words)
    options = []
    while words and words[0].startswith("--"):
        word = words.pop(0)
        if word == "--":
            break
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
    if not any(option.partition("=")[0] == "--memory" for option in options):
        try:
            least = command_xl.least_memory(elf.Elf(common.read(image)))
        except elf.Malformed as error:
            raise Problem(f"{image}: {error}") from None
        if least > 16:
            options += ["--memory", str(2 * least)]
    if arguments:
        options += ["--cmdline", " ".join(arguments)]
    try:
        os.execv(lab, [lab, *options, image])
    except OSError as error:
        raise Problem(f"{lab}: {common.reason(error)}") from None
