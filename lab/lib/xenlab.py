# SPDX-License-Identifier: ISC
"""The host's side of the lab: finding or starting a session, and the jobs it runs.

A session (xensession.py) is a process that owns one QEMU and listens on a Unix socket; each connection to it
is one job, run on the first free slot of the agent in dom0 (dom0/agent/agent.h describes the frames,
which this socket carries unchanged). It lives in a folder of its own, with `socket` and `info`.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CACHE = os.path.abspath(os.environ.get("MIRAGE_XEN_CACHE") or os.path.join(os.path.dirname(HERE), ".cache")) + "/lab"
DEFAULT_XEN = "4.17"
PATIENCE = 300  # seconds beyond a guest's own limit until the lab counts as stuck
FRAME_MAX = 65536
HEADER = struct.Struct("<BI")


class LabError(Exception):
    """The lab itself failed: nothing is known about the guest."""


class BadInput(Exception):
    """What was to be run cannot be; `status` is the exit status for it."""

    def __init__(self, text, status):
        super().__init__(text)
        self.status = status


def say(text):
    print(f"lab: {text}", file=sys.stderr, flush=True)


def progress(text):
    if not os.environ.get("MIRAGE_XEN_LAB_QUIET"):
        say(text)


def frame(kind, payload=b""):
    return HEADER.pack(ord(kind), len(payload)) + payload


class Frames:
    """Splits a stream into frames."""

    def __init__(self):
        self.pending = bytearray()

    def feed(self, data):
        self.pending += data
        at = 0
        while len(self.pending) - at >= HEADER.size:
            kind, length = HEADER.unpack_from(self.pending, at)
            if length > FRAME_MAX:
                raise LabError("a frame is too long: the connection is out of step")
            if len(self.pending) - at < HEADER.size + length:
                break
            yield chr(kind), bytes(self.pending[at + HEADER.size : at + HEADER.size + length])
            at += HEADER.size + length
        del self.pending[:at]


def prepare(xen):
    """Make sure that what the session boots is there; instant when it is."""
    status = subprocess.call([os.path.join(HERE, "prepare"), xen])
    if status != 0:
        raise LabError(f"lab/prepare {xen} failed (status {status})")


def sources_stamp():
    """Tells the lab's sources apart from those an older session was booted with."""
    paths = [os.path.join(HERE, "prepare"), os.path.join(HERE, "lib", "xensession.py")]
    for folder, _, names in os.walk(os.path.join(HERE, "dom0")):
        paths += [os.path.join(folder, name) for name in names]
    stamp = hashlib.sha256()
    for path in sorted(paths):
        with open(path, "rb") as file:
            stamp.update(file.read())
    return stamp.hexdigest()[:16]


def read_info(folder):
    """The session in a folder as a dictionary, or None when none is alive there."""
    try:
        with open(os.path.join(folder, "info")) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None  # nobody holds it
            except BlockingIOError:
                return dict(line.rstrip("\n").split("=", 1) for line in file)
    except (OSError, ValueError):
        return None


def session_link(icount=False):
    """Names the folder of the session that `lab/session start` left running: see current_session."""
    return os.path.join(CACHE, "session-icount" if icount else "session")


def current_session(xen, icount=False):
    """The folder of a running session with that Xen (or any, for None), or None."""
    named = os.environ.get("MIRAGE_XEN_LAB_SESSION")
    if named and read_info(named) is None:
        raise LabError(f"MIRAGE_XEN_LAB_SESSION={named}: no session runs there")
    for folder in (named, session_link(icount)):
        info = read_info(folder) if folder else None
        if info and info["icount"] == str(int(icount)) and (not xen or info["xen"] == xen):
            if info.get("stamp") == sources_stamp():
                return os.path.realpath(folder)
            progress("the session that runs is older than the lab's sources (lab/session start renews it)")
    return None


