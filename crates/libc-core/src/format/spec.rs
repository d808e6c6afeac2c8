// SPDX-License-Identifier: ISC
//! One conversion specification, taken apart (C11 7.21.6.1 paragraph 4).

use super::{Arguments, Error, INT_MAX, Output};
use crate::length::Length;

/// Where a width or precision comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Star {
    /// From the format, or there is none.
    None,
    /// From the next argument.
    Next,
    /// From this argument.
    Numbered(usize),
}

/// A conversion specification.
pub(super) struct Spec {
    pub(super) left: bool,
    pub(super) plus: bool,
    pub(super) space: bool,
    pub(super) alternative: bool,
    pub(super) zero: bool,
    pub(super) grouped: bool,
    pub(super) localised: bool,
    pub(super) width: usize,
    pub(super) width_star: Star,
    pub(super) precision: Option<usize>,
    pub(super) precision_star: Star,
    pub(super) length: Length,
    pub(super) conversion: u8,
    /// The number of the argument to convert, or 0 for the next one.
    pub(super) position: usize,
    /// Does any part of it number its argument?
    pub(super) numbered: bool,
}

/// Reads a decimal number; none without a digit.
fn number(text: &mut &[u8]) -> Result<Option<usize>, Error> {
    let mut value = None;
    while let Some((&digit @ b'0'..=b'9', rest)) = text.split_first() {
        let sum = value.unwrap_or(0) * 10 + usize::from(digit - b'0');
        if sum > INT_MAX {
            return Err(Error::Overflow);
        }
        value = Some(sum);
        *text = rest;
    }
    Ok(value)
}

fn accept(text: &mut &[u8], byte: u8) -> bool {
    match text.split_first() {
        Some((&first, rest)) if first == byte => {
            *text = rest;
            true
        }
        _ => false,
    }
}

/// Reads what follows a star.
fn star(text: &mut &[u8]) -> Result<Star, Error> {
    let start = *text;
    match number(text)? {
        Some(position) if position > 0 && accept(text, b'$') => Ok(Star::Numbered(position)),
        _ => {
            *text = start;
            Ok(Star::Next)
        }
    }
}

impl Spec {
    /// Reads a specification after its `%`, and returns what follows it.
    pub(super) fn parse(text: &[u8]) -> Result<(Spec, &[u8]), Error> {
        let mut spec = Spec {
            left: false,
            plus: false,
            space: false,
            alternative: false,
            zero: false,
            grouped: false,
            localised: false,
            width: 0,
            width_star: Star::None,
            precision: None,
            precision_star: Star::None,
            length: Length::Int,
            conversion: 0,
            position: 0,
            numbered: false,
        };
        let mut text = text;
        if let Some(b'1'..=b'9') = text.first() {
            let start = text;
            match number(&mut text)? {
                Some(position) if accept(&mut text, b'$') => spec.position = position,
                _ => text = start,
            }
        }
        while let Some((&flag, rest)) = text.split_first() {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternative = true,
                b'0' => spec.zero = true,
                b'\'' => spec.grouped = true,
                b'I' => spec.localised = true,
                _ => break,
            }
            text = rest;
        }
        if accept(&mut text, b'*') {
            spec.width_star = star(&mut text)?;
        } else {
            spec.width = number(&mut text)?.unwrap_or(0);
        }
        if accept(&mut text, b'.') {
            if accept(&mut text, b'*') {
                spec.precision_star = star(&mut text)?;
            } else {
                spec.precision = Some(number(&mut text)?.unwrap_or(0));
            }
        }
        (spec.length, text) = Length::take(text);
        let Some((&conversion, rest)) = text.split_first() else {
            return Err(Error::BadFormat);
        };
        spec.conversion = conversion;
        let stars = [spec.width_star, spec.precision_star];
        spec.numbered = spec.position > 0 || stars.iter().any(|s| matches!(s, Star::Numbered(_)));
        Ok((spec, rest))
    }

    /// Fetches a width and a precision that are arguments.
    pub(super) fn take_stars(&mut self, arguments: &mut Arguments<'_>) -> Result<(), Error> {
        if let Some(width) = take_star(self.width_star, arguments) {
            self.left |= width < 0;
            self.width = width.unsigned_abs() as usize;
            if self.width > INT_MAX {
                return Err(Error::Overflow);
            }
        }
        if let Some(precision) = take_star(self.precision_star, arguments) {
            self.precision = usize::try_from(precision).ok();
        }
        Ok(())
    }

    /// Writes the specification itself: what glibc does with a conversion it does not know.
    pub(super) fn echo(&self, output: &mut Output<'_>) {
        let mut text = [0; 8];
        let mut used = 0;
        let flags = [
            (true, b'%'),
            (self.alternative, b'#'),
            (self.grouped, b'\''),
            (self.plus, b'+'),
            (self.space && !self.plus, b' '),
            (self.left, b'-'),
            (self.zero && !self.left, b'0'),
            (self.localised, b'I'),
        ];
        for (_, flag) in flags.into_iter().filter(|&(set, _)| set) {
            text[used] = flag;
            used += 1;
        }
        output.write(&text[..used]);
        if self.width != 0 {
            super::integer::plain(output, self.width as u64);
        }
        if let Some(precision) = self.precision {
            output.write(b".");
            super::integer::plain(output, precision as u64);
        }
        output.write(&[self.conversion]);
    }
}

fn take_star(star: Star, arguments: &mut Arguments<'_>) -> Option<i32> {
    match star {
        Star::None => None,
        Star::Next => Some(arguments.integer(0) as i32),
        Star::Numbered(position) => Some(arguments.integer(position) as i32),
    }
}
