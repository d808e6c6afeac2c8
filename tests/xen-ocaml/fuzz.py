# SPDX-License-Identifier: ISC
"""fuzz.py CODE FILE ROUNDS: damages an ELF file or archive in its headers and tables, and reads it. Malformed is the only
exception that may come out, and each reading takes less than a second."""

import random
import sys
import time

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import common
import elf
import identity

with open(sys.argv[2], "rb") as file:
    good = file.read()
chance = random.Random(1)


def places():
    """Where it hurts: the file's first bytes, and the tables that its headers point at."""
    found = [(0, 400)]
    offset = 0
    if not elf.is_archive(good):
        content = elf.Elf(good)
        offset = 0
        found.append((len(good) - 64 * len(content.sections), len(good)))
        found += [(s.offset, s.offset + s.file_size) for s in content.segments if s.kind == elf.NOTE and s.file_size]
        found += [(s.offset, s.offset + min(s.size, 4096)) for s in content.sections if s.kind in (2, 3) and s.size]
    else:
        at = 8
        while at + 60 <= len(good):
            found.append((at, at + 60 + 64))
            size = int(good[at + 48 : at + 58])
            at += 60 + size + (size & 1)
    return found


def look(data):
    try:
        for _, content in elf.objects(data):
            content.notes()
            identity.of(content)
            content.names()
            for index in range(min(len(content.sections), 8)):
                content.relocations(index)
    except elf.Malformed:
        pass


spots = places()
for number in range(int(sys.argv[3])):
    data = bytearray(good)
    for _ in range(chance.randint(1, 4)):
        start, end = chance.choice(spots)
        at = chance.randrange(start, max(min(end, len(data)), start + 1))
        width = chance.choice((1, 1, 2, 4, 8))
        value = chance.choice((0, 0xFF, 0x7F, 0x80, chance.randrange(256)))
        for index in range(at, min(at + width, len(data))):
            data[index] = value
    if chance.random() < 0.1:
        del data[chance.randrange(len(data)) :]
    begun = time.monotonic()
    try:
        look(bytes(data))
    except Exception as error:
        sys.exit(f"round {number}: {error!r}")
    if time.process_time() and time.monotonic() - begun > 20:
        sys.exit(f"round {number}: {time.monotonic() - begun:.1f} s")
