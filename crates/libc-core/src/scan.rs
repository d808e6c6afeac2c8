// SPDX-License-Identifier: ISC
//! The engine of `scanf` (C11 7.21.6.2, POSIX's positional arguments and `%m`), over a source of
//! bytes and a target that stores what was read.

mod spec;
mod store;

use crate::length::Length;
use crate::number::{self, Kind, Source};
use crate::real::X87;
use spec::{Set, Spec};
use store::{Pointers, Store, store_integer};

/// The caller's arguments and memory.
pub trait Target {
    /// The next argument, a pointer.
    fn pointer(&mut self) -> u64;
    /// Stores bytes at `address` + `offset`.
    fn store(&mut self, address: u64, offset: usize, bytes: &[u8]);
    /// Grows the block `old` (0 for none) to `size` bytes, for `%ms`; 0 if memory is exhausted.
    fn grow(&mut self, old: u64, size: usize) -> u64;
}

/// Why scanning failed other than by the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The format is not valid: EINVAL.
    BadFormat,
    /// No memory for an `%m` conversion: ENOMEM.
    NoMemory,
    /// A byte that the "C" locale gives no wide character: EILSEQ.
    Illegal,
}

/// What became of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// So many values were assigned.
    Assigned(u32),
    /// The input ended before anything was assigned: EOF. As in glibc, a suppressed conversion does
    /// not count.
    End,
}

/// A source that counts.
struct Input<'a> {
    source: &'a mut dyn Source,
    taken: usize,
    /// Are binary numerals known?
    binary: bool,
}

impl Source for Input<'_> {
    fn peek(&mut self) -> Option<u8> {
        self.source.peek()
    }

    fn advance(&mut self) {
        self.taken += 1;
        self.source.advance();
    }
}

impl Input<'_> {
    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.advance();
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// At most so many bytes of another source.
struct Limited<'a, 'b> {
    input: &'a mut Input<'b>,
    left: usize,
}

impl Source for Limited<'_, '_> {
    fn peek(&mut self) -> Option<u8> {
        if self.left == 0 {
            None
        } else {
            self.input.peek()
        }
    }

    fn advance(&mut self) {
        self.left -= 1;
        self.input.advance();
    }
}

/// A conversion's end.
enum Outcome {
    Assigned,
    Skipped,
    NoMatch,
    NoInput,
}

/// Reads input as the format says.
/// `binary` allows what C23 added: the conversion `%b`, and the prefix `0b` for that and `%i`.
///
/// # Errors
/// See [`Error`].
pub fn scan(
    format: &[u8],
    source: &mut dyn Source,
    target: &mut dyn Target,
    binary: bool,
) -> Result<Scanned, Error> {
    let mut input = Input {
        source,
        taken: 0,
        binary,
    };
    let mut pointers = Pointers::new(target);
    let mut assigned = 0;
    let mut text = format;
    while let Some((&directive, rest)) = text.split_first() {
        text = rest;
        let outcome = if is_space(directive) {
            input.skip_space();
            Outcome::Skipped
        } else if directive != b'%' {
            literal(&mut input, directive)
        } else {
            let spec = Spec::parse(&mut text);
            let Some((&conversion, rest)) = text.split_first() else {
                return Err(Error::BadFormat);
            };
            text = rest;
            if conversion == b'%' {
                input.skip_space();
                literal(&mut input, b'%')
            } else {
                let outcome = convert(&spec, conversion, &mut text, &mut input, &mut pointers)?;
                if conversion == b'n' {
                    Outcome::Skipped
                } else {
                    outcome
                }
            }
        };
        match outcome {
            Outcome::Assigned => assigned += 1,
            Outcome::Skipped => {}
            Outcome::NoMatch => break,
            Outcome::NoInput if assigned == 0 => return Ok(Scanned::End),
            Outcome::NoInput => break,
        }
    }
    Ok(Scanned::Assigned(assigned))
}

fn literal(input: &mut Input<'_>, byte: u8) -> Outcome {
    match input.peek() {
        None => Outcome::NoInput,
        Some(found) if found != byte => Outcome::NoMatch,
        Some(_) => {
            input.advance();
            Outcome::Skipped
        }
    }
}

