// SPDX-License-Identifier: ISC
//! A conversion specification, from its percent sign to its letter, and the set of `%[`.

use crate::length::Length;

/// Bytes that `%[` accepts.
pub(super) struct Set([u32; 8]);

impl Set {
    pub(super) fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 5)] |= 1 << (byte & 31);
    }

    pub(super) fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 5)] >> (byte & 31) & 1 != 0
    }

    /// Reads a set after its bracket, and returns what follows the closing one.
    pub(super) fn parse(text: &[u8]) -> Option<(Set, &[u8])> {
        let mut set = Set([0; 8]);
        let inverted = text.first() == Some(&b'^');
        let mut at = usize::from(inverted);
        let first = at;
        loop {
            let byte = *text.get(at)?;
            if byte == b']' && at > first {
                break;
            }
            match (text.get(at + 1), text.get(at + 2)) {
                (Some(b'-'), Some(&end)) if end != b']' && end >= byte => {
                    (byte..=end).for_each(|b| set.add(b));
                    at += 3;
                }
                _ => {
                    set.add(byte);
                    at += 1;
                }
            }
        }
        if inverted {
            set.0.iter_mut().for_each(|word| *word = !*word);
        }
        Some((set, &text[at + 1..]))
    }
}

pub(super) struct Spec {
    pub(super) position: usize,
    pub(super) skipped: bool,
    pub(super) allocated: bool,
    pub(super) width: Option<usize>,
    pub(super) length: Length,
}

pub(super) fn number_prefix(text: &mut &[u8]) -> Option<usize> {
    let mut value = None;
    while let Some((&digit @ b'0'..=b'9', rest)) = text.split_first() {
        value = Some(
            value
                .unwrap_or(0usize)
                .saturating_mul(10)
                .saturating_add(usize::from(digit - b'0')),
        );
        *text = rest;
    }
    value
}

impl Spec {
    pub(super) fn parse(text: &mut &[u8]) -> Spec {
        let mut spec = Spec {
            position: 0,
            skipped: false,
            allocated: false,
            width: None,
            length: Length::Int,
        };
        let start = *text;
        match number_prefix(text) {
            Some(position) if text.first() == Some(&b'$') => {
                spec.position = position;
                *text = &text[1..];
            }
            _ => *text = start,
        }
        while let Some((flag @ (b'*' | b'\'' | b'I'), rest)) = text.split_first() {
            spec.skipped |= *flag == b'*';
            *text = rest;
        }
        spec.width = number_prefix(text).filter(|&w| w != 0);
        if let Some((b'm', rest)) = text.split_first() {
            spec.allocated = true;
            *text = rest;
        }
        (spec.length, *text) = Length::take(text);
        spec
    }
}
