// SPDX-License-Identifier: ISC
//! The engine of `printf` (C11 7.21.6.1, POSIX's positional arguments, glibc's `%m`, `%C`, `%S`,
//! `%b`), over a sink that takes bytes and a machine that hands out arguments.
//!
//! One engine, not generic: code size counts more here than a virtual call.

mod float;
mod integer;
mod positional;
mod spec;

use crate::length::Length;
use crate::real::X87;
use spec::Spec;

/// Where the text goes.
pub trait Sink {
    /// Takes a run of bytes.
    fn write(&mut self, bytes: &[u8]);

    /// Takes `count` times the same byte; a sink that drops text need not look at each.
    fn pad(&mut self, byte: u8, count: usize) {
        let chunk = [byte; 32];
        let mut left = count;
        while left > 0 {
            let n = left.min(chunk.len());
            self.write(&chunk[..n]);
            left -= n;
        }
    }
}

/// The caller's arguments and memory.
pub trait Machine {
    /// The next argument passed in an integer register or slot; the upper bits of a narrower type
    /// are undefined.
    fn integer(&mut self) -> u64;
    /// The next `double`, as its bits.
    fn double(&mut self) -> u64;
    /// The next `long double`.
    fn long_double(&mut self) -> X87;
    /// The bytes at `address` before the first NUL, at most `limit` of them.
    fn string(&self, address: u64, limit: usize) -> &[u8];
    /// The wide character `index` places after `address`.
    fn wide(&self, address: u64, index: usize) -> u32;
    /// Stores the low `size` bytes (1, 2, 4 or 8) of `value` at `address`.
    fn store(&mut self, address: u64, size: usize, value: u64);
    /// The text of the current error number, for `%m`.
    fn error_text(&self) -> &'static str;
}

/// Why formatting failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The format ends inside a conversion, or has too many positional arguments: EINVAL.
    BadFormat,
    /// A width, a precision or the whole text is longer than `INT_MAX`: EOVERFLOW.
    Overflow,
    /// A wide character has no representation in the "C" locale: EILSEQ.
    Illegal,
}

const INT_MAX: usize = i32::MAX as usize;

/// A sink that counts.
struct Output<'a> {
    sink: &'a mut dyn Sink,
    count: usize,
}

impl Output<'_> {
    fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.count = self.count.saturating_add(bytes.len());
        self.sink.write(bytes);
    }

    fn pad(&mut self, byte: u8, count: usize) {
        if count == 0 {
            return;
        }
        self.count = self.count.saturating_add(count);
        // Past this the call fails anyway; a sink need not be filled for that.
        if self.count <= INT_MAX {
            self.sink.pad(byte, count);
        }
    }

    /// Writes `prefix`, zeros and `body` so that together they take at least `width` places.
    fn field(&mut self, spec: &Spec, prefix: &[u8], zeros: usize, body: &[u8]) {
        if spec.width == 0 && zeros == 0 {
            self.write(prefix);
            self.write(body);
            return;
        }
        let fill = spec.width.saturating_sub(prefix.len() + zeros + body.len());
        let zero_fill = spec.zero && !spec.left;
        if !spec.left && !zero_fill {
            self.pad(b' ', fill);
        }
        self.write(prefix);
        self.pad(b'0', if zero_fill { zeros + fill } else { zeros });
        self.write(body);
        if spec.left {
            self.pad(b' ', fill);
        }
    }
}

/// An argument fetched ahead, when a format numbers its arguments.
#[derive(Clone, Copy)]
enum Value {
    Integer(u64),
    Double(u64),
    LongDouble(X87),
}

/// Arguments in order, or by number once the format has used a number.
struct Arguments<'a> {
    machine: &'a mut dyn Machine,
    table: Option<&'a [Value]>,
}

impl Arguments<'_> {
    fn numbered(&self, position: usize) -> Option<Value> {
        self.table?.get(position.wrapping_sub(1)).copied()
    }

    fn integer(&mut self, position: usize) -> u64 {
        match self.numbered(position) {
            Some(Value::Integer(value) | Value::Double(value)) => value,
            Some(Value::LongDouble(value)) => value.mantissa,
            None => self.machine.integer(),
        }
    }

    fn double(&mut self, position: usize) -> u64 {
        match self.numbered(position) {
            Some(Value::Integer(value) | Value::Double(value)) => value,
            Some(Value::LongDouble(value)) => value.mantissa,
            None => self.machine.double(),
        }
    }

    fn long_double(&mut self, position: usize) -> X87 {
        match self.numbered(position) {
            Some(Value::LongDouble(value)) => value,
            Some(_) => X87::default(),
            None => self.machine.long_double(),
        }
    }
}

/// Formats, and returns how many bytes the text has, at most `INT_MAX`.
///
/// # Errors
/// See [`Error`]; the sink has then taken the text up to there.
pub fn format(
    format: &[u8],
    sink: &mut dyn Sink,
    machine: &mut dyn Machine,
) -> Result<usize, Error> {
    let mut output = Output { sink, count: 0 };
    run(
        format,
        format,
        &mut output,
        Arguments {
            machine,
            table: None,
        },
    )?;
    if output.count > INT_MAX {
        Err(Error::Overflow)
    } else {
        Ok(output.count)
    }
}

