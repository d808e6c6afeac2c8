# SPDX-License-Identifier: ISC
"""Thread.yield in an object that holds OCaml's threads library already, where ld's --wrap finds nothing to wrap.

A definition of ours comes first, under the option that lets a name be defined twice, and goes on to the runtime's
(ocaml-freestanding/yield.c), which finds the library's own by the other name that it gets here.
"""

import os

import common
import link
from assemble import assemble
from common import Problem

_NAME = "caml_thread_yield"
_FIRST = f""".section .text.{_NAME},"ax",@progbits
.globl {_NAME}
.type {_NAME}, @function
{_NAME}:
	jmp __wrap_{_NAME}
.size {_NAME}, . - {_NAME}
.section .note.GNU-stack,"",@progbits
"""


def before_yield(into, folder):
    """Has a link of whole objects take a turn at each yield; leaves it as it is where no object has the library."""
    for index, path in enumerate(into.files):
        if path.endswith(".a"):
            continue
        for _, content, (defined, _) in link.objects(path):
            if _NAME.encode() in defined:
                copy = _with_second_name(path, content, folder)
                into.words = [assemble(folder, "turns", _FIRST)] + [copy if word == path else word for word in into.words]
                into.files[index] = copy
                return


def _with_second_name(path, content, folder):
    """A copy of the object in which the library's function has the name by which yield.c calls it, too."""
    value, section = next((s[1], s[5]) for s in content.symbols() if s[0] == _NAME.encode() and s[5])
    common.make_folder(folder)
    copy = os.path.join(folder, os.path.basename(path))
    symbol = f"__real_{_NAME}={content.sections[section].name}:{value:#x},function,global"
    if common.run(["objcopy", "--add-symbol", symbol, path, copy]) != 0:
        raise Problem(f"{path}: objcopy failed: install binutils again, or free some space")
    return copy