fn convert(
    spec: &Spec,
    conversion: u8,
    text: &mut &[u8],
    input: &mut Input<'_>,
    pointers: &mut Pointers<'_>,
) -> Result<Outcome, Error> {
    let set = match conversion {
        b'[' => {
            let (set, rest) = Set::parse(text).ok_or(Error::BadFormat)?;
            *text = rest;
            Some(set)
        }
        _ => None,
    };
    if !matches!(conversion, b'[' | b'c' | b'C' | b'n') {
        input.skip_space();
    }
    if conversion != b'n' && input.peek().is_none() {
        return Ok(Outcome::NoInput);
    }
    let outcome = if spec.skipped {
        Outcome::Skipped
    } else {
        Outcome::Assigned
    };
    match conversion {
        b'n' => {
            if !spec.skipped {
                let address = pointers.get(spec.position)?;
                store_integer(pointers.target, address, spec.length, input.taken as u64);
            }
        }
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' | b'p' | b'b'
            if conversion != b'b' || input.binary =>
        {
            let base = match conversion {
                b'b' => 2,
                b'd' | b'u' => 10,
                b'o' => 8,
                b'i' => 0,
                _ => 16,
            };
            let binary = input.binary;
            let mut limited = Limited {
                input,
                left: spec.width.unwrap_or(usize::MAX),
            };
            let number = number::integer(&mut limited, base, binary);
            if number.valid == 0 {
                let nil = conversion == b'p' && number.taken == 0;
                if !(nil
                    && b"(nil)".iter().all(|&b| {
                        let found = limited.peek() == Some(b);
                        if found {
                            limited.advance();
                        }
                        found
                    }))
                {
                    return Ok(Outcome::NoMatch);
                }
            }
            if !spec.skipped {
                let signed = matches!(conversion, b'd' | b'i');
                let value = if signed {
                    number.signed().0 as u64
                } else {
                    number.unsigned().0
                };
                let length = if conversion == b'p' {
                    Length::Long
                } else {
                    spec.length
                };
                let address = pointers.get(spec.position)?;
                store_integer(pointers.target, address, length, value);
            }
        }
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
            let kind = match spec.length {
                Length::LongDouble => Kind::Extended,
                Length::Long => Kind::Double,
                _ => Kind::Single,
            };
            let mut limited = Limited {
                input,
                left: spec.width.unwrap_or(usize::MAX),
            };
            let number = number::float(&mut limited, kind);
            if number.valid == 0 || number.valid != number.taken {
                return Ok(Outcome::NoMatch);
            }
            if !spec.skipped {
                let address = pointers.get(spec.position)?;
                let target = &mut *pointers.target;
                match kind {
                    Kind::Single => target.store(
                        address,
                        0,
                        &number.value.to_f32(number.negative).to_le_bytes(),
                    ),
                    Kind::Double => target.store(
                        address,
                        0,
                        &number.value.to_f64(number.negative).to_le_bytes(),
                    ),
                    Kind::Extended => {
                        let X87 {
                            mantissa,
                            sign_exponent,
                        } = number.value.to_x87(number.negative);
                        target.store(address, 0, &mantissa.to_le_bytes());
                        target.store(address, 8, &sign_exponent.to_le_bytes());
                    }
                }
            }
        }
        b'c' | b'C' | b's' | b'S' | b'[' => {
            let character = conversion | 0x20 == b'c';
            let mut left = spec.width.unwrap_or(if character { 1 } else { usize::MAX });
            let mut store = Store {
                address: if spec.skipped {
                    0
                } else {
                    pointers.get(spec.position)?
                },
                target: pointers.target,
                skipped: spec.skipped,
                allocated: spec.allocated,
                wide: spec.length == Length::Long || matches!(conversion, b'C' | b'S'),
                block: 0,
                capacity: 0,
                length: 0,
            };
            let mut any = false;
            while left > 0 {
                let Some(byte) = input.peek() else { break };
                let wanted = match &set {
                    Some(set) => set.contains(byte),
                    None => character || !is_space(byte),
                };
                if !wanted {
                    break;
                }
                store.push(byte, false)?;
                input.advance();
                any = true;
                left -= 1;
            }
            if !any {
                return Ok(Outcome::NoMatch);
            }
            if !character {
                store.push(0, true)?;
            }
        }
        _ => return Ok(Outcome::NoMatch),
    }
    Ok(outcome)
}
