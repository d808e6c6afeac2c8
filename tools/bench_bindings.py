#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/bench_bindings.py: what the bindings' externals and the OCaml library cost, in instructions, beside upstream's.

usage: tools/bench_bindings.py

Runs tests/guests/bench_bindings in a lab that counts instructions, once alone and once with a peer whose pages it maps,
then the library's own guests, prints a table and puts its rows into target/bench.json in place of those of an earlier run. Upstream's figures were
measured once on the same Xen and are quoted; "one by one" is upstream's way with our code, in the same boot.
"""

import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "lab", "lib"))
import xenlab

GUESTS = os.path.join(ROOT, "target", "guests")
# The guest's name of a row, upstream's figure.
PEERS = {
    "notify": 10350,
    "alloc_unbound and unbind": 24900,
    "share and unshare a page": 3630,
    "grant_access and end_access": 276,
    "map and unmap": 36500,
    "I/O page": 1634,
}
# The same of the OCaml library: what tests/guests/os_bench calls it, our name of the row, upstream's figure.
LIBRARY = {
    "notify-wakeup": ("notify to Lwt wake-up, round trip", 143000),
    "pause": ("Lwt.pause through the main loop", 1457),
    "sleep-0": ("sleep_ns 0, round trip", None),
    "sleep-cancel": ("sleep_ns cancelled", None),
    "xenstore-read": ("xenstore read", 242000),
    "xenstore-read-pipelined": ("xenstore read, fifty at once, each", None),
    "grant-end-access": ("Export.grant_access and end_access", None),
    "share-unshare-page": ("Export.share_pages and unshare of a page", None),
}
RATE = "ring between two domains, more is better"
UNITS = {RATE: "bytes in a thousand instructions"}
RING = "64 KiB through a ring between two domains"
MIB = 32


def figures(output):
    values = {}
    for line in output.splitlines():
        name, _, value = line.strip().rpartition(" ")
        if name and value.isdecimal() and not name.startswith("Solo5"):
            values[name] = int(value)
    return values


class Guest:
    """A domain of the lab that counts instructions."""

    def __init__(self, folder, name, cmdline=None):
        self.name, self.text, self.over, self.domid = name, "", False, None
        self.job = xenlab.Job(folder)
        self.job.sock.settimeout(900)
        with open(os.path.join(GUESTS, name + ".xen"), "rb") as file:
            kernel = file.read()
        self.job.send_file("guest.cfg", xenlab.guest_config(64, cmdline, 1, None, []))
        self.job.send_file("kernel", kernel)
        self.job.send("G", b"timeout=600\n")
        self.outcome = {}

    def step(self):
        for kind, payload in self.job.receive():
            if kind == "O":
                self.text += payload[8:].decode(errors="replace")
            elif kind == "M" and payload.startswith(b"created "):
                self.domid = int(payload.split()[1])
            elif kind == "R":
                self.outcome = xenlab.parse_pairs(payload)
            self.over |= kind in "RZ"

    def line(self, start):
        """The next line that starts so."""
        while True:
            *whole, self.text = self.text.split("\n")
            for index, line in enumerate(whole):
                if line.startswith("!"):
                    sys.exit(f"bench_bindings: {self.name} says {line}")
                if line.startswith(start):
                    self.text = "\n".join(whole[index + 1 :] + [self.text])
                    return line
            if self.over:
                sys.exit(f"bench_bindings: {self.name} is gone: {self.outcome}")
            self.step()

    def ask(self, order, which=0):
        self.job.send("C", order.encode() + b"\n")
        return int(self.line("= ").split()[1 + which])

    def finish(self):
        while not self.over:
            self.step()
        if self.outcome.get("reason") != "poweroff":
            sys.exit(f"bench_bindings: {self.name}: {self.outcome}: {self.text}")
        return self.text


def alone(folder):
    return figures(Guest(folder, "bench_bindings").finish())


def dom0(folder, script):
    job = xenlab.Job(folder)
    job.sock.settimeout(900)
    job.send_file("script.sh", script.encode())
    job.send("S")
    for kind, payload in job.receive():
        if kind == "R":
            return xenlab.parse_pairs(payload)
    sys.exit("bench_bindings: dom0 did not answer")


def library(folder):
    values = figures(Guest(folder, "os_bench").finish())
    found = {name: values[of] for of, (name, _) in LIBRARY.items()}
    receiver = Guest(folder, "os_ring", f"receive {MIB} unchecked")
    sender = Guest(folder, "os_ring", f"send {MIB} unchecked")
    for guest in (receiver, sender):
        while guest.domid is None:
            guest.step()
    one, two = receiver.domid, sender.domid
    dom0(folder, f"xenstore-write /local/domain/{one}/data/peer {two} /local/domain/{two}/data/peer {one}")
    rate = int(next(line for line in sender.finish().splitlines() if " bytes in 1000 ns" in line).split()[0])
    receiver.finish()
    found[RING] = 65536 * 1000 // rate
    found[RATE] = rate
    # The bytes are copied into the ring and out of it in any case.
    found["plain copy of 64 KiB, twice"] = values["copy-64KiB-twice"]
    return found


def with_peer(folder):
    agent = Guest(folder, "xen_agent")
    agent.line("ready")
    bench = Guest(folder, "bench_bindings", f"peer {agent.domid}")
    while bench.domid is None:
        bench.step()
    call = agent.ask("bare")
    agent.ask(f"share 8 256 {bench.domid} 1")
    values = {"bare hypercall": call, **figures(bench.finish())}
    other = Guest(folder, "xen_agent")
    other.line("ready")
    offered = agent.ask(f"alloc {other.domid}")
    bound = other.ask(f"bind {agent.domid} {offered}")
    agent.ask(f"unmask {offered}")
    other.ask(f"unmask {bound}")
    other.ask("demux")
    other.ask(f"take {bound}")
    other.job.send("C", f"pong {bound} 210\n".encode())
    agent.ask(f"ping {offered} 10")
    # Both ways: each is a notification, a switch of domains and a wake-up.
    values["notify and wake another domain"] = agent.ask(f"ping {offered} 200", 1) // 2
    for guest in (agent, other):
        guest.job.send("C", b"exit 0\n")
        guest.finish()
    return values


def row(name, value, peer, goal):
    return {"name": name, "unit": "instructions", "ours": value, "peer": peer, "goal": goal,
            "met": None if goal is None else value <= goal}


def library_rows(values):
    peers = dict(LIBRARY.values())
    for name, value in values.items():
        peer = values["plain copy of 64 KiB, twice"] if name == RING else peers.get(name)
        yield {**row("library: " + name, value, peer, peers.get(name)), "unit": UNITS.get(name, "instructions")}


def rows(values):
    call = values["bare hypercall"]
    for name, value in values.items():
        peer = PEERS.get(name)
        if name.endswith(" pages") and name.replace("mapv and", "map and") + ", one by one" in values:
            peer = values[name.replace("mapv and", "map and") + ", one by one"]
        if name.startswith("grant copy of "):
            peer = values.get(name.replace("grant copy", "map, memcpy, unmap"))
        goal = peer
        if name == "mapv and unmap of 256 pages":
            # A page may cost 1.1 of what one costs less its two bare hypercalls.
            goal = int(256 * 1.1 * (values["map and unmap"] - 2 * call))
        yield row("bindings: " + name, value, peer, goal)


def main():
    for name in ("bench_bindings", "xen_agent", "os_bench", "os_ring"):
        if not os.path.exists(os.path.join(GUESTS, name + ".xen")):
            sys.exit(f"bench_bindings: target/guests/{name}.xen is not built: make guests")
    with xenlab.OwnSession(["--icount", "--slots", "3"]) as folder:
        values = alone(folder)
        values.update(with_peer(folder))
        of_library = library(folder)
    path = os.path.join(ROOT, "target", "bench.json")
    try:
        with open(path) as file:
            others = [row for row in json.load(file) if not row["name"].startswith(("bindings: ", "library: "))]
    except FileNotFoundError:
        others = []
    ours = [*rows(values), *library_rows(of_library)]
    with open(path, "w") as out:
        json.dump(others + ours, out, indent=1)
    print("| | unit | ours | upstream or other way | goal | met |\n|---|---|---:|---:|---:|---|")
    for row in ours:
        number = lambda value: "" if value is None else f"{value:,}"
        met = {True: "yes", False: "NO", None: ""}[row["met"]]
        print(f"| {row['name']} | {row['unit']} | {number(row['ours'])} | {number(row['peer'])} | {number(row['goal'])} | {met} |")


if __name__ == "__main__":
    main()
