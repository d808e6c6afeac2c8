// SPDX-License-Identifier: ISC
//! Internet addresses as text (POSIX `inet_pton` and `inet_ntop`; RFC 4291, 2.2; RFC 5952, 4).

/// The longest text of an address, without a final zero.
pub const LONGEST: usize = 45;

/// Reads a dotted IPv4 address: four decimal numbers to 255, of at most three digits, none with a zero before others.
#[must_use]
pub fn parse_v4(text: &[u8]) -> Option<[u8; 4]> {
    let mut address = [0; 4];
    let mut parts = text.split(|&byte| byte == b'.');
    for place in &mut address {
        let part = parts.next()?;
        if part.is_empty() || part.len() > 3 || (part.len() > 1 && part[0] == b'0') {
            return None;
        }
        let mut value = 0u16;
        for &digit in part {
            value = value * 10 + u16::from(digit.checked_sub(b'0').filter(|&d| d < 10)?);
        }
        *place = u8::try_from(value).ok()?;
    }
    parts.next().is_none().then_some(address)
}

/// Reads an IPv4 address as BSD's `inet_aton` does: one to four numbers, each decimal, octal or hexadecimal as in C, of which
/// the last fills the bytes that are left. White space ends it.
#[must_use]
pub fn parse_loose_v4(text: &[u8]) -> Option<u32> {
    let end = text.iter().position(u8::is_ascii_whitespace);
    let text = &text[..end.unwrap_or(text.len())];
    let count = text.split(|&byte| byte == b'.').count();
    let mut address = 0u32;
    for (index, part) in text.split(|&byte| byte == b'.').enumerate() {
        let value = parse_c_number(part)?;
        let bits = if index + 1 == count {
            32 - 8 * u32::try_from(index).ok().filter(|&index| index < 4)?
        } else {
            8
        };
        if value >> bits != 0 {
            return None;
        }
        address = u32::try_from(u64::from(address) << bits | value).ok()?;
    }
    Some(address)
}

/// A number as C writes it, of at most 32 bits.
fn parse_c_number(text: &[u8]) -> Option<u64> {
    let (digits, base) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, &digit| {
        let digit = char::from(digit).to_digit(base)?;
        let value = value * u64::from(base) + u64::from(digit);
        u32::try_from(value).is_ok().then_some(value)
    })
}

/// Reads an IPv6 address: groups of hexadecimal digits, one run of zero groups as `::`, the last two perhaps dotted.
#[must_use]
pub fn parse_v6(text: &[u8]) -> Option<[u8; 16]> {
    let mut address = [0; 16];
    let (mut at, mut gap) = (0, None);
    let mut rest = text;
    if let Some(after) = rest.strip_prefix(b"::") {
        (gap, rest) = (Some(0), after);
    }
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b':').unwrap_or(rest.len());
        let part = &rest[..end];
        if part.contains(&b'.') {
            // Only at the end.
            if end != rest.len() || at > 12 {
                return None;
            }
            address[at..at + 4].copy_from_slice(&parse_v4(part)?);
            at += 4;
            break;
        }
        if part.is_empty() || part.len() > 4 || at == 16 {
            return None;
        }
        let mut value = 0u16;
        for &digit in part {
            value = value << 4 | u16::try_from(char::from(digit).to_digit(16)?).ok()?;
        }
        address[at..at + 2].copy_from_slice(&value.to_be_bytes());
        at += 2;
        rest = &rest[end..];
        if let Some(after) = rest.strip_prefix(b"::") {
            if gap.replace(at).is_some() {
                return None;
            }
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b":") {
            if after.is_empty() {
                return None;
            }
            rest = after;
        }
    }
    match gap {
        // The run stands for at least one group.
        Some(_) if at == 16 => None,
        Some(gap) => {
            address.copy_within(gap..at, 16 - (at - gap));
            address[gap..16 - (at - gap)].fill(0);
            Some(address)
        }
        None => (at == 16).then_some(address),
    }
}

/// Text under construction; it always fits.
struct Text<'a> {
    into: &'a mut [u8; LONGEST],
    length: usize,
}

impl Text<'_> {
    fn push(&mut self, byte: u8) {
        self.into[self.length] = byte;
        self.length += 1;
    }

    /// A number without leading zeros; a base up to 16.
    fn number(&mut self, value: u16, base: u16) {
        if value >= base {
            self.number(value / base, base);
        }
        let digit = (value % base).to_le_bytes()[0];
        self.push(if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        });
    }

    fn dotted(&mut self, address: &[u8]) {
        for (index, &byte) in address.iter().enumerate() {
            if index > 0 {
                self.push(b'.');
            }
            self.number(u16::from(byte), 10);
        }
    }
}

/// Writes an IPv4 address; how long it is.
pub fn format_v4(address: [u8; 4], into: &mut [u8; LONGEST]) -> usize {
    let mut text = Text { into, length: 0 };
    text.dotted(&address);
    text.length
}

/// Writes an IPv6 address as glibc does: the first longest run of two or more zero groups as `::`, an IPv4 address at the
/// end, mapped or compatible, dotted. How long it is.
pub fn format_v6(address: [u8; 16], into: &mut [u8; LONGEST]) -> usize {
    let group = |index: usize| u16::from_be_bytes([address[2 * index], address[2 * index + 1]]);
    let (mut start, mut run) = (8, 1);
    let mut index = 0;
    while index < 8 {
        let zeros = (index..8).take_while(|&i| group(i) == 0).count();
        if zeros > run {
            (start, run) = (index, zeros);
        }
        index += zeros.max(1);
    }
    let mut text = Text { into, length: 0 };
    let mut index = 0;
    while index < 8 {
        if index == start {
            text.push(b':');
            if start + run == 8 {
                text.push(b':');
            }
            index += run;
            continue;
        }
        if index > 0 {
            text.push(b':');
        }
        let embeds = index == 6
            && start == 0
            && (run == 6 || (run == 7 && group(7) != 1) || (run == 5 && group(5) == 0xffff));
        if embeds {
            text.dotted(&address[12..]);
            break;
        }
        text.number(group(index), 16);
        index += 1;
    }
    text.length
}
