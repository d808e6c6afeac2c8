# SPDX-License-Identifier: ISC
"""Where the parts are that a domain is linked from: in a checkout, or under the prefix that this program is installed in."""

import os

from common import Problem

# Where each file lies under a prefix, first era's place first.
_INSTALLED = {
    "solo5_xen.o": ("lib/solo5-bindings-xen", "lib/x86_64-solo5-none-static"),
    "solo5_xen.lds": ("lib/solo5-bindings-xen", "lib/x86_64-solo5-none-static"),
    "libnolibc.a": ("lib/ocaml-freestanding", "lib/ocaml-solo5/lib/nolibc", "lib/ocaml-solo5/lib"),
    "libopenlibm.a": ("lib/ocaml-freestanding", "lib/ocaml-solo5/lib/nolibc", "lib/ocaml-solo5/lib"),
    "libmirage-xen_bindings.a": ("lib/mirage-xen",),
}
_RUNTIMES = ("lib/ocaml-freestanding", "lib/ocaml-solo5/lib/ocaml")


class Place:
    def __init__(self):
        here = os.path.dirname(os.path.realpath(__file__))
        above = os.path.dirname(here)
        root = os.path.dirname(above)
        if os.path.basename(here) == "xen_ocaml" and os.path.exists(os.path.join(root, "Cargo.toml")):
            self.checkout, self.prefix = root, None
        else:
            self.checkout, self.prefix = None, root
        self.code = here

    def part(self, name, version):
        """The path of a part; `version` is OCaml's, for what is built once for each."""
        folders = self._folders(name, version)
        for folder in folders:
            path = os.path.join(folder, name)
            if os.path.exists(path):
                return path
        if self.checkout:
            raise Problem(f"{folders[-1]}/{name} is not built: make -C {self.checkout} guests")
        raise Problem(f"{name} is not under {self.prefix}: install mirage-xen-rs again (make install PREFIX={self.prefix})")

    def _folders(self, name, version):
        named = os.environ.get("XEN_OCAML_PARTS")
        if named:
            return [named]
        if self.checkout:
            # Another compiler's lie in a folder of their own (make OCAML=5.3).
            own = f"target/ocaml-{'.'.join(version.split('.')[:2])}/parts"
            return [os.path.join(self.checkout, folder) for folder in (own, "target/parts")]
        folders = []
        for folder in _INSTALLED[name]:
            folders += [os.path.join(self.prefix, folder, version), os.path.join(self.prefix, folder)]
        return folders

    def runtime(self, version):
        """The path of libasmrun.a for a compiler's version; a Problem where that of another version is here."""
        versions = set()
        named = os.environ.get("XEN_OCAML_PARTS")
        if named and os.path.exists(os.path.join(named, "libasmrun.a")):
            return os.path.join(named, "libasmrun.a")
        if self.checkout:
            folder = os.path.join(self.checkout, "target/ocaml-freestanding")
            path = os.path.join(folder, version, "libasmrun.a")
            if os.path.exists(path):
                return path
            for other in _listed(folder):
                if os.path.exists(os.path.join(folder, other, "libasmrun.a")):
                    versions.add(other)
            remedy = f"make -C {self.checkout}/ocaml-freestanding"
        else:
            for place in _RUNTIMES:
                folder = os.path.join(self.prefix, place)
                path = os.path.join(folder, version, "libasmrun.a")
                if os.path.exists(path):
                    return path
                path = os.path.join(folder, "libasmrun.a")
                if os.path.exists(path):
                    found = self._flat_version(folder)
                    if found == version:
                        return path
                    versions.add(found)
                for other in _listed(folder):
                    if os.path.exists(os.path.join(folder, other, "libasmrun.a")):
                        versions.add(other)
            remedy = f"install mirage-xen-rs with it (make install PREFIX={self.prefix})"
        if versions:
            raise Problem(
                f"the compiler is OCaml {version}, and the runtime here is of {', '.join(sorted(versions))}: "
                f"use that compiler, or {remedy}"
            )
        raise Problem(f"no OCaml runtime for Xen is here: {remedy}")

    def _flat_version(self, folder):
        """The OCaml version of a runtime that lies in no folder of its version: a file says it, or the bindings' note."""
        try:
            with open(os.path.join(folder, "VERSION"), encoding="ascii", errors="replace") as file:
                return file.readline().strip()
        except OSError:
            pass
        return self.bindings_version(self.part("libmirage-xen_bindings.a", "")) or "a version that it does not say"

    @staticmethod
    def bindings_version(path):
        """The OCaml version that an archive of the bindings was compiled for, as its note says; None without one."""
        import elf
        import identity

        try:
            with open(path, "rb") as file:
                for _, content in elf.objects(file.read()):
                    for version in identity.of(content)[1]:
                        return version
        except (OSError, elf.Malformed):
            pass
        return None

    def libraries(self):
        """The folder in which ocamlfind finds the OCaml library mirage-xen, to be put before its own path; None without."""
        built = os.environ.get("MIRAGE_XEN_BUILT", "target")
        folder = os.path.join(self.checkout, built, "dune/install/default/lib") if self.checkout else os.path.join(self.prefix, "lib")
        return folder if os.path.exists(os.path.join(folder, "mirage-xen/META")) else None

    def lab(self):
        """The path of lab/run, which boots a domain on a Xen inside QEMU; None without."""
        for folder in (os.environ.get("XEN_OCAML_LAB"), self.checkout and os.path.join(self.checkout, "lab")):
            if folder and os.path.exists(os.path.join(folder, "run")):
                return os.path.join(folder, "run")
        return None


def _listed(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
