#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What `xen-ocaml build` costs beside `ocamlfind ocamlopt` for Linux, on this machine: a table, and rows of
target/bench.json in place of those of an earlier run. Medians of wall time; the two take turns, so that a busy machine is so
for both. The goal is 1.5 times the time for Linux.

  hello       one module, nothing compiled yet
  one change  ten modules, of which the first has changed: `ocamlfind ocamlopt` compiles that one and links all

usage: tools/bench_build.py [ROUNDS]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
TOOL = os.path.join(ROOT, "tools/xen-ocaml")
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15


def timed(command, folder):
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, shell=True, check=True)
    return (time.perf_counter() - begun) * 1000


def case(name, folder, before, linux, xen):
    """Runs both in turns, each after `before` for it; a row."""
    times = {"linux": [], "xen": []}
    for number in range(ROUNDS + 1):
        for kind, command in (("linux", linux), ("xen", xen)):
            before(kind, number)
            took = timed(command, folder)
            if number > 0:
                times[kind].append(took)
    ours, peer = (round(statistics.median(times[kind]), 1) for kind in ("xen", "linux"))
    goal = round(1.5 * peer, 1)
    print(f"| {name} | {ours} | {peer} | {ours / peer:.2f} | {'yes' if ours <= goal else 'NO'} |", flush=True)
    return {"name": "build: " + name, "unit": "ms", "ours": ours, "peer": peer, "goal": goal, "met": ours <= goal}


def main():
    print("| | xen-ocaml build, ms | ocamlfind ocamlopt, ms | ratio | met |\n|---|---:|---:|---:|---|")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        with open(path("hello.ml"), "w") as file:
            file.write('let () = print_endline "Hello from OCaml"\n')

        def fresh(kind, number):
            subprocess.run(["rm", "-rf", path("_xen"), path("hello.xen"), path("hello"), path("hello.o"), path("hello.cmx"), path("hello.cmi")])

        rows.append(case("hello", folder, fresh, "ocamlfind ocamlopt -g -o hello hello.ml", f"'{TOOL}' build hello.ml"))
        os.unlink(path("hello.ml"))

    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        names = [f"m{index}" for index in range(9)]
        for index, name in enumerate(names):
            with open(path(f"{name}.ml"), "w") as file:
                other = f"M{index - 1}.sum l" if index else "List.fold_left (+) 0 l"
                file.write(f"let sum l = 1 + {other}\nlet show x = Printf.sprintf \"%d of %s\" x \"{name}\"\n")
        with open(path("app.ml"), "w") as file:
            file.write("let () = print_endline (M8.show (M8.sum [1; 2; 3]))\n")
        objects = " ".join(f"{name}.cmx" for name in names)
        compile_all = " ".join(f"{name}.ml" for name in [*names, "app"])
        subprocess.run(f"ocamlfind ocamlopt -g -c {compile_all} && '{TOOL}' build app.ml", cwd=folder, shell=True, check=True)

        def touched(kind, number):
            with open(path("app.ml"), "w") as file:
                file.write(f"let () = print_endline (M8.show (M8.sum [1; 2; {number}]))\n")

        linux = f"ocamlfind ocamlopt -g -o app {objects} app.ml"
        rows.append(case("one change", folder, touched, linux, f"'{TOOL}' build app.ml"))

    path = os.path.join(ROOT, "target", "bench.json")
    try:
        with open(path) as file:
            others = [row for row in json.load(file) if not row["name"].startswith("build: ")]
    except FileNotFoundError:
        others = []
    with open(path, "w") as out:
        json.dump(others + rows, out, indent=1)


main()
