// SPDX-License-Identifier: ISC
//! The stack trace: frames of Rust, C and OCaml alike, by the call frame information that the linker collected.

use super::output;
use crate::arch::{TrapFrame, paging};
use crate::mm::layout;
use crate::xen::line::Line;
use core::ops::Range;
use xen_proto::symbols::Symbols;
use xen_proto::unwind::{End, Frame, REGISTERS, RIP, RSP, Section, describes};

/// Lines of a trace; a run of the same frame, as an endless recursion has, is one.
const LINES: usize = 40;
/// Frames that are looked at: a stack of 8 MiB has no more.
const FRAMES: usize = 1 << 20;
/// Words of a stack without description in which to look for a return address.
const SEARCHED: u64 = 128;

/// The image's bytes in a range of its read-only part.
fn bytes(range: Range<u64>) -> &'static [u8] {
    // SAFETY: the callers name parts of the image that are mapped and never written.
    unsafe {
        core::slice::from_raw_parts(range.start as *const u8, (range.end - range.start) as usize)
    }
}

/// The names of functions, where the image has them.
pub fn symbols() -> Option<Symbols<'static>> {
    Symbols::parse(bytes(layout::names()))
}

fn tables() -> Section<'static> {
    let range = layout::frame_tables();
    Section {
        address: range.start,
        bytes: bytes(range),
    }
}

/// A word of memory, where there is memory.
fn read(address: u64) -> Option<u64> {
    // SAFETY: the word can be read; nobody else runs.
    paging::current()
        .can_read(address)
        .then(|| unsafe { (address as *const u64).read_unaligned() })
}

fn first(frame: &TrapFrame) -> Frame {
    let [rax, rbx, rcx, rdx, rsi, rdi, rbp, others @ ..] = frame.registers;
    let mut registers = [0; REGISTERS];
    let named = [rax, rdx, rcx, rbx, rsi, rdi, rbp, frame.rsp];
    let all = named.iter().chain(&others).chain([&frame.rip]);
    for (slot, value) in registers.iter_mut().zip(all) {
        *slot = *value;
    }
    Frame {
        registers,
        interrupted: true,
    }
}

/// `text name+offset`, as far as names are known.
fn put_name(line: &mut Line, symbols: Option<Symbols<'_>>, frame: &Frame) {
    let [.., rip] = frame.registers;
    if !layout::text().contains(&rip) {
        line.text("not code");
        return;
    }
    match symbols.and_then(|symbols| symbols.find(frame.place())) {
        // The offset is that of the return address, as debuggers have it.
        Some(name) => line
            .bytes(name.bytes())
            .text("+")
            .hex(rip.wrapping_sub(frame.place()).wrapping_add(name.offset)),
        None => line.text("no names in this image"),
    };
}

/// Writes the trace that begins with an interrupted context.
pub fn write(frame: &TrapFrame) {
    let (tables, symbols) = (tables(), symbols());
    let mut frame = first(frame);
    let (mut lines, mut guessed, mut repeated) = (0, false, 0u64);
    for _ in 0..FRAMES {
        let [.., rip] = frame.registers;
        if repeated == 0 {
            if lines == LINES {
                return output::line(Line::new().text("Solo5:   ... more frames above"));
            }
            let mut line = Line::new();
            line.text(if guessed { "Solo5: ? " } else { "Solo5:   " })
                .register(rip)
                .text(" ");
            put_name(&mut line, symbols, &frame);
            output::line(&line);
            lines += 1;
        }
        let (next, end) = match frame.caller(&tables, &mut read) {
            Ok(next) => (Some(next), None),
            Err(End::Outermost) => (None, None),
            Err(end) => (guess(&tables, &frame, lines == 1), Some(end)),
        };
        let Some(next) = next else {
            again(repeated);
            return ended(end, symbols);
        };
        guessed = end.is_some();
        if next.registers.get(RIP) == Some(&rip) && !guessed {
            repeated += 1;
        } else {
            again(repeated);
            repeated = 0;
        }
        frame = next;
    }
}

fn again(repeated: u64) {
    if repeated != 0 {
        output::line(
            Line::new()
                .text("Solo5:   ... and ")
                .decimal(repeated)
                .text(" more of the same frame"),
        );
    }
}

fn ended(end: Option<End>, symbols: Option<Symbols<'_>>) {
    let mut line = Line::new();
    line.text("Solo5:   ... the trace ends: ");
    match end {
        None | Some(End::Outermost) => {}
        Some(End::Unreadable(address)) => {
            output::line(line.text("no memory at ").hex(address));
        }
        Some(End::Undescribed) => output::line(line.text("no frame information for this code")),
        Some(End::Nowhere) => output::line(line.text("the return address is null")),
        Some(End::Malformed) => output::line(line.text("frame information makes no sense")),
    }
    if symbols.is_none() {
        output::line(Line::new().text(
            "Solo5:   names: addr2line -f -e IMAGE ADDRESS; tools/xen-symbols puts them into an image",
        ));
    }
}

/// A caller's frame without description of this one. Where control went to an address that is no code, the return address is
/// on top of the stack; otherwise the first word of the stack that can be one.
fn guess(tables: &Section<'_>, frame: &Frame, first: bool) -> Option<Frame> {
    let rsp = *frame.registers.get(RSP)?;
    let searched = if first { SEARCHED } else { 0 };
    let at = (0..=searched).map(|word| rsp.wrapping_add(8 * word));
    let at = at
        .take_while(|&at| read(at).is_some())
        .find(|&at| read(at).is_some_and(|word| is_return_address(tables, word)))?;
    let mut caller = *frame;
    *caller.registers.get_mut(RSP)? = at + 8;
    *caller.registers.get_mut(RIP)? = read(at)?;
    caller.interrupted = false;
    Some(caller)
}

/// Whether `address` is right behind a call in code that has a description.
fn is_return_address(tables: &Section<'_>, address: u64) -> bool {
    let text = layout::text();
    if !text.contains(&address) || address < text.start + 8 || !describes(tables, address - 1) {
        return false;
    }
    // Calls end in: E8 rel32; FF /2 with no, one or four bytes of displacement, and perhaps a SIB byte.
    let before = bytes(address - 8..address);
    let is_indirect = |len: usize| {
        let at = before.len() - len;
        before.get(at) == Some(&0xff) && before.get(at + 1).is_some_and(|m| (m >> 3) & 7 == 2)
    };
    before.get(3) == Some(&0xe8) || [2, 3, 4, 6, 7].into_iter().any(is_indirect)
}
