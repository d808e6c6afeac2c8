# SPDX-License-Identifier: ISC
"""A core file of a guest that ended badly: xl dump-core in dom0, tools/xen-core and gdb here."""

import os
import subprocess
import sys
import tempfile

import xenlab

MARK = b"----- dump -----\n"
TOOL = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "tools", "xen-core")

# What dom0 does once the guest has ended: the dump follows a mark, and what went wrong does without one.
SCRIPT = b"""case $(xl list $DOMID | tail -n 1) in
*---s--*) exit 0 ;;
esac
xl dump-core $DOMID dump >said 2>&1 || { cat said; exit 1; }
printf '%s\\n' '----- dump -----'
cat dump
"""


def begins(payload, so_far):
    """Whether a piece of the scripts' output is the dump's."""
    return so_far is not None or payload.startswith(MARK)


def save(dumped, path, elf):
    if not dumped:
        raise xenlab.LabError("xl made no dump of the guest")
    with tempfile.NamedTemporaryFile() as file:
        file.write(dumped[len(MARK) :])
        file.flush()
        if subprocess.run([sys.executable, TOOL, file.name, path, elf], check=False).returncode != 0:
            raise xenlab.LabError("the dump could not be made a core file")
    xenlab.say(f"{path}: gdb {elf} {path}")


def debug(elf, core):
    """gdb's backtrace, and gdb itself where somebody can type."""
    command = ["gdb", "-q", "-nx", "-ex", "set osabi GNU/Linux", "-ex", "bt"]
    command += [] if sys.stdin.isatty() else ["-batch"]
    sys.stdout.flush()
    try:
        subprocess.run([*command, elf, core], check=False)
    except FileNotFoundError:
        raise xenlab.LabError("gdb is not there (Debian: gdb)") from None
