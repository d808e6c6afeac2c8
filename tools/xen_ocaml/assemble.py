# SPDX-License-Identifier: ISC
"""Small objects that a link needs besides the program's own, from assembly that is written for it."""

import os

import common
from common import Problem


def assemble(folder, name, text):
    """Assembles a text into FOLDER/NAME.o, unless that is done already; the object's path."""
    common.make_folder(folder)
    source, output = os.path.join(folder, name + ".s"), os.path.join(folder, name + ".o")
    if os.path.exists(output):
        try:
            if common.read(source) == text.encode():
                return output
        except Problem:
            pass
    try:
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Problem(f"{source}: {common.reason(error)}: name another place with -o or --build-dir") from None
    # No warnings: a note that is written to is meant to be.
    if common.run(["as", "-W", "-o", output, source]) != 0:
        if os.path.exists(source):
            os.unlink(source)
        raise Problem(f"as failed on {source}: install binutils again, or free some space")
    return output
