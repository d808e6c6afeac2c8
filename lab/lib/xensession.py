# SPDX-License-Identifier: ISC
"""A session: QEMU with Xen and dom0, and the socket that hands jobs to the slots of its agent.

Everything runs in one loop over the sockets. A slot's port is always connected, so that a client that goes away in
the middle of its job is told to the agent by a frame of its own ("A"), answered by another ("Y").
"""

import ctypes
import fcntl
import os
import selectors
import signal
import socket
import subprocess
import time

import xenlab
from xenlab import frame

# Ten seconds on a quiet machine; a processor that many share makes it minutes.
BOOT_SECONDS = 480


def die_with_parent():
    """In a child, before exec: be killed when the parent ends, however it ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


class Peer:
    """One end of a connection: what was received of a frame, and what is still to be written."""

    def __init__(self, sock):
        self.sock = sock
        sock.setblocking(False)
        self.frames = xenlab.Frames()
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


# QEMU's machine has been seen to sleep on, with runnable guests in it, until the next interrupt from outside: for minutes where
# nobody had anything to say to it. A frame that the agent ignores is such an interrupt. What is measured is left in peace.
HEARTBEAT_SECONDS = 1.0

BUFFER_LIMIT = 4 << 20  # a peer that does not read stops the one that writes to it


class Session:
    """Boots QEMU and serves jobs until told to stop."""

    def __init__(self, folder, xen, slots, memory, icount, xenstored, cpus, owner_fd=None):
        self.folder, self.xen, self.owner_fd, self.has_heartbeat = folder, xen, owner_fd, not icount
        image = os.path.join(xenlab.CACHE, f"xen-{xen}")
        logs = os.path.join(xenlab.CACHE, "log")
        os.makedirs(logs, exist_ok=True)
        old = sorted((os.path.join(logs, name) for name in os.listdir(logs)), key=os.path.getmtime)
        for path in old[:-20]:
            os.unlink(path)
        self.log_path = os.path.join(logs, f"xen-{xen}-{os.getpid()}.log")
        self.log = open(self.log_path, "wb", buffering=0)
        self.selector = selectors.PollSelector()  # epoll takes neither files nor /dev/null
        self.slots, self.clients, self.queue = [], set(), []
        command = [os.path.join(xenlab.CACHE, "qemu"), "-machine", "q35", "-smp", str(cpus), "-m", str(memory)]
        command += ["-accel", "tcg,thread=single" if icount else "tcg,thread=multi"]
        # SMAP and MWAIT do not survive emulation (lab/README.md).
        command += ["-cpu", "EPYC,+svm,+npt,-smap,-monitor", "-nodefaults", "-nographic", "-no-reboot", "-monitor", "none"]
        # Who has QEMU do something, such as stop and go on, connects to the folder's `qmp` (QEMU's machine protocol).
        command += ["-serial", "stdio", "-qmp", "unix:qmp,server=on,wait=off"]
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
        self.info.write(f"stamp={xenlab.sources_stamp()}\n")
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
        beat = started
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
                        raise xenlab.LabError(f"QEMU ended (status {self.qemu.wait()}); see {self.log_path}")
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
            if up and self.has_heartbeat and time.monotonic() > beat:
                beat = time.monotonic() + HEARTBEAT_SECONDS
                if not self.slots[0].output:
                    self.slots[0].write(frame("H"))
            self.update()
            if not up and all(slot.ready or slot.client or slot.aborted for slot in self.slots):
                up = True
                on_ready(time.monotonic() - started)
            if not up and time.monotonic() - started > BOOT_SECONDS:
                raise xenlab.LabError(f"dom0 was not up after {BOOT_SECONDS} s; see {self.log_path}")

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
                raise xenlab.LabError(f"QEMU ended; see {self.log_path}")
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
