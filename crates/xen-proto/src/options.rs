// SPDX-License-Identifier: ISC
//! The options that the boot code takes from the front of the command line.
//!
//! As in Solo5's Xen bindings, options for the bindings come first, separated by white space; the
//! application gets what follows them. A command line that starts with none of them reaches the
//! application unchanged, to the byte.
//!
//! | Option | Meaning |
//! |---|---|
//! | `--solo5:quiet`, `--solo5:error` | log errors only |
//! | `--solo5:warn`, `--solo5:info`, `--solo5:debug` | log that much |
//! | `--solo5:stack=SIZE` | bytes of the main stack, with `k`, `m` or `g` for powers of 1024 |
//! | `--solo5:net:NAME=NUMBER` | which network device the manifest's NAME is: `device/vif/NUMBER` |
//! | `--solo5:block:NAME=NUMBER` | which disk the manifest's NAME is: `device/vbd/NUMBER` |
//! | `--solo5:net-memory=SIZE`, `--solo5:block-memory=SIZE` | bytes for each device's buffers, if less than the default |
//! | `--solo5:net-queues=N`, `--solo5:block-queues=N` | queues of each network interface or disk; 1 |
//! | `--solo5:evtchn=2l` | keep Xen's 2-level event channels even where FIFO is offered |
//! | `--solo5:norandom` | heap, stack and windows lie where they lay at the last boot |
//! | `--solo5:watchdog=SECONDS`, `--watchdog=SECONDS` | Xen ends a domain that does not wait for so long |
//!
//! An unknown option ends the search: it is reported, and it and all that follows is the
//! application's. A known option with a bad value is reported and otherwise has no effect.

/// Longest command line taken, in bytes without the final zero; see [`line()`].
pub const MAX_LENGTH: usize = 8191;

const PREFIX: &[u8] = b"--solo5:";
/// An option that is also known without the prefix.
const WATCHDOG: &[u8] = b"watchdog=";

/// How options for devices start, of which nothing more is looked at before there is a device.
const DEVICE_OPTIONS: [&[u8]; 6] = [
    b"net:",
    b"block:",
    b"net-memory=",
    b"block-memory=",
    b"net-queues=",
    b"block-queues=",
];

/// How much the bindings log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Errors only: `--solo5:quiet`.
    Error,
    /// Warnings too.
    Warn,
    /// What happens, starting with the version: the default.
    Info,
    /// All there is.
    Debug,
}

/// What is wrong with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No option has this name.
    Unknown,
    /// The size is no number with an optional `k`, `m` or `g`.
    BadSize,
    /// The size does not fit 64 bits.
    SizeTooBig,
    /// The event channel interface is not `2l`.
    BadEvtchn,
    /// The time is no number of seconds from 1 to 2^32 - 1.
    BadSeconds,
    /// The number of queues is not one of those that a device can have.
    BadQueues,
}

impl Error {
    /// The error as text for the console, to go before the option itself.
    pub const fn text(self) -> &'static str {
        match self {
            Error::Unknown => "unknown option",
            Error::BadSize => "bad size (a number, then k, m or g)",
            Error::SizeTooBig => "size does not fit 64 bits",
            Error::BadEvtchn => "bad event channel interface (only 2l can be forced)",
            Error::BadSeconds => "bad number of seconds (1 to 4294967295)",
            Error::BadQueues => "bad number of queues (1 to 4)",
        }
    }
}

/// The options found, and where the application's part of the line starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    /// How much to log.
    pub level: Level,
    /// Bytes of the main stack, any number as given; `None` for the default.
    pub stack: Option<u64>,
    /// Whether the 2-level event channel interface is forced.
    pub evtchn_2l: bool,
    /// Whether memory is laid out at random.
    pub random: bool,
    /// Seconds after which Xen ends a domain that has not waited, at least 1; `None` for never.
    pub watchdog: Option<u32>,
    /// The first option that is wrong, whole, and what is wrong with it.
    pub error: Option<(Error, &'a [u8])>,
    /// What the application sees.
    pub application: &'a [u8],
    /// The whole line.
    line: &'a [u8],
}

/// A command line out of memory that holds it: the bytes before the first zero, at most
/// [`MAX_LENGTH`] of them, and whether it had to be cut, which deserves a warning.
///
/// `memory` that ends without a zero ends the line; pass at least `MAX_LENGTH + 1` bytes where
/// that many can be read.
pub fn line(memory: &[u8]) -> (&[u8], bool) {
    let end = memory
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(memory.len());
    let kept = end.min(MAX_LENGTH);
    (memory.get(..kept).unwrap_or(&[]), kept < end)
}

