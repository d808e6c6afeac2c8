// SPDX-License-Identifier: ISC
//! The ELF notes and the interpreter by which others know the image.
//!
//! Sources: `xen/include/public/elfnote.h` (PHYS32_ENTRY); Solo5's ABI note; OpenBSD's `elf(5)` for the note that
//! keeps a host from running the image as a program, together with an interpreter that cannot exist.

/// An ELF note whose name takes `N` bytes, padded to four, final zero included.
#[repr(C, align(4))]
struct Note<const N: usize, T> {
    name_size: u32,
    descriptor_size: u32,
    kind: u32,
    name: [u8; N],
    descriptor: T,
}

impl<const N: usize, T> Note<N, T> {
    const fn new(name_size: u32, name: [u8; N], kind: u32, descriptor: T) -> Self {
        Note {
            name_size,
            descriptor_size: size_of::<T>() as u32,
            kind,
            name,
            descriptor,
        }
    }
}

unsafe extern "C" {
    fn _start();
}

/// A 32-bit address in a static: the linker fills it in.
#[repr(transparent)]
struct Entry32(unsafe extern "C" fn());

/// XEN_ELFNOTE_PHYS32_ENTRY: where a PVH domain starts. Eight bytes are as good as four: the text lies below 4 GiB.
#[used]
#[unsafe(link_section = ".note.solo5.xen")]
static XEN_ENTRY: Note<4, Entry32> = Note::new(4, *b"Xen\0", 18, Entry32(_start));

/// Solo5's ABI1 note: target 6 is Xen, its ABI has had one version.
#[used]
#[unsafe(link_section = ".note.solo5.abi")]
static SOLO5_ABI: Note<8, [u32; 4]> = Note::new(6, *b"Solo5\0\0\0", 0x3149_4241, [6, 1, 0, 0]);

#[used]
#[unsafe(link_section = ".note.solo5.not_openbsd")]
static NOT_OPENBSD: Note<8, u32> = Note::new(8, *b"OpenBSD\0", 1, 0);

#[used]
#[unsafe(link_section = ".interp")]
static INTERPRETER: [u8; 20] = *b"/nonexistent/solo5/\0";
