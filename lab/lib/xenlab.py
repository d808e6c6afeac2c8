# SPDX-License-Identifier: ISC
"""The host's side of the lab: a session (QEMU with Xen and dom0) and the jobs it runs.

A session is a process that owns one QEMU and listens on a Unix socket; each connection to it is one
job, run on the first free slot of the agent in dom0 (dom0/agent/agent.h describes the frames, which
this socket carries unchanged). A session lives in a folder of its own, with `socket` and `info`.
"""

import argparse
import ctypes
import fcntl
import os
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CACHE = os.path.abspath(os.environ.get("MIRAGE_XEN_CACHE") or os.path.join(os.path.dirname(HERE), ".cache")) + "/lab"
DEFAULT_XEN = "4.17"
FRAME_MAX = 65536
HEADER = struct.Struct("<BI")
BOOT_SECONDS = 180


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


def die_with_parent():
    """In a child, before exec: be killed when the parent ends, however it ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


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


# ---- the session ---------------------------------------------------------------------------------


class Peer:
    """One end of a connection: what was received of a frame, and what is still to be written."""

    def __init__(self, sock):
        self.sock = sock
        sock.setblocking(False)
        self.frames = Frames()
        self.output = bytearray()

    def write(self, data):
        self.output += data

    def flush(self):
        while self.output:
            try:
                del self.output[: self.sock.send(self.output)]
            except BlockingIOError:
                return


class Slot(Peer):
    def __init__(self, sock):
        super().__init__(sock)
        self.ready = False
        self.client = None
        self.aborted = False


class Client(Peer):
    def __init__(self, sock):
        super().__init__(sock)
        self.slot = None
        self.waiting = []  # frames that came before a slot was free
        self.closing = False
        self.over = False  # it has its outcome


BUFFER_LIMIT = 4 << 20  # a peer that does not read stops the one that writes to it


class Session:
    """Boots QEMU and serves jobs until told to stop."""

    def __init__(self, folder, xen, slots, memory, icount, xenstored, cpus, owner_fd=None):
        self.folder, self.xen, self.owner_fd = folder, xen, owner_fd
        image = os.path.join(CACHE, f"xen-{xen}")
        logs = os.path.join(CACHE, "log")
        os.makedirs(logs, exist_ok=True)
        old = sorted((os.path.join(logs, name) for name in os.listdir(logs)), key=os.path.getmtime)
        for path in old[:-20]:
            os.unlink(path)
        self.log_path = os.path.join(logs, f"xen-{xen}-{os.getpid()}.log")
        self.log = open(self.log_path, "wb", buffering=0)
        self.selector = selectors.PollSelector()  # epoll takes neither files nor /dev/null
        self.slots, self.clients, self.queue = [], set(), []
        command = [os.path.join(CACHE, "qemu"), "-machine", "q35", "-smp", str(cpus), "-m", str(memory)]
        command += ["-accel", "tcg,thread=single" if icount else "tcg,thread=multi"]
        # SMAP and MWAIT do not survive emulation (lab/README.md).
        command += ["-cpu", "EPYC,+svm,+npt,-smap,-monitor", "-nodefaults", "-nographic", "-no-reboot", "-monitor", "none"]
        command += ["-serial", "stdio"]
        if icount:
            command += ["-icount", "shift=0,sleep=off"]
        # A PV domain's memory is not where the device thinks it is: the driver must go through swiotlb-xen.
        command += ["-device", f"virtio-serial-pci,iommu_platform=on,disable-legacy=on,max_ports={slots + 1}"]
        ends = []
        for number in range(slots):
            ours, theirs = socket.socketpair()
            self.slots.append(Slot(ours))
            ends.append(theirs)
            command += ["-chardev", f"socket,id=slot{number},fd={theirs.fileno()}"]
            command += ["-device", f"virtserialport,chardev=slot{number},name=lab.{number},nr={number + 1}"]
        append = "console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=all conring_size=256k"
        append += " dom0_mem=512M,max:512M cpuidle=0 noreboot bootscrub=0 dom0_max_vcpus=1"
        # With its lazy switching of the FPU, one run in fifty corrupts a guest or dom0 (lab/README.md). What is
        # measured keeps Xen's own choice.
        append += "" if icount else " spec-ctrl=eager-fpu"
        linux = f"console=hvc0 quiet lab.slots={slots} lab.icount={int(icount)}" + (f" lab.xenstored={xenstored}" if xenstored else "")
        # QEMU splits -initrd at commas and blanks, so the files go by short names.
        for name in ("xen", "linux", "dom0.cpio.gz"):
            os.symlink(os.path.join(image, name), os.path.join(folder, name))
        command += ["-kernel", "xen", "-append", append, "-initrd", f"linux {linux},dom0.cpio.gz"]
        # Ctrl-A three times and a letter, written to this pipe, ask Xen itself: printf '\1\1\1h' >xen-input.
        os.mkfifo(os.path.join(folder, "xen-input"))
        console_input = os.open(os.path.join(folder, "xen-input"), os.O_RDWR)
        self.qemu = subprocess.Popen(
            command,
            cwd=folder,
            stdin=console_input,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[end.fileno() for end in ends],
            preexec_fn=die_with_parent,
            start_new_session=True,
        )
        os.close(console_input)
        for end in ends:
            end.close()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(folder, "socket"))
        self.listener.listen(64)
        self.listener.setblocking(False)
        self.info = open(os.path.join(folder, "info"), "w")
        fcntl.flock(self.info, fcntl.LOCK_EX)  # held while the session lives: see read_info
        self.info.write(f"pid={os.getpid()}\nxen={xen}\nicount={int(icount)}\nlog={self.log_path}\n")
        self.info.flush()

    def stop(self):
        for name in ("socket", "info", "xen", "linux", "dom0.cpio.gz", "xen-input"):
            try:
                os.unlink(os.path.join(self.folder, name))
            except FileNotFoundError:
                pass
        self.qemu.kill()
        self.qemu.wait()
        self.log.close()

    def serve(self, on_ready):
        """Runs until the owner's pipe closes, QEMU ends or a signal comes (KeyboardInterrupt)."""
        started, up = time.monotonic(), False
        self.selector.register(self.qemu.stdout, selectors.EVENT_READ, "log")
        self.selector.register(self.listener, selectors.EVENT_READ, "listener")
        if self.owner_fd is not None:
            self.selector.register(self.owner_fd, selectors.EVENT_READ, "owner")
        for slot in self.slots:
            self.selector.register(slot.sock, selectors.EVENT_READ, slot)
        while True:
            for key, events in self.selector.select(1.0):
                if key.data == "log":
                    data = os.read(self.qemu.stdout.fileno(), 65536)
                    if not data:
                        raise LabError(f"QEMU ended (status {self.qemu.wait()}); see {self.log_path}")
                    self.log.write(data.replace(b"\r", b""))
                elif key.data == "owner":
                    if not os.read(self.owner_fd, 4096):
                        return
                elif key.data == "listener":
                    client = Client(self.listener.accept()[0])
                    self.clients.add(client)
                    self.queue.append(client)
                    self.selector.register(client.sock, selectors.EVENT_READ, client)
                else:
                    self.peer_event(key.data, events)
            self.hand_out()
            self.update()
            if not up and all(slot.ready or slot.client or slot.aborted for slot in self.slots):
                up = True
                on_ready(time.monotonic() - started)
            if not up and time.monotonic() - started > BOOT_SECONDS:
                raise LabError(f"dom0 was not up after {BOOT_SECONDS} s; see {self.log_path}")

    def peer_event(self, peer, events):
        if isinstance(peer, Client) and peer not in self.clients:
            return
        try:
            if events & selectors.EVENT_WRITE:
                peer.flush()
            if not events & selectors.EVENT_READ:
                return
            data = peer.sock.recv(1 << 18)
        except (ConnectionError, BrokenPipeError):
            data = b""
        if isinstance(peer, Slot):
            if not data:
                raise LabError(f"QEMU ended; see {self.log_path}")
            for kind, payload in peer.frames.feed(data):
                self.from_slot(peer, kind, payload)
        elif data:
            for kind, payload in peer.frames.feed(data):
                (peer.slot.write if peer.slot else peer.waiting.append)(frame(kind, payload))
        else:
            self.drop(peer)

    def from_slot(self, slot, kind, payload):
        if slot.aborted and kind != "Y":
            return
        if slot.client:
            if kind == "Y":
                slot.client.write(frame("X", b"the lab's agent failed and was started again"))
            slot.client.write(frame("Z" if kind == "Y" else kind, payload))
            slot.client.over |= kind == "R"
        if kind not in "YZ":
            return
        slot.aborted = False
        if slot.client:
            slot.client.slot = None
            slot.client.closing = True
            slot.client = None
        slot.ready = True

    def drop(self, client):
        """The client went away: what it ran is destroyed before the slot serves another."""
        self.clients.discard(client)
        if client in self.queue:
            self.queue.remove(client)
        if client.sock.fileno() in self.selector.get_map():
            self.selector.unregister(client.sock)
        client.sock.close()
        if client.slot:
            if not client.over:  # after its outcome a client may leave: the guest is being destroyed
                client.slot.write(frame("A"))
                client.slot.aborted = True
            client.slot.client = None

    def hand_out(self):
        for slot in self.slots:
            if self.queue and slot.ready and not slot.client:
                client = self.queue.pop(0)
                slot.ready, slot.client, client.slot = False, client, slot
                for data in client.waiting:
                    slot.write(data)
                client.waiting = []

    def update(self):
        """Write what can be written; stop reading from those whose other end lags behind."""
        for peer in [*self.slots, *self.clients]:
            try:
                peer.flush()
            except (ConnectionError, BrokenPipeError):
                peer.output.clear()
            if isinstance(peer, Client):
                if peer.closing and not peer.output:
                    self.drop(peer)
                    continue
                other = peer.slot
                lagging = other is not None and len(other.output) > BUFFER_LIMIT
            else:
                lagging = peer.client is not None and len(peer.client.output) > BUFFER_LIMIT
            events = (0 if lagging else selectors.EVENT_READ) | (selectors.EVENT_WRITE if peer.output else 0)
            registered = self.selector.get_map().get(peer.sock.fileno())
            if events and registered is None:
                self.selector.register(peer.sock, events, peer)
            elif events and registered.events != events:
                self.selector.modify(peer.sock, events, peer)
            elif not events and registered is not None:
                self.selector.unregister(peer.sock)