impl<'a> Options<'a> {
    /// Reads the options at the front of `line`, which holds no final zero. The last of several
    /// equal options counts.
    pub fn parse(line: &'a [u8]) -> Self {
        let mut options = Options {
            level: Level::Info,
            stack: None,
            evtchn_2l: false,
            random: true,
            watchdog: None,
            error: None,
            application: line,
            line,
        };
        loop {
            let word = options.application.trim_ascii_start();
            let len = word
                .iter()
                .position(u8::is_ascii_whitespace)
                .unwrap_or(word.len());
            let (option, rest) = word.split_at_checked(len).unwrap_or((word, &[]));
            let bare = option
                .strip_prefix(b"--")
                .filter(|name| name.starts_with(WATCHDOG));
            let Some(name) = option.strip_prefix(PREFIX).or(bare) else {
                return options;
            };
            if let Err(error) = options.take(name) {
                options.error.get_or_insert((error, option));
                if error == Error::Unknown {
                    return options;
                }
            }
            options.application = rest.trim_ascii_start();
        }
    }

    /// The value of the option `KIND:NAME=`, which names the device that `name` in the manifest stands for; `KIND` is `net`
    /// or `block`.
    pub fn device(&self, kind: &[u8], name: &[u8]) -> Option<&'a [u8]> {
        self.value(&[kind, b":", name, b"="])
    }

    /// The value of the option `KIND-memory=SIZE`: bytes for the buffers of each device of that kind.
    ///
    /// # Errors
    ///
    /// It is no size.
    pub fn device_memory(&self, kind: &[u8]) -> Result<Option<u64>, Error> {
        self.value(&[kind, b"-memory="]).map(size).transpose()
    }

    /// The value of the option `KIND-queues=N`: how many queues each device of that kind has, 1 to `most`; 1 without it.
    ///
    /// # Errors
    ///
    /// It is no such number.
    pub fn device_queues(&self, kind: &[u8], most: usize) -> Result<usize, Error> {
        let Some(value) = self.value(&[kind, b"-queues="]) else {
            return Ok(1);
        };
        match value {
            [digit @ b'1'..=b'9'] if usize::from(digit - b'0') <= most => {
                Ok(usize::from(digit - b'0'))
            }
            _ => Err(Error::BadQueues),
        }
    }

    /// What follows `parts` in the last option that starts with them, one after the other.
    fn value(&self, parts: &[&[u8]]) -> Option<&'a [u8]> {
        let options = self.line.len().checked_sub(self.application.len())?;
        let words = self.line.get(..options)?.split(u8::is_ascii_whitespace);
        let mut values = words.rev().filter_map(|word| {
            let option = word.strip_prefix(PREFIX);
            parts
                .iter()
                .fold(option, |rest, part| rest?.strip_prefix(*part))
        });
        values.next()
    }

    fn take(&mut self, option: &[u8]) -> Result<(), Error> {
        if let Some(value) = option.strip_prefix(b"stack=") {
            self.stack = Some(size(value)?);
        } else if DEVICE_OPTIONS.iter().any(|start| option.starts_with(start)) {
            // For the devices to look at, if the program has any.
        } else if let Some(value) = option.strip_prefix(b"evtchn=") {
            if value != b"2l" {
                return Err(Error::BadEvtchn);
            }
            self.evtchn_2l = true;
        } else if let Some(value) = option.strip_prefix(WATCHDOG) {
            self.watchdog = Some(seconds(value)?);
        } else if option == b"norandom" {
            self.random = false;
        } else {
            self.level = match option {
                b"quiet" | b"error" => Level::Error,
                b"warn" => Level::Warn,
                b"info" => Level::Info,
                b"debug" => Level::Debug,
                _ => return Err(Error::Unknown),
            };
        }
        Ok(())
    }
}

/// A number of seconds: decimal digits, from 1 to 2^32 - 1.
fn seconds(text: &[u8]) -> Result<u32, Error> {
    let number = match text.last() {
        Some(byte) if byte.is_ascii_digit() => size(text).ok(),
        _ => None,
    };
    match number.map(u32::try_from) {
        Some(Ok(seconds)) if seconds != 0 => Ok(seconds),
        _ => Err(Error::BadSeconds),
    }
}

/// A number of bytes: decimal digits, then nothing or one of `k`, `m`, `g` in either case.
// In line, so that a program without devices, which has one use of it, is as small as ever.
#[inline(always)]
fn size(text: &[u8]) -> Result<u64, Error> {
    let (digits, shift) = match text.split_last() {
        Some((b'k' | b'K', digits)) => (digits, 10),
        Some((b'm' | b'M', digits)) => (digits, 20),
        Some((b'g' | b'G', digits)) => (digits, 30),
        _ => (text, 0),
    };
    if digits.is_empty() {
        return Err(Error::BadSize);
    }
    let mut number: u64 = 0;
    let mut overflow = false;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(Error::BadSize);
        }
        let next = number
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(u64::from(digit - b'0')));
        overflow |= next.is_none();
        number = next.unwrap_or(0);
    }
    if overflow || number > u64::MAX >> shift {
        return Err(Error::SizeTooBig);
    }
    Ok(number << shift)
}
