# SPDX-License-Identifier: ISC
"""xen-ocaml: from an OCaml program to a Xen domain.

usage: xen-ocaml COMMAND ...

  build APP.ML [MORE.ML ...] [--package P,Q] [-o APP.XEN]   compile and link a program
  link APP.O [-o APP.XEN]          link dune's (modes object), or objects of any origin
  run APP.XEN [ARGUMENT ...]       boot it on a Xen inside QEMU, from a checkout
  xl APP.XEN >APP.CFG              an xl configuration for it, with comments
  check FILE ...                   what is in an image, an object or an archive, and what keeps it from booting
  COMMAND --help                   a command's options

Exit status: 0; 1 a checked file has a fault; 2 an error, with a line for each that says what and what to do.
"""

import _signal
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import common


def main(words):
    if not words or words[0] in ("--help", "-h", "help"):
        if len(words) > 1 and words[0] == "help":
            return main([words[1], "--help"])
        sys.stdout.write(__doc__.partition("\n\n")[2].lstrip())
        return 0 if words else 2
    if words[0] in ("--version", "version"):
        import identity

        return identity.show()
    name = words[0]
    if name not in ("build", "link", "run", "xl", "check"):
        raise common.Problem(f"no command {name}: see xen-ocaml --help")
    command = __import__(f"command_{name}")
    if "--help" in words[1:] and words.index("--help") < (words + ["--"]).index("--"):
        sys.stdout.write(command.__doc__.partition("\n\n")[2])
        return 0
    return command.main(words[1:])


def guarded(words):
    try:
        return main(words)
    except common.Problem as problem:
        for line in problem.lines:
            if line:
                common.say(line)
        return problem.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def terminated(*_):
    """A build that is ended leaves nothing half done behind."""
    raise KeyboardInterrupt


_signal.signal(_signal.SIGTERM, terminated)
sys.exit(guarded(sys.argv[1:]))
