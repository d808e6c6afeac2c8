#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/bench_libc.py: how fast libc is beside the host's, and what it costs in a domain.

usage: tools/bench_libc.py

Runs the measurement of tests/libc, ours and the host's in one process, and tests/guests/bench_libc in a lab that counts
instructions. Prints what misses its goal and the counts, and puts all rows into target/bench.json in place of those of
an earlier run. Upstream's counts were measured once on the same Xen and are quoted.
"""

import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "lab", "lib"))
import xenlab
from bench_bindings import Guest, figures

GUEST = os.path.join(ROOT, "target", "guests", "bench_libc.xen")
PEERS = {
    "malloc and free of 64 bytes": 142,
    'sprintf "%.12g %d" from OCaml': 5210,
}


def beside_the_host():
    command = ["cargo", "test", "--quiet", "--release", "--test", "libc", "speed", "--", "--ignored", "--nocapture"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(ROOT, "target", "bench-libc.json")) as file:
        return json.load(file)


def in_a_domain():
    with xenlab.OwnSession(["--icount"]) as folder:
        output = Guest(folder, "bench_libc").finish()
    for name, value in figures(output).items():
        peer = PEERS[name]
        yield {"name": "libc in a domain: " + name, "unit": "instructions", "ours": value, "peer": peer, "goal": peer,
               "met": value <= peer}


def main():
    if not os.path.exists(GUEST):
        sys.exit("bench_libc: target/guests/bench_libc.xen is not built: make guests")
    rows = beside_the_host() + list(in_a_domain())
    path = os.path.join(ROOT, "target", "bench.json")
    try:
        with open(path) as file:
            others = [row for row in json.load(file) if not row["name"].startswith("libc ")]
    except FileNotFoundError:
        others = []
    with open(path, "w") as out:
        json.dump(others + rows, out, indent=1)
    print("| libc | unit | ours | host or upstream | met |\n|---|---|---:|---:|---|")
    for row in rows:
        if row["unit"] == "instructions" or not row["met"]:
            print(f"| {row['name'][5:]} | {row['unit']} | {row['ours']:,} | {row['peer']:,} | {'yes' if row['met'] else 'NO'} |")
    print(f"{sum(row['met'] for row in rows)} of {len(rows)} rows meet their goal")


if __name__ == "__main__":
    main()
