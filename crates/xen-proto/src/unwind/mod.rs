// SPDX-License-Identifier: ISC
//! Walks a stack by the call frame information that compilers put into `.eh_frame`, whatever the language.
//!
//! Source: DWARF 5, section 6.4 and chapter 2.5 (expressions); the System V x86-64 ABI, section 3.6 (register numbers)
//! and 4.2.4 (`.eh_frame`). Pointers are encoded as gcc, LLVM and GNU as do in a static program: absolute or relative to
//! their own place, of 4 or 8 bytes.
//!
//! Everything may be damaged by the time it is read: no table and no memory content makes these functions panic, loop,
//! or read outside of what they were given.

mod expression;
mod reader;
mod rules;
mod table;

use expression::evaluate;
use rules::{Cfa, Rule, Rules};
use table::Description;

/// Registers of a frame: the sixteen general ones and the instruction pointer, by their DWARF numbers.
pub const REGISTERS: usize = 17;
/// The frame pointer's number.
pub const RBP: usize = 6;
/// The stack pointer's number.
pub const RSP: usize = 7;
/// The return address's number: where the frame is.
pub const RIP: usize = 16;

/// The content of `.eh_frame`, and the address at which it lies.
#[derive(Clone, Copy)]
pub struct Section<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Where the first of them is.
    pub address: u64,
}

/// A frame: what its registers hold, and whether it was interrupted rather than left by a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The registers, by DWARF number.
    pub registers: [u64; REGISTERS],
    /// Whether its instruction pointer is at an instruction that did not finish. Otherwise it is behind a call, which
    /// may be its function's last instruction.
    pub interrupted: bool,
}

/// Why there is no frame above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The tables say that this is the first one.
    Outermost,
    /// No table describes this code.
    Undescribed,
    /// The caller's registers are in memory that cannot be read, at this address.
    Unreadable(u64),
    /// The return address is null.
    Nowhere,
    /// The table makes no sense.
    Malformed,
}

impl Frame {
    /// Where in its function the frame is: the interrupted instruction, or some byte of the call.
    pub fn place(&self) -> u64 {
        let [.., rip] = self.registers;
        if self.interrupted {
            rip
        } else {
            rip.wrapping_sub(1)
        }
    }

    fn get(&self, register: usize) -> Option<u64> {
        self.registers.get(register).copied()
    }

    /// The frame of the caller. `read` gives the eight bytes at an address, or `None` where nothing can be read.
    pub fn caller(
        &self,
        section: &Section<'_>,
        read: &mut dyn FnMut(u64) -> Option<u64>,
    ) -> Result<Frame, End> {
        let found = Description::find(section, self.place()).ok_or(End::Undescribed)?;
        let rules = Rules::at(section, &found, self.place()).ok_or(End::Malformed)?;
        let cfa = match rules.cfa {
            Cfa::Register(register, offset) => self
                .get(usize::from(register))
                .ok_or(End::Malformed)?
                .wrapping_add_signed(offset.into()),
            Cfa::Expression(block) => evaluate(section, block, None, self, read)?,
        };
        let mut frame = Frame {
            registers: self.registers,
            interrupted: found.signal,
        };
        if let Some(rsp) = frame.registers.get_mut(RSP) {
            *rsp = cfa;
        }
        for (register, rule) in rules.registers.iter().enumerate() {
            let mut at = |address| read(address).ok_or(End::Unreadable(address));
            let value = match *rule {
                Rule::Unspecified if register == RIP => return Err(End::Malformed),
                Rule::Undefined if register == RIP => return Err(End::Outermost),
                // An undefined register is of no use to the caller: its old value does no harm.
                Rule::Unspecified | Rule::Undefined | Rule::Same => continue,
                Rule::Offset(offset) => at(cfa.wrapping_add_signed(offset.into()))?,
                Rule::ValueOffset(offset) => cfa.wrapping_add_signed(offset.into()),
                Rule::Register(other) => self.get(usize::from(other)).ok_or(End::Malformed)?,
                Rule::Expression(block) => {
                    let address = evaluate(section, block, Some(cfa), self, read)?;
                    read(address).ok_or(End::Unreadable(address))?
                }
                Rule::ValueExpression(block) => evaluate(section, block, Some(cfa), self, read)?,
            };
            if let Some(slot) = frame.registers.get_mut(register) {
                *slot = value;
            }
        }
        match frame.registers {
            [.., 0] => Err(End::Nowhere),
            _ => Ok(frame),
        }
    }
}

/// Whether the tables describe the code at `address`.
pub fn describes(section: &Section<'_>, address: u64) -> bool {
    Description::find(section, address).is_some()
}

/// The row of the table for `address`, for comparison with other readers: the register and offset of the frame's base, and of
/// each register the offset from it at which it is saved. `None` where the row says anything less simple, or is missing.
pub fn simple_row(
    section: &Section<'_>,
    address: u64,
) -> Option<(u8, i32, [Option<i32>; REGISTERS])> {
    let found = Description::find(section, address)?;
    let rules = Rules::at(section, &found, address)?;
    let Cfa::Register(register, offset) = rules.cfa else {
        return None;
    };
    let mut saved = [None; REGISTERS];
    for (slot, rule) in saved.iter_mut().zip(rules.registers) {
        *slot = match rule {
            Rule::Offset(offset) => Some(offset),
            Rule::Unspecified | Rule::Same | Rule::Undefined => None,
            _ => return None,
        };
    }
    Some((register, offset, saved))
}