class OwnSession:
    """A session of this process alone, which ends with it: `with OwnSession(...) as folder`."""

    def __init__(self, arguments):
        self.arguments = arguments

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="mirage-xen-lab-")
        command = [sys.executable, os.path.join(HERE, "session"), "serve", "--folder", self.folder, *self.arguments]
        # Closing our end of its standard input, or dying, ends it.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        try:
            line = self.process.stdout.readline()
            if not line.startswith(b"ready"):
                raise LabError(f"the lab did not start (status {self.process.wait()})")
        except BaseException:
            self.__exit__()
            raise
        return self.folder

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Job:
    """One job in a session: `frames()` gives what comes back, until the slot is free again."""

    def __init__(self, folder):
        self.sock = socket.socket(socket.AF_UNIX)
        try:
            self.sock.connect(os.path.join(folder, "socket"))
        except OSError as error:
            raise LabError(f"no session answers in {folder}: {error}") from None
        self.splitter = Frames()

    def send(self, kind, payload=b""):
        try:
            self.sock.sendall(frame(kind, payload))
        except (ConnectionError, BrokenPipeError):
            raise LabError("the session ended") from None

    def send_file(self, name, data):
        self.send("F", name.encode())
        for at in range(0, len(data), FRAME_MAX):
            self.send("D", data[at : at + FRAME_MAX])

    def receive(self):
        """The frames that have come; blocks until something does."""
        try:
            data = self.sock.recv(1 << 18)
        except socket.timeout:
            raise LabError("dom0 gave no outcome in time") from None
        if not data:
            raise LabError("the session ended")
        return list(self.splitter.feed(data))

    def close(self):
        self.sock.close()


def quote(text):
    """A string in an xl config. libxlu has C's escapes, but its \\x and octal ones are broken."""
    escapes = {ord("\\"): b"\\\\", ord('"'): b'\\"', ord("\n"): b"\\n", ord("\r"): b"\\r"}
    return b'"' + b"".join(escapes.get(byte, bytes([byte])) for byte in os.fsencode(text)) + b'"'


def guest_config(memory, cmdline, vcpus, shadow_memory, lines):
    config = [f'type = "pvh"\nmemory = {memory}\nvcpus = {vcpus}\ntsc_mode = "native"'.encode()]
    config += [f'on_{event} = "preserve"'.encode() for event in ("poweroff", "reboot", "crash", "watchdog", "soft_reset")]
    if cmdline is not None:
        config.append(b"cmdline = " + quote(cmdline))
    if shadow_memory is not None:
        config.append(f"shadow_memory = {shadow_memory}".encode())
    return b"\n".join([*config, *(os.fsencode(line) for line in lines)]) + b"\n"


def parse_pairs(payload):
    return dict(line.split("=", 1) for line in payload.decode().splitlines() if "=" in line)


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"not a positive number: {text}")
    return int(text)


class Parser(argparse.ArgumentParser):
    """The options that describe a guest; a wrong one is a BadInput that ends in the usage line."""

    def __init__(self, program, text, usage):
        super().__init__(prog=program, add_help=False, allow_abbrev=False)
        self.text, self.short = text, usage
        self.add_argument("--memory", type=positive, default=32)
        self.add_argument("--cmdline")
        self.add_argument("--vcpus", type=positive, default=1)
        self.add_argument("--shadow-memory", type=positive)
        self.add_argument("--config", action="append", default=[])
        self.add_argument("--timeout", type=positive, default=60)
        self.add_argument("--xen", choices=["4.14", "4.17", "4.20"])
        self.add_argument("--quiet", action="store_true")
        self.add_argument("--help", "-h", action="store_true")

    def error(self, message):
        raise BadInput(f"{message}\nusage: {self.short} ({self.prog} --help names the options)", 64)

    def parse(self):
        options = self.parse_args()
        if options.help:
            print(self.text.strip())
            sys.exit(0)
        if options.quiet:
            os.environ["MIRAGE_XEN_LAB_QUIET"] = "1"
        return options


def config_of(options):
    return guest_config(options.memory, options.cmdline, options.vcpus, options.shadow_memory, options.config)


def exit_status(port_e9):
    """What the guest said of its own, or None."""
    said = [re.fullmatch(r"mirage-xen: exit status (\d+)", line.strip()) for line in port_e9]
    said = [int(match[1]) & 255 for match in said if match]
    return said[-1] if said else None


def command(program, main):
    """Runs a command's main function, to the process's exit status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(128 + signal.SIGTERM))
    if sys.stdin is None:  # closed: a socket would take its place
        os.open(os.devnull, os.O_RDONLY)
    try:
        sys.exit(main())
    except BadInput as error:
        print(f"{program}: {error}", file=sys.stderr)
        sys.exit(error.status)
    except LabError as error:
        say(str(error))
        sys.exit(125)
    except KeyboardInterrupt:
        sys.exit(130)
