// SPDX-License-Identifier: ISC
//! The row of a table for an address: how each register of the caller is found. DWARF 5, section 6.4.2.

use super::reader::{Block, Reader};
use super::table::Description;
use super::{REGISTERS, Section};

/// Where the frame's base (the stack pointer before the call) is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cfa {
    Register(u8, i32),
    Expression(Block),
}

/// How a register of the caller is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Unspecified,
    Undefined,
    Same,
    /// Saved at this distance from the base.
    Offset(i32),
    ValueOffset(i32),
    Register(u8),
    Expression(Block),
    ValueExpression(Block),
}

/// A row.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) cfa: Cfa,
    pub(super) registers: [Rule; REGISTERS],
}

/// Rows that DW_CFA_remember_state may keep: compilers use one.
const KEPT: usize = 4;

impl Rules {
    /// The row for `address`; `None` where the table makes no sense.
    pub(super) fn at(
        section: &Section<'_>,
        description: &Description,
        address: u64,
    ) -> Option<Rules> {
        let mut machine = Machine {
            description,
            // A base that no table leaves like this.
            rules: Rules {
                cfa: Cfa::Register(u8::MAX, 0),
                registers: [Rule::Unspecified; REGISTERS],
            },
            initial: None,
            kept: [None; KEPT],
            depth: 0,
            location: description.start,
            address,
        };
        machine.run(Reader::of(section, description.initial))?;
        machine.initial = Some(machine.rules);
        machine.run(Reader::of(section, description.instructions))?;
        Some(machine.rules)
    }
}

struct Machine<'a> {
    description: &'a Description,
    rules: Rules,
    initial: Option<Rules>,
    kept: [Option<Rules>; KEPT],
    depth: usize,
    location: u64,
    address: u64,
}

impl Machine<'_> {
    fn set(&mut self, register: u64, rule: Rule) -> Option<()> {
        // Registers beyond those of a frame, such as the vector ones, are not followed.
        if let Some(slot) = self
            .rules
            .registers
            .get_mut(usize::try_from(register).ok()?)
        {
            *slot = rule;
        }
        Some(())
    }

    fn restore(&mut self, register: u64) -> Option<()> {
        let register = usize::try_from(register).ok()?;
        let first = self.initial.as_ref()?.registers;
        match first.get(register) {
            Some(rule) => self.set(register as u64, *rule),
            None => Some(()),
        }
    }

    fn advance(&mut self, delta: u64) {
        self.location = self
            .location
            .wrapping_add(delta.wrapping_mul(self.description.code_alignment));
    }

    fn scaled(&self, factor: i64) -> Option<i32> {
        i32::try_from(factor.checked_mul(self.description.data_alignment)?).ok()
    }

    /// Carries out instructions up to the row for the address.
    fn run(&mut self, mut reader: Reader<'_>) -> Option<()> {
        while !reader.is_empty() {
            let code = reader.u8()?;
            let operand = u64::from(code & 0x3f);
            match (code >> 6, operand) {
                (1, delta) => self.advance(delta),
                (2, register) => {
                    let factor = i64::try_from(reader.unsigned()?).ok()?;
                    self.set(register, Rule::Offset(self.scaled(factor)?))?;
                }
                (3, register) => self.restore(register)?,
                (_, extended) => self.extended(extended, &mut reader)?,
            }
            if self.location > self.address {
                break;
            }
        }
        Some(())
    }

    fn extended(&mut self, code: u64, reader: &mut Reader<'_>) -> Option<()> {
        match code {
            0x00 => {}
            // set_loc, for which no compiler has a use in one function.
            0x01 => return None,
            0x02 => {
                let delta = reader.u8()?;
                self.advance(delta.into());
            }
            0x03 => {
                let delta = reader.u16()?;
                self.advance(delta.into());
            }
            0x04 => {
                let delta = reader.u32()?;
                self.advance(delta.into());
            }
            0x05 | 0x2f => {
                let register = reader.unsigned()?;
                let mut factor = i64::try_from(reader.unsigned()?).ok()?;
                if code == 0x2f {
                    factor = -factor;
                }
                self.set(register, Rule::Offset(self.scaled(factor)?))?;
            }
            0x06 => {
                let register = reader.unsigned()?;
                self.restore(register)?;
            }
            0x07 => self.set(reader.unsigned()?, Rule::Undefined)?,
            0x08 => self.set(reader.unsigned()?, Rule::Same)?,
            0x09 => {
                let register = reader.unsigned()?;
                let other = u8::try_from(reader.unsigned()?).ok()?;
                self.set(register, Rule::Register(other))?;
            }
            0x0a => {
                *self.kept.get_mut(self.depth)? = Some(self.rules);
                self.depth += 1;
            }
            0x0b => {
                self.depth = self.depth.checked_sub(1)?;
                self.rules = (*self.kept.get(self.depth)?)?;
            }
            0x0c | 0x12 => {
                let register = u8::try_from(reader.unsigned()?).ok()?;
                let offset = self.cfa_offset(code == 0x12, reader)?;
                self.rules.cfa = Cfa::Register(register, offset);
            }
            0x0d => {
                let register = u8::try_from(reader.unsigned()?).ok()?;
                let Cfa::Register(_, offset) = self.rules.cfa else {
                    return None;
                };
                self.rules.cfa = Cfa::Register(register, offset);
            }
            0x0e | 0x13 => {
                let offset = self.cfa_offset(code == 0x13, reader)?;
                let Cfa::Register(register, _) = self.rules.cfa else {
                    return None;
                };
                self.rules.cfa = Cfa::Register(register, offset);
            }
            0x0f => {
                let length = reader.unsigned()?;
                self.rules.cfa = Cfa::Expression(reader.block(length)?);
            }
            0x10 | 0x16 => {
                let register = reader.unsigned()?;
                let length = reader.unsigned()?;
                let block = reader.block(length)?;
                let rule = if code == 0x10 {
                    Rule::Expression(block)
                } else {
                    Rule::ValueExpression(block)
                };
                self.set(register, rule)?;
            }
            0x11 | 0x15 => {
                let register = reader.unsigned()?;
                let offset = self.scaled(reader.signed()?)?;
                let rule = if code == 0x11 {
                    Rule::Offset(offset)
                } else {
                    Rule::ValueOffset(offset)
                };
                self.set(register, rule)?;
            }
            0x14 => {
                let register = reader.unsigned()?;
                let factor = i64::try_from(reader.unsigned()?).ok()?;
                self.set(register, Rule::ValueOffset(self.scaled(factor)?))?;
            }
            // The size of what was pushed for a call: nothing here depends on it.
            0x2e => {
                reader.unsigned()?;
            }
            _ => return None,
        }
        Some(())
    }

    fn cfa_offset(&self, signed: bool, reader: &mut Reader<'_>) -> Option<i32> {
        if signed {
            self.scaled(reader.signed()?)
        } else {
            i32::try_from(reader.unsigned()?).ok()
        }
    }
}
