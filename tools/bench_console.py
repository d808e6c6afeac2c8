#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/bench_console.py: what console output and random bytes cost.

usage: tools/bench_console.py [LINES]

Boots tests/guests/solo5_console in a lab that counts instructions, once with LINES (10000) lines of 79 characters, a write
each, and once with a hundredth of them; what a line more takes is counted: until dom0 has read it, and of the guest's own
processor time, making the line's text included. Then runs `cargo bench --bench getrandom`: our generator beside the
getrandom crate, on this machine. Puts all rows into target/bench.json in place of those of an earlier run. Upstream's
arrival was measured once on the same Xen and is quoted.
"""

import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
GUEST = os.path.join(ROOT, "target", "guests", "solo5_console.xen")
# Upstream's instructions a line, in steady state: an event and a wait each.
UPSTREAM = 7_750_000
GOALS = {"arrival": 350_000, "guest": 5_000}


def boot(lines):
    command = [os.path.join(ROOT, "lab", "measure"), "--quiet", "--boots", "1", "--timeout", "600"]
    command += [f"--cmdline=--solo5:quiet lines {lines}", GUEST]
    output = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
    result = json.loads(output)
    came = [time for time, text in result["lines"] if len(text) == 79]
    if result["reason"] != "poweroff" or len(came) != lines:
        sys.exit(f"bench_console: {len(came)} lines of {lines} came, the end was {result['reason']}")
    return came[-1], result["cpu"]


def console(count):
    few = max(count // 100, 1)
    (arrival, cpu), (arrival_few, cpu_few) = boot(count), boot(few)
    more = count - few
    for name, what, value, peer in (
        ("arrival", "until dom0 has read it", (arrival - arrival_few) / more, UPSTREAM),
        ("guest", "guest's processor", (cpu - cpu_few) / more, None),
    ):
        yield {"name": f"console, a line of 79 characters of {count}: {what}", "unit": "instructions", "ours": round(value),
               "peer": peer, "goal": GOALS[name], "met": value <= GOALS[name]}


def random():
    """The bench's rows: bytes, ours and the crate's nanoseconds."""
    command = ["cargo", "bench", "--quiet", "--bench", "getrandom"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    for size, ours, peer in re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \|", output, re.MULTILINE):
        ours, peer = float(ours), float(peer)
        yield {"name": f"random, getrandom of {size} bytes", "unit": "ns", "ours": ours, "peer": peer, "goal": peer,
               "met": ours <= peer}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    if not os.path.exists(GUEST):
        sys.exit("bench_console: target/guests/solo5_console.xen is not built: make guests")
    rows = list(random()) + list(console(count))
    path = os.path.join(ROOT, "target", "bench.json")
    try:
        with open(path) as file:
            others = [row for row in json.load(file) if not row["name"].startswith(("console, ", "random, "))]
    except FileNotFoundError:
        others = []
    with open(path, "w") as out:
        json.dump(others + rows, out, indent=1)
    print("| console and random bytes | unit | ours | upstream, or the crate | goal | met |\n|---|---|---:|---:|---:|---|")
    for row in rows:
        peer = "" if row["peer"] is None else f"{row['peer']:,}"
        print(f"| {row['name']} | {row['unit']} | {row['ours']:,} | {peer} | {row['goal']:,} | {'yes' if row['met'] else 'NO'} |")


if __name__ == "__main__":
    main()