fn run(
    whole: &[u8],
    rest: &[u8],
    output: &mut Output<'_>,
    mut arguments: Arguments<'_>,
) -> Result<(), Error> {
    let mut rest = rest;
    loop {
        let plain = rest.iter().position(|&b| b == b'%').unwrap_or(rest.len());
        if plain != 0 {
            output.write(&rest[..plain]);
        }
        rest = &rest[plain..];
        let Some((_, after)) = rest.split_first() else {
            return Ok(());
        };
        if arguments.table.is_none()
            && let Some(tail) = simple(after, output, &mut arguments)
        {
            rest = tail;
            if output.count > INT_MAX {
                return Err(Error::Overflow);
            }
            continue;
        }
        let (mut spec, tail) = Spec::parse(after)?;
        if spec.numbered && arguments.table.is_none() {
            return positional::run(whole, rest, output, arguments.machine);
        }
        rest = tail;
        spec.take_stars(&mut arguments)?;
        convert(&mut spec, output, &mut arguments)?;
        if output.count > INT_MAX {
            return Err(Error::Overflow);
        }
    }
}

/// The conversions that most formats have, `%d`, `%ld`, `%u`, `%lu` and `%s`; returns what follows, or None for others.
#[inline]
fn simple<'a>(
    text: &'a [u8],
    output: &mut Output<'_>,
    arguments: &mut Arguments<'_>,
) -> Option<&'a [u8]> {
    let (long, text) = match text {
        [b'l', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (&conversion, rest) = text.split_first()?;
    match conversion {
        b'd' | b'i' => {
            let value = arguments.machine.integer() as i64;
            let value = if long { value } else { i64::from(value as i32) };
            integer::signed(output, value.unsigned_abs(), value < 0);
        }
        b'u' => {
            let value = arguments.machine.integer();
            integer::plain(output, if long { value } else { u64::from(value as u32) });
        }
        b's' if !long => match arguments.machine.integer() {
            0 => output.write(NULL_TEXT),
            address => output.write(arguments.machine.string(address, usize::MAX)),
        },
        _ => return None,
    }
    Some(rest)
}

fn convert(
    spec: &mut Spec,
    output: &mut Output<'_>,
    arguments: &mut Arguments<'_>,
) -> Result<(), Error> {
    match spec.conversion {
        b'd' | b'i' | b'u' | b'o' | b'x' | b'X' | b'b' | b'B' => {
            integer::convert(spec, output, arguments)
        }
        b'p' => integer::pointer(spec, output, arguments),
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'a' | b'A' => {
            float::convert(spec, output, arguments)
        }
        b'c' if spec.length != Length::Long => {
            let byte = arguments.integer(spec.position) as u8;
            spec.zero = false;
            output.field(spec, b"", 0, &[byte]);
        }
        b'c' | b'C' => {
            let wide = arguments.integer(spec.position) as u32;
            let byte = narrow(wide)?;
            spec.zero = false;
            output.field(spec, b"", 0, &[byte]);
        }
        b's' if spec.length != Length::Long => {
            let address = arguments.integer(spec.position);
            let limit = spec.precision.unwrap_or(usize::MAX);
            text(
                spec,
                output,
                match address {
                    0 if limit >= NULL_TEXT.len() => NULL_TEXT,
                    0 => b"",
                    _ => arguments.machine.string(address, limit),
                },
            );
        }
        b's' | b'S' => wide_string(spec, output, arguments)?,
        b'm' => text(
            spec,
            output,
            cut(arguments.machine.error_text().as_bytes(), spec.precision),
        ),
        b'n' => {
            let address = arguments.integer(spec.position);
            arguments
                .machine
                .store(address, spec.length.bytes(), output.count as u64);
        }
        b'%' => output.write(b"%"),
        _ => spec.echo(output),
    }
    Ok(())
}

const NULL_TEXT: &[u8] = b"(null)";

fn cut(bytes: &[u8], limit: Option<usize>) -> &[u8] {
    &bytes[..bytes.len().min(limit.unwrap_or(usize::MAX))]
}

fn text(spec: &mut Spec, output: &mut Output<'_>, bytes: &[u8]) {
    spec.zero = false;
    output.field(spec, b"", 0, bytes);
}

/// In the "C" locale a wide character is a byte if it is ASCII, and nothing otherwise.
fn narrow(wide: u32) -> Result<u8, Error> {
    u8::try_from(wide)
        .ok()
        .filter(u8::is_ascii)
        .ok_or(Error::Illegal)
}

fn wide_string(
    spec: &mut Spec,
    output: &mut Output<'_>,
    arguments: &mut Arguments<'_>,
) -> Result<(), Error> {
    let address = arguments.integer(spec.position);
    let limit = spec.precision.unwrap_or(usize::MAX);
    if address == 0 {
        text(
            spec,
            output,
            if limit >= NULL_TEXT.len() {
                NULL_TEXT
            } else {
                b""
            },
        );
        return Ok(());
    }
    let mut length = 0;
    while length < limit && arguments.machine.wide(address, length) != 0 {
        narrow(arguments.machine.wide(address, length))?;
        length += 1;
    }
    let fill = spec.width.saturating_sub(length);
    if !spec.left {
        output.pad(b' ', fill);
    }
    for index in 0..length {
        output.write(&[narrow(arguments.machine.wide(address, index))?]);
    }
    if spec.left {
        output.pad(b' ', fill);
    }
    Ok(())
}
