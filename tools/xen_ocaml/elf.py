# SPDX-License-Identifier: ISC
"""Reads ELF files and archives of them: segments, notes, symbols. Trusts no header: every offset is checked, and a file that
lies raises Malformed.

Sources: the ELF-64 object file format's file, program, section and note headers; the System V archive format with GNU's
long names and thin archives.
"""

import struct

X86_64 = 62
RELOCATABLE, EXECUTABLE = 1, 2
LOAD, NOTE, TLS = 1, 4, 7
EXECUTE, WRITE, READ = 1, 2, 4
_MACHINES = {3: "i386", 8: "MIPS", 20: "PowerPC", 21: "PowerPC 64", 22: "S/390", 40: "ARM", 62: "x86-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch"}
_SYMTAB, _STRTAB, _RELA, _NOBITS, _NOTE_SECTION = 2, 3, 4, 8, 7
# A sane file has fewer notes than this, whatever its headers say.
_MOST_NOTES = 4096


class Malformed(Exception):
    """The file is not what its own headers say; the text says where."""


class Segment:
    __slots__ = ("kind", "flags", "offset", "address", "file_size", "memory_size")

    def __init__(self, kind, flags, offset, address, file_size, memory_size):
        self.kind, self.flags, self.offset = kind, flags, offset
        self.address, self.file_size, self.memory_size = address, file_size, memory_size


class Section:
    __slots__ = ("name", "kind", "flags", "address", "offset", "size", "link", "info", "entry_size")

    def __init__(self, name, kind, flags, address, offset, size, link, info, entry_size):
        self.name, self.kind, self.flags, self.address = name, kind, flags, address
        self.offset, self.size, self.link, self.info, self.entry_size = offset, size, link, info, entry_size


