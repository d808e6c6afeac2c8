// SPDX-License-Identifier: ISC
//! Formats that number their arguments (`%2$s`, POSIX): every argument's type must be known before
//! the first one that follows it can be fetched, so the format is read twice.

use super::spec::{Spec, Star};
use super::{Arguments, Error, Machine, Output, Value};
use crate::length::Length;

/// How many arguments can be numbered; POSIX asks for 9.
const MOST: usize = 64;

#[derive(Clone, Copy)]
enum Kind {
    Integer,
    Double,
    LongDouble,
}

fn kind(spec: &Spec) -> Kind {
    match spec.conversion {
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A'
            if spec.length == Length::LongDouble =>
        {
            Kind::LongDouble
        }
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => Kind::Double,
        _ => Kind::Integer,
    }
}

/// Fetches all arguments, then formats from `rest` on.
pub(super) fn run(
    whole: &[u8],
    rest: &[u8],
    output: &mut Output<'_>,
    machine: &mut dyn Machine,
) -> Result<(), Error> {
    let mut kinds = [Kind::Integer; MOST];
    let mut count = 0;
    let mut note = |position: usize, kind: Kind| {
        if position > MOST {
            return Err(Error::BadFormat);
        }
        if position > 0 {
            kinds[position - 1] = kind;
            count = count.max(position);
        }
        Ok(())
    };
    let mut text = whole;
    while let Some(at) = text.iter().position(|&b| b == b'%') {
        let (spec, tail) = Spec::parse(&text[at + 1..])?;
        for star in [spec.width_star, spec.precision_star] {
            if let Star::Numbered(position) = star {
                note(position, Kind::Integer)?;
            }
        }
        note(spec.position, kind(&spec))?;
        text = tail;
    }
    let mut values = [Value::Integer(0); MOST];
    for (value, kind) in values.iter_mut().zip(kinds).take(count) {
        *value = match kind {
            Kind::Integer => Value::Integer(machine.integer()),
            Kind::Double => Value::Double(machine.double()),
            Kind::LongDouble => Value::LongDouble(machine.long_double()),
        };
    }
    super::run(
        whole,
        rest,
        output,
        Arguments {
            machine,
            table: Some(&values[..count]),
        },
    )
}
