#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/bench_protection.py: what protection and random placement add to a boot, step by step.

usage: tools/bench_protection.py [BOOTS|--check]

Builds the core once more from a copy of the sources in which they are taken out (below), links Solo5's hello with either,
and boots both in a lab that counts instructions. Prints the boot's steps of both, medians of BOOTS (9) boots, and puts the
sums into target/bench.json. No such core is ever installed: the copy is all there is of it, and a piece of the sources
that is not found as it is written here is an error, for which --check only looks.

Taken out: secrets from noise (constants instead), random places, guard pages, pages that are written or run but not both,
and the walk through the page tables at the end.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
COPY = os.path.join(ROOT, "target", "unprotected")
PARTS = os.path.join(ROOT, "target", "parts")
HELLO = os.path.join(ROOT, "target", "guests", "solo5_hello")
GOAL = 3.0  # per cent

OUT = [
    ("Cargo.toml", 'warnings = "deny"', 'warnings = "allow"'),
    ("src/solo5/entropy.rs", "    let (mut words, drawn) = sources.words(&BOOT);\n",
     "    let (mut words, drawn) = ([7; MOST_WORDS], BOOT.words);\n"),
    ("src/solo5/entropy.rs", "SECRETS.get().filter(|_| random)?", "SECRETS.get().filter(|_| false)?"),
    ("src/arch/paging/verify.rs", "    if let Some(address) = first_writable_executable() {", "    if let Some(address) = None {"),
    ("src/arch/paging.rs", """    tables.identity(layout::text(), EXECUTE)?;
    tables.let_execute(layout::text());
    tables.identity(layout::rodata(), READ)?;
    tables.identity(layout::data(), WRITE)?;
    tables.identity(layout::names(), READ)?;
    for guard in layout::guards() {
        tables.unmap(guard)?;
    }
""", """    tables.identity(layout::image(), Flags::PRESENT.union(Flags::WRITABLE))?;
    tables.let_execute(layout::image());
"""),
    ("src/mm/heap_range.rs", "if paging::current().unmap(place.heap.end).is_err() {", "if false {"),
]


def check(name, there):
    with open(os.path.join(ROOT, name)) as file:
        if file.read().count(there) != 1:
            sys.exit(f"bench_protection: {name} does not have once what is to be taken out: {there.strip()}")


def copy():
    shutil.rmtree(COPY, ignore_errors=True)
    os.makedirs(COPY)
    for name in ("Cargo.toml", "Cargo.lock", "build.rs", "src", "crates", "tools", "benches", "tests", "ocaml", "c_stubs", "include",
                 "ocaml-freestanding"):
        source = os.path.join(ROOT, name)
        (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, os.path.join(COPY, name))
    for name, there, instead in OUT:
        check(name, there)
        path = os.path.join(COPY, name)
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace(there, instead))


def build():
    copy()
    with open(os.path.join(ROOT, "src", "solo5", "exports.txt")) as file:
        exports = [name for line in file if (name := line.split("#")[0].strip())]
    part, image = os.path.join(COPY, "solo5_xen.o"), os.path.join(COPY, "hello.xen")
    environment = {**os.environ, "CARGO_TARGET_DIR": os.path.join(ROOT, "target", "unprotected-build")}
    subprocess.run(["tools/build-part", "solo5", part, *exports], cwd=COPY, env=environment, check=True)
    command = ["ld", "-nostdlib", "-z", "max-page-size=0x1000", "-static", "--gc-sections", "-T", os.path.join(PARTS, "solo5_xen.lds")]
    subprocess.run([*command, part, os.path.join(HELLO, "solo5.o"), "-o", image], check=True)
    subprocess.run([os.path.join(ROOT, "tools", "xen-symbols"), image], check=True)
    return image


def boots(image, count, cmdline):
    command = [os.path.join(ROOT, "lab", "measure"), "--quiet", "--boots", str(count), "--memory", "16", f"--cmdline={cmdline}", image]
    output = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
    results = [json.loads(line) for line in output.splitlines()]
    for result in results:
        if result["reason"] != "poweroff":
            sys.exit(f"bench_protection: {image} ended by {result['reason']}")
    return results


def figures(image, count):
    """The boot's own steps by its counter, its processor time by Xen's account, and when dom0 read its line."""
    found = {}
    for result in boots(image, count, "--solo5:debug"):
        for _, text in result["lines"]:
            if match := re.fullmatch(r"Solo5: boot: (.*): (\d+) ticks", text):
                found.setdefault(match[1], []).append(int(match[2]))
    for result in boots(image, count, "--solo5:quiet"):
        found.setdefault("processor time to the end, quiet", []).append(result["cpu"])
        found.setdefault("hello's line at dom0, quiet", []).append(next(time for time, text in result["lines"] if text == "Hello"))
    return {name: statistics.median(values) for name, values in found.items()}


def main():
    if sys.argv[1:] == ["--check"]:
        for name, there, _ in OUT:
            check(name, there)
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with_all = HELLO + ".xen"
    if not os.path.exists(with_all):
        sys.exit("bench_protection: target/guests/solo5_hello.xen is not built: make guests")
    without = figures(build(), count)
    ours = figures(with_all, count)
    print("| step, instructions | without | with | more |\n|---|---:|---:|---:|")
    rows = []
    for name, value in ours.items():
        before = without.get(name, 0)
        print(f"| {name} | {before:,.0f} | {value:,.0f} | {value - before:+,.0f} |")
        if "quiet" in name:
            more = round(100 * (value - before) / before, 2)
            rows.append({"name": f"protection and random placement add to {name}", "unit": "per cent", "ours": more, "peer": None,
                         "goal": GOAL, "met": more <= GOAL})
    for row in rows:
        print(f"{row['name']}: {row['ours']} % (goal: at most {GOAL} %)")
    path = os.path.join(ROOT, "target", "bench.json")
    try:
        with open(path) as file:
            others = [row for row in json.load(file) if not row["name"].startswith("protection and ")]
    except FileNotFoundError:
        others = []
    with open(path, "w") as out:
        json.dump(others + rows, out, indent=1)


if __name__ == "__main__":
    main()