class Elf:
    """An ELF file of either word size and byte order; symbols and relocations of 64-bit little-endian ones only."""

    def __init__(self, data):
        if data[:4] != b"\x7fELF":
            raise Malformed("not an ELF file")
        if len(data) < 20 or data[4] not in (1, 2) or data[5] not in (1, 2):
            raise Malformed("damaged ELF header")
        self.data = data
        self.wide = data[4] == 2
        self._order = order = "<" if data[5] == 1 else ">"
        self.kind, machine = struct.unpack_from(order + "HH", data, 16)
        self.is_x86_64 = machine == X86_64 and self.wide and order == "<"
        self.machine = _MACHINES.get(machine, f"machine {machine}") + ("" if self.wide or machine != X86_64 else " (x32)")
        try:
            if self.wide:
                self.entry, programs, sections = struct.unpack_from(order + "QQQ", data, 24)
                sizes = struct.unpack_from(order + "HHHHH", data, 54)
            else:
                self.entry, programs, sections = struct.unpack_from(order + "III", data, 24)
                sizes = struct.unpack_from(order + "HHHHH", data, 42)
        except struct.error:
            raise Malformed("the ELF header is cut short") from None
        program_size, program_count, section_size, section_count, names = sizes
        self.segments = self._read_segments(programs, program_size, program_count)
        self._sections = None
        self._section_table = (sections, section_size, section_count, names)

    def _table(self, what, start, size, count, layout):
        """The entries of a header table, each unpacked."""
        entry = struct.calcsize(layout)
        if count == 0:
            return []
        if size < entry or start + size * count > len(self.data):
            raise Malformed(f"the {what} headers lie outside of the file")
        return [struct.unpack_from(layout, self.data, start + index * size) for index in range(count)]

    def _read_segments(self, start, size, count):
        segments = []
        layout = self._order + ("IIQQQQQQ" if self.wide else "IIIIIIII")
        for entry in self._table("program", start, size, count, layout):
            if self.wide:
                kind, flags, offset, address, _, file_size, memory_size, _ = entry
            else:
                kind, offset, address, _, file_size, memory_size, flags, _ = entry
            if kind in (LOAD, NOTE) and offset + file_size > len(self.data):
                raise Malformed("a segment lies outside of the file")
            segments.append(Segment(kind, flags, offset, address, file_size, memory_size))
        return segments

    @property
    def sections(self):
        if self._sections is None:
            start, size, count, names = self._section_table
            if start and count == 0 and self.wide:
                # More sections than fit: the count is in the first one's size.
                if start + 64 > len(self.data):
                    raise Malformed("the section headers lie outside of the file")
                count = struct.unpack_from(self._order + "Q", self.data, start + 32)[0]
                if names == 0xFFFF:
                    names = struct.unpack_from(self._order + "I", self.data, start + 40)[0]
            layout = self._order + ("IIQQQQIIQQ" if self.wide else "IIIIIIIIII")
            entries = self._table("section", start, size, count if start else 0, layout)
            strings = b""
            if names < len(entries) and entries:
                strings = self._bytes("the section names", entries[names][4], entries[names][5])
            self._sections = [
                Section(_text(strings, name), kind, flags, address, offset, length, link, info, entry_size)
                for name, kind, flags, address, offset, length, link, info, _, entry_size in entries
            ]
        return self._sections

    def _bytes(self, what, offset, size):
        if offset + size > len(self.data):
            raise Malformed(f"{what} lie outside of the file")
        return self.data[offset : offset + size]

    def section_bytes(self, section):
        return b"" if section.kind == _NOBITS else self._bytes(section.name or "a section's bytes", section.offset, section.size)

    def notes(self):
        """All notes, as (owner, type, bytes): of the note segments, or of an object's note sections."""
        if self.segments:
            places = [(s.offset, s.file_size) for s in self.segments if s.kind == NOTE]
        else:
            places = [(s.offset, s.size) for s in self.sections if s.kind == _NOTE_SECTION]
        found = []
        for offset, size in places:
            data = self._bytes("notes", offset, size)
            at = 0
            while at + 12 <= size:
                owner_size, text_size, kind = struct.unpack_from(self._order + "III", data, at)
                text = at + 12 + (owner_size + 3 & ~3)
                if text + text_size > size:
                    raise Malformed("a note is larger than its segment")
                owner = bytes(data[at + 12 : at + 12 + owner_size]).rstrip(b"\0").decode("ascii", "replace")
                found.append((owner, kind, bytes(data[text : text + text_size])))
                if len(found) > _MOST_NOTES:
                    raise Malformed("more notes than any program has")
                at = text + (text_size + 3 & ~3)
        return found

    def symbols(self):
        """The symbol table, as (name, value, size, kind, binding, section) tuples; name is bytes, section 0 is undefined."""
        for section in self.sections:
            if section.kind == _SYMTAB:
                break
        else:
            return []
        if not self.wide or self._order != "<" or section.link >= len(self.sections):
            raise Malformed("a symbol table of a form that is not read here")
        table = self._bytes("symbols", section.offset, section.size // 24 * 24)
        strings = self._bytes("symbol names", self.sections[section.link].offset, self.sections[section.link].size)
        found = []
        for name, info, _, index, value, size in struct.iter_unpack("<IBBHQQ", table):
            end = strings.find(b"\0", name)
            if end < 0:
                raise Malformed("a symbol's name lies outside of the string table")
            found.append((strings[name:end], value, size, info & 15, info >> 4, index))
        return found

    def has_symbols(self):
        return any(section.kind == _SYMTAB for section in self.sections)

    def relocations(self, of):
        """The relocations of a section by its index, as (offset, symbol index, addend) tuples."""
        found = []
        for section in self.sections:
            if section.kind == _RELA and section.info == of:
                table = self._bytes("relocations", section.offset, section.size // 24 * 24)
                found += [(offset, info >> 32, addend) for offset, info, addend in struct.iter_unpack("<QQq", table)]
        return found

    def names(self):
        """(defined, undefined) global names, as sets of bytes; weak undefined ones, which may stay so, are left out."""
        defined, undefined = set(), set()
        for name, _, _, _, binding, section in self.symbols():
            if binding and section:
                defined.add(name)
            elif binding == 1 and name:
                undefined.add(name)
        return defined, undefined


def _text(strings, at):
    end = strings.find(b"\0", at)
    return bytes(strings[at:end] if end >= 0 else b"").decode("ascii", "replace")


def is_archive(data):
    return data[:8] in (b"!<arch>\n", b"!<thin>\n")


def members(data):
    """The members of an archive, as (name, bytes); a thin archive's, whose files lie elsewhere, have None for bytes."""
    thin = data[:8] == b"!<thin>\n"
    names = b""
    at = 8
    while at + 60 <= len(data):
        header = data[at : at + 60]
        if header[58:60] != b"`\n":
            raise Malformed("damaged archive: a member's header is not where it should be")
        try:
            size = int(header[48:58])
        except ValueError:
            raise Malformed("damaged archive: a member's size is no number") from None
        name = bytes(header[:16]).rstrip()
        special = name in (b"/", b"//", b"/SYM64/")
        body = at + 60
        stored = special or not thin
        if size < 0 or (stored and body + size > len(data)):
            raise Malformed("damaged archive: a member lies outside of the file")
        if name == b"//":
            names = data[body : body + size]
        elif not special:
            if name[:1] == b"/" and name[1:].isdigit():
                start = int(name[1:])
                end = names.find(b"\n", start)
                name = bytes(names[start : end if end >= 0 else len(names)])
            yield name.rstrip(b"/").decode("utf-8", "replace"), data[body : body + size] if stored else None
        at = body + (size + (size & 1) if stored else 0)


def objects(data):
    """The ELF files in an object or an archive, as (member name, Elf); the name is empty for an object itself."""
    if is_archive(data):
        for name, content in members(data):
            if content is not None and content[:4] == b"\x7fELF":
                yield name, Elf(content)
    else:
        yield "", Elf(data)


def first_machine(path):
    """What the object, or the archive's first member, at a path is for: its Elf's (is_x86_64, machine); None where nothing in
    it is ELF. Reads a few hundred bytes of it."""
    with open(path, "rb") as file:
        start = file.read(64)
        at = 0
        if is_archive(start):
            at = 8
            while True:
                file.seek(at)
                header = file.read(60)
                if len(header) < 60:
                    return None
                if header[58:60] != b"`\n" or not header[48:58].strip().isdigit():
                    raise Malformed("damaged archive: a member's header is not where it should be")
                size = int(header[48:58])
                content = file.read(64)
                if content[:4] == b"\x7fELF":
                    start = content
                    break
                if start[:8] == b"!<thin>\n" and header[:1] != b"/":
                    return None
                at += 60 + size + (size & 1)
    if start[:4] != b"\x7fELF":
        raise Malformed("neither an ELF object nor an archive of them")
    if len(start) < 20:
        raise Malformed("damaged ELF header")
    order = "<" if start[5] == 1 else ">"
    machine = struct.unpack_from(order + "H", start, 18)[0]
    good = machine == X86_64 and start[4] == 2 and order == "<"
    return good, _MACHINES.get(machine, f"machine {machine}") + (" (32-bit)" if machine == X86_64 and start[4] == 1 else "")


def symbol_index(path):
    """The names that an archive's own index says its members define, as a list of bytes; without an index, an empty one."""
    with open(path, "rb") as file:
        if file.read(8) != b"!<arch>\n":
            return []
        header = file.read(60)
        if header[:16].rstrip() != b"/" or not header[48:58].strip().isdigit():
            return []
        table = file.read(int(header[48:58]))
    if len(table) < 4:
        return []
    count = struct.unpack_from(">I", table)[0]
    return table[4 + 4 * count :].split(b"\0")[:count]
