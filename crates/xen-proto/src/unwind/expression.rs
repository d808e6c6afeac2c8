// SPDX-License-Identifier: ISC
//! DWARF expressions, as far as call frame information has them: registers, constants, memory, arithmetic and
//! comparison. DWARF 5, section 2.5. OCaml 5 writes them where it changes stacks.

use super::reader::{Block, Reader};
use super::{End, Frame, Section};

const DEPTH: usize = 16;

struct Stack {
    values: [u64; DEPTH],
    used: usize,
}

impl Stack {
    fn push(&mut self, value: u64) -> Option<()> {
        *self.values.get_mut(self.used)? = value;
        self.used += 1;
        Some(())
    }

    fn pop(&mut self) -> Option<u64> {
        self.used = self.used.checked_sub(1)?;
        self.values.get(self.used).copied()
    }

    /// The value at `index` from the top, which is 0.
    fn pick(&self, index: usize) -> Option<u64> {
        let at = self.used.checked_sub(1)?.checked_sub(index)?;
        self.values.get(at).copied()
    }
}

/// What an expression says, with `first` on its stack.
pub(super) fn evaluate(
    section: &Section<'_>,
    block: Block,
    first: Option<u64>,
    frame: &Frame,
    read: &mut dyn FnMut(u64) -> Option<u64>,
) -> Result<u64, End> {
    let mut stack = Stack {
        values: [0; DEPTH],
        used: 0,
    };
    if let Some(first) = first {
        stack.push(first).ok_or(End::Malformed)?;
    }
    let mut reader = Reader::of(section, block);
    while !reader.is_empty() {
        // There are no jumps, so each operation is carried out once.
        match step(&mut reader, &mut stack, frame).ok_or(End::Malformed)? {
            None => {}
            Some((address, size)) => {
                let value = read(address).ok_or(End::Unreadable(address))?;
                let value = match size {
                    8 => value,
                    1..8 => value & ((1 << (8 * size)) - 1),
                    _ => return Err(End::Malformed),
                };
                stack.push(value).ok_or(End::Malformed)?;
            }
        }
    }
    stack.pop().ok_or(End::Malformed)
}

/// One operation; memory to read, as address and size, is the caller's to push.
fn step(reader: &mut Reader<'_>, stack: &mut Stack, frame: &Frame) -> Option<Option<(u64, u8)>> {
    let code = reader.u8()?;
    match code {
        // deref, deref_size
        0x06 => return Some(Some((stack.pop()?, 8))),
        0x94 => return Some(Some((stack.pop()?, reader.u8()?))),
        // addr, const…
        0x03 | 0x0e | 0x0f => stack.push(reader.u64()?)?,
        0x08 => stack.push(reader.u8()?.into())?,
        0x09 => stack.push(reader.u8()? as i8 as u64)?,
        0x0a => stack.push(reader.u16()?.into())?,
        0x0b => stack.push(reader.u16()? as i16 as u64)?,
        0x0c => stack.push(reader.u32()?.into())?,
        0x0d => stack.push(reader.u32()? as i32 as u64)?,
        0x10 => stack.push(reader.unsigned()?)?,
        0x11 => stack.push(reader.signed()? as u64)?,
        // dup, drop, over, pick, swap
        0x12 => stack.push(stack.pick(0)?)?,
        0x13 => {
            stack.pop()?;
        }
        0x14 => stack.push(stack.pick(1)?)?,
        0x15 => {
            let index = reader.u8()?;
            stack.push(stack.pick(index.into())?)?;
        }
        0x16 => {
            let (top, below) = (stack.pop()?, stack.pop()?);
            stack.push(top)?;
            stack.push(below)?;
        }
        // neg, not, plus_uconst
        0x1f => {
            let value = stack.pop()?;
            stack.push(value.wrapping_neg())?;
        }
        0x20 => {
            let value = stack.pop()?;
            stack.push(!value)?;
        }
        0x23 => {
            let value = stack.pop()?;
            stack.push(value.wrapping_add(reader.unsigned()?))?;
        }
        0x1a | 0x1c | 0x1e | 0x21..=0x22 | 0x24..=0x27 | 0x29..=0x2e => {
            let (top, below) = (stack.pop()?, stack.pop()?);
            stack.push(binary(code, below, top)?)?;
        }
        // lit0 to lit31, breg0 to breg31, bregx, nop
        0x30..=0x4f => stack.push(u64::from(code - 0x30))?,
        0x70..=0x8f => {
            let value = frame.get(usize::from(code - 0x70))?;
            stack.push(value.wrapping_add_signed(reader.signed()?))?;
        }
        0x92 => {
            let value = frame.get(usize::try_from(reader.unsigned()?).ok()?)?;
            stack.push(value.wrapping_add_signed(reader.signed()?))?;
        }
        0x96 => {}
        _ => return None,
    }
    Some(None)
}

fn binary(code: u8, below: u64, top: u64) -> Option<u64> {
    let shift = u32::try_from(top).unwrap_or(u32::MAX);
    let (signed_below, signed_top) = (below as i64, top as i64);
    Some(match code {
        0x1a => below & top,
        0x1c => below.wrapping_sub(top),
        0x1e => below.wrapping_mul(top),
        0x21 => below | top,
        0x22 => below.wrapping_add(top),
        0x24 => below.checked_shl(shift).unwrap_or(0),
        0x25 => below.checked_shr(shift).unwrap_or(0),
        0x26 => signed_below
            .checked_shr(shift)
            .unwrap_or(signed_below >> 63) as u64,
        0x27 => below ^ top,
        0x29 => (signed_below == signed_top).into(),
        0x2a => (signed_below >= signed_top).into(),
        0x2b => (signed_below > signed_top).into(),
        0x2c => (signed_below <= signed_top).into(),
        0x2d => (signed_below < signed_top).into(),
        0x2e => (signed_below != signed_top).into(),
        _ => return None,
    })
}