def prepare(xen):
    """Make sure that what the session boots is there; instant when it is."""
    status = subprocess.call([os.path.join(HERE, "prepare"), xen])
    if status != 0:
        raise LabError(f"lab/prepare {xen} failed (status {status})")


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
            return os.path.realpath(folder)
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
        data = self.sock.recv(1 << 18)
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


# ---- ELF -----------------------------------------------------------------------------------------


def check_elf(path):
    """The bytes of a kernel Xen can boot as PVH; BadInput with one clear line otherwise."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}", 66) from None
    if data[:4] != b"\x7fELF":
        raise BadInput(f"{path}: not an ELF file", 65)
    try:
        if not _has_pvh_note(data):
            raise BadInput(
                f"{path}: no PVH note (Xen note 18, PHYS32_ENTRY) in a PT_NOTE segment, so Xen cannot boot it: "
                "was it linked as a unikernel?",
                65,
            )
    except struct.error:
        raise BadInput(f"{path}: damaged ELF file (a header points outside of it)", 65) from None
    return data


def _has_pvh_note(data):
    order = ">" if data[5] == 2 else "<"
    if data[4] == 2:
        offset, size, count = struct.unpack_from(order + "Q14xHH", data, 32)
        layout = order + "I4xQ16xQ"
    else:
        offset, size, count = struct.unpack_from(order + "I10xHH", data, 28)
        layout = order + "II8xI"
    for index in range(count):
        kind, start, length = struct.unpack_from(layout, data, offset + index * size)
        if kind != 4:
            continue
        at = start
        while at + 12 <= start + length:
            name_size, desc_size, note = struct.unpack_from(order + "III", data, at)
            name = data[at + 12 : at + 12 + name_size]
            if note == 18 and name == b"Xen\0":
                return True
            at += 12 + (name_size + 3 & ~3) + (desc_size + 3 & ~3)
    return False
