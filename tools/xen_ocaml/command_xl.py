# SPDX-License-Identifier: ISC
"""xen-ocaml xl

usage: xen-ocaml xl APP.XEN [--name NAME] [--memory MB] [--cmdline TEXT] >APP.CFG

Writes an xl configuration for an image on standard output, with comments on what else it may say.

  --name NAME      the domain's name; by default the file's
  --memory MB      its memory; by default 32, or more where the image is large
  --cmdline TEXT   its command line
"""

import os

import command_check
import common
import elf
import manifest
from common import Problem

_TEXT = """# {name}: an xl configuration. Start it with:  xl create -c {name}.cfg
{about}name = "{name}"
type = "pvh"
kernel = "{kernel}"

# Megabytes. {least} is the least that this image may start in; what it needs besides is the program's own.
memory = {memory}
# A program runs on one processor.
vcpus = 1

# Options for the core come first: --solo5:quiet, --solo5:debug, --solo5:stack=1m. The program gets the rest.
{cmdline}

# What becomes of the domain when the program ends, by exit or by a crash. "preserve" keeps a crashed one to look at
# (xl dump-core), "restart" starts it again.
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "destroy"

{devices}"""


def main(words):
    arguments = common.Arguments("xl", words, {}, {"--name": "name", "--memory": "memory", "--cmdline": "cmdline"})
    if len(arguments.rest) != 1:
        raise Problem("xl: name one image: see xen-ocaml xl --help")
    path = arguments.rest[0]
    lines, faults = command_check.check(path)
    try:
        content = elf.Elf(common.read(path))
    except elf.Malformed as error:
        raise Problem(f"{path}: {error}") from None
    if content.kind == elf.RELOCATABLE or faults:
        raise Problem(f"{path}: {faults[0] if faults else 'an object, not an image: link it first'} (see xen-ocaml check {path})")
    least = least_memory(content)
    memory = arguments.one("memory", str(max(32, 2 * least)))
    if not memory.isdigit() or int(memory) == 0:
        raise Problem(f"xl: --memory wants a number of megabytes, not {memory}")
    if int(memory) < least:
        common.say(f"{path}: memory={memory} is little: the image alone fills {least} MB")
    name = arguments.one("name") or os.path.basename(path).rsplit(".", 1)[0]
    if not name or any(c in name for c in '/"\\\n'):
        raise Problem(f"{name}: no name for a domain: give one with --name")
    text = arguments.one("cmdline")
    devices = _devices(content)
    about = "".join(f"# {line.strip()}\n" for line in lines if line.startswith(("  solo5", "  OCaml")))
    print(
        _TEXT.format(
            name=name,
            about=about,
            kernel=_quoted(os.path.abspath(path)),
            least=least,
            devices=devices,
            memory=int(memory),
            cmdline=f'cmdline = "{_quoted(text)}"' if text is not None else '#cmdline = "--solo5:quiet argument argument"',
        ),
        end="",
    )
    return 0


def _devices(content):
    """The lines for interfaces and disks: those that the image's manifest names, or examples."""
    named = []
    for owner, kind, text in content.notes():
        if owner == "Solo5" and kind == manifest.NOTE:
            named = manifest.devices(text)[1]
    nets = [name for kind, name in named if kind == manifest.NET]
    disks = [name for kind, name in named if kind == manifest.BLOCK]
    lines = ["# Network interfaces and disks, for programs that use them."]
    if nets:
        lines.append(f"# The program's interfaces, in this order: {', '.join(nets)}.")
        lines.append("vif = [" + ", ".join(['"bridge=xenbr0"'] * len(nets)) + "]")
    else:
        lines.append('#vif = ["bridge=xenbr0"]')
    if disks:
        lines.append(f"# The program's disks, in this order: {', '.join(disks)}. Name what each is kept in.")
        places = [f'"format=raw,vdev=xvd{chr(97 + index % 26)},access=rw,target=/path/to/{name}.img"' for index, name in enumerate(disks)]
        lines.append("disk = [" + ", ".join(places) + "]")
    else:
        lines.append('#disk = ["format=raw,vdev=xvda,access=rw,target=/path/to/disk.img"]')
    return "\n".join(lines) + "\n"


def least_memory(content):
    """In how many megabytes an image may start: the image, an eighth for the stack, page tables and a heap to begin with."""
    end = max((s.address + s.memory_size for s in content.segments if s.kind == elf.LOAD), default=0)
    return max(3, -(-(end + (1 << 20)) * 8 // 7 >> 20))


def _quoted(text):
    """A text inside of quotes, as libxlu reads it."""
    if "\n" in text:
        raise Problem("xl: a configuration cannot hold a line break in a text")
    return text.replace("\\", "\\\\").replace('"', '\\"')
