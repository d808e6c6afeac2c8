// SPDX-License-Identifier: ISC
//! The calendar (C11 7.27): seconds since 1970 to broken-down time and back, and `strftime`, in the
//! "C" locale and in UTC, the only zone a unikernel has. The Gregorian calendar in both directions.

use crate::format::Sink;

/// Broken-down time, as C's `struct tm` without its zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tm {
    /// Seconds, 0 to 60.
    pub sec: i32,
    /// Minutes, 0 to 59.
    pub min: i32,
    /// Hours, 0 to 23.
    pub hour: i32,
    /// Day of the month, 1 to 31.
    pub mday: i32,
    /// Month, 0 to 11.
    pub mon: i32,
    /// Years since 1900.
    pub year: i32,
    /// Day of the week, Sunday being 0.
    pub wday: i32,
    /// Day of the year, 0 to 365.
    pub yday: i32,
    /// Daylight saving time: 0.
    pub isdst: i32,
}

const DAY: i64 = 86_400;
/// Days of 400 years.
const ERA: i64 = 146_097;

/// Days from 1970-01-01 to the first of March of a year.
fn days_to_march(year: i64) -> i64 {
    // 719468 days lie between 0000-03-01 and 1970-01-01.
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) - 719_468
}

/// Days from 1970-01-01 to the first of a month, 0 being January.
fn days_to_month(year: i64, month: i64) -> i64 {
    // Counted from March, the lengths of the months repeat 31 30 31 30 31, and the leap day is last.
    let from_march = (month + 10) % 12;
    let year = year - i64::from(month < 2);
    days_to_march(year) + (153 * from_march + 2) / 5
}

/// Is it a leap year?
fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

impl Tm {
    /// Seconds since 1970 as broken-down time; none if the year does not fit an `int`.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Tm> {
        let days = seconds.div_euclid(DAY);
        let rest = seconds.rem_euclid(DAY) as i32;
        let shifted = days + 719_468;
        let era = shifted.div_euclid(ERA);
        let day = shifted.rem_euclid(ERA);
        let mut year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
        let of_year = day - (365 * year + year / 4 - year / 100);
        let from_march = (5 * of_year + 2) / 153;
        let mday = of_year - (153 * from_march + 2) / 5 + 1;
        let mon = (from_march + 2) % 12;
        year += era * 400 + i64::from(mon < 2);
        Some(Tm {
            sec: rest % 60,
            min: rest / 60 % 60,
            hour: rest / 3600,
            mday: mday as i32,
            mon: mon as i32,
            year: i32::try_from(year - 1900).ok()?,
            wday: (days + 4).rem_euclid(7) as i32,
            yday: (days - days_to_month(year, 0)) as i32,
            isdst: 0,
        })
    }

    /// Broken-down time, whose fields may be out of range, as seconds since 1970.
    #[must_use]
    pub fn to_seconds(&self) -> i64 {
        let months = i64::from(self.mon);
        let year = i64::from(self.year) + 1900 + months.div_euclid(12);
        let days = days_to_month(year, months.rem_euclid(12)) + i64::from(self.mday) - 1;
        ((days * 24 + i64::from(self.hour)) * 60 + i64::from(self.min)) * 60 + i64::from(self.sec)
    }

    /// The year and week by which ISO 8601 names the day.
    fn iso_week(&self) -> (i64, i64) {
        let mut year = i64::from(self.year) + 1900;
        // A week belongs to the year of its Thursday.
        let thursday = i64::from(self.yday) + 3 - i64::from(self.wday + 6).rem_euclid(7);
        let length = 365 + i64::from(is_leap(year));
        let thursday = if thursday < 0 {
            year -= 1;
            thursday + 365 + i64::from(is_leap(year))
        } else if thursday >= length {
            year += 1;
            thursday - length
        } else {
            thursday
        };
        (year, thursday / 7 + 1)
    }
}

const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The name of a day (0 Sunday) or month (0 January), or "?" if there is none.
fn name(names: &'static [&'static str], index: i32) -> &'static str {
    usize::try_from(index)
        .ok()
        .and_then(|i| names.get(i))
        .copied()
        .unwrap_or("?")
}

/// The first three letters of a day's name (0 Sunday).
#[must_use]
pub fn short_day(day: i32) -> &'static str {
    let name = name(&DAYS, day);
    name.get(..3).unwrap_or(name)
}

/// The first three letters of a month's name (0 January).
#[must_use]
pub fn short_month(month: i32) -> &'static str {
    let name = name(&MONTHS, month);
    name.get(..3).unwrap_or(name)
}

/// A day's name (0 Sunday).
#[must_use]
pub fn long_day(day: i32) -> &'static str {
    name(&DAYS, day)
}

/// A month's name (0 January).
#[must_use]
pub fn long_month(month: i32) -> &'static str {
    name(&MONTHS, month)
}

/// How glibc's flags change a field.
#[derive(Clone, Copy, Default)]
struct Flags {
    pad: Option<u8>,
    upper: bool,
    swap: bool,
    width: usize,
}

fn number(sink: &mut dyn Sink, flags: Flags, value: i64, digits: usize, default_pad: u8) {
    let mut buffer = [0; 20];
    let mut at = buffer.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let text = &buffer[at..];
    let pad = flags.pad.unwrap_or(default_pad);
    let least = digits.max(flags.width);
    let fill = if pad == b'-' {
        0
    } else {
        least.saturating_sub(text.len() + usize::from(value < 0))
    };
    if pad == b'_' {
        sink.pad(b' ', fill);
    }
    if value < 0 {
        sink.write(b"-");
    }
    if pad == b'0' {
        sink.pad(b'0', fill);
    }
    sink.write(text);
}

fn text(sink: &mut dyn Sink, flags: Flags, text: impl AsRef<[u8]>) {
    let text = text.as_ref();
    let fill = flags.width.saturating_sub(text.len());
    sink.pad(if flags.pad == Some(b'0') { b'0' } else { b' ' }, fill);
    for &byte in text {
        sink.write(&[match (flags.upper, flags.swap) {
            (true, _) => byte.to_ascii_uppercase(),
            (false, true) => byte.to_ascii_lowercase(),
            _ => byte,
        }]);
    }
}

/// Counts, and passes on nothing.
struct Measure(usize);

impl Sink for Measure {
    fn write(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn pad(&mut self, _: u8, count: usize) {
        self.0 += count;
    }
}

fn nested(sink: &mut dyn Sink, flags: Flags, format: &str, tm: &Tm) {
    let mut measure = Measure(0);
    strftime(&mut measure, format.as_bytes(), tm, b"");
    let pad = if flags.pad == Some(b'0') { b'0' } else { b' ' };
    sink.pad(pad, flags.width.saturating_sub(measure.0));
    strftime(sink, format.as_bytes(), tm, b"");
}

/// Formats a time (C11 7.27.3.5, POSIX, and glibc's flags `_ - 0 ^ #`, widths, `%k %l %P %s`); `zone`
/// is what `%Z` gives, in upper case.
pub fn strftime(sink: &mut dyn Sink, format: &[u8], tm: &Tm, zone: &[u8]) {
    let mut rest = format;
    while !rest.is_empty() {
        let plain = rest.iter().position(|&b| b == b'%').unwrap_or(rest.len());
        if plain != 0 {
            sink.write(&rest[..plain]);
        }
        let specification = &rest[plain..];
        let Some((_, mut after)) = specification.split_first() else {
            return;
        };
        let mut flags = Flags::default();
        while let Some((&flag @ (b'_' | b'-' | b'0' | b'^' | b'#' | b'+'), tail)) =
            after.split_first()
        {
            match flag {
                b'^' => flags.upper = true,
                b'#' => flags.swap = true,
                _ => flags.pad = Some(flag),
            }
            after = tail;
        }
        while let Some((&digit @ b'0'..=b'9', tail)) = after.split_first() {
            flags.width = flags
                .width
                .saturating_mul(10)
                .saturating_add(usize::from(digit - b'0'));
            after = tail;
        }
        if let Some((b'E' | b'O', tail)) = after.split_first() {
            after = tail;
        }
        let Some((&conversion, tail)) = after.split_first() else {
            sink.write(specification);
            return;
        };
        rest = tail;
        if !convert(sink, flags, conversion, tm, zone) {
            sink.write(&specification[..specification.len() - tail.len()]);
        }
    }
}

fn convert(sink: &mut dyn Sink, mut flags: Flags, conversion: u8, tm: &Tm, zone: &[u8]) -> bool {
    let year = i64::from(tm.year) + 1900;
    let hour12 = (tm.hour + 11).rem_euclid(12) + 1;
    flags.upper |= flags.swap && matches!(conversion, b'a' | b'A' | b'b' | b'B' | b'h');
    match conversion {
        b'%' => text(sink, flags, "%"),
        b'n' => text(sink, flags, "\n"),
        b't' => text(sink, flags, "\t"),
        b'a' => text(sink, flags, short_day(tm.wday)),
        b'A' => text(sink, flags, name(&DAYS, tm.wday)),
        b'b' | b'h' => text(sink, flags, short_month(tm.mon)),
        b'B' => text(sink, flags, name(&MONTHS, tm.mon)),
        b'c' => nested(sink, flags, "%a %b %e %H:%M:%S %Y", tm),
        b'C' => number(sink, flags, year.div_euclid(100), 2, b'0'),
        b'd' => number(sink, flags, tm.mday.into(), 2, b'0'),
        b'D' | b'x' => nested(sink, flags, "%m/%d/%y", tm),
        b'e' => number(sink, flags, tm.mday.into(), 2, b'_'),
        b'F' => nested(sink, flags, "%Y-%m-%d", tm),
        b'g' => number(sink, flags, tm.iso_week().0.rem_euclid(100), 2, b'0'),
        b'G' => number(sink, flags, tm.iso_week().0, 1, b'0'),
        b'H' => number(sink, flags, tm.hour.into(), 2, b'0'),
        b'I' => number(sink, flags, hour12.into(), 2, b'0'),
        b'j' => number(sink, flags, i64::from(tm.yday) + 1, 3, b'0'),
        b'k' => number(sink, flags, tm.hour.into(), 2, b'_'),
        b'l' => number(sink, flags, hour12.into(), 2, b'_'),
        b'm' => number(sink, flags, i64::from(tm.mon) + 1, 2, b'0'),
        b'M' => number(sink, flags, tm.min.into(), 2, b'0'),
        b'p' | b'P' => {
            let lower = conversion == b'P' || flags.swap;
            flags.upper &= conversion == b'p';
            let morning = tm.hour < 12;
            text(
                sink,
                flags,
                match (morning, lower) {
                    (true, false) => "AM",
                    (true, true) => "am",
                    (false, false) => "PM",
                    (false, true) => "pm",
                },
            );
        }
        b'r' => nested(sink, flags, "%I:%M:%S %p", tm),
        b'R' => nested(sink, flags, "%H:%M", tm),
        b's' => number(sink, flags, tm.to_seconds(), 1, b'_'),
        b'S' => number(sink, flags, tm.sec.into(), 2, b'0'),
        b'T' | b'X' => nested(sink, flags, "%H:%M:%S", tm),
        b'u' => number(
            sink,
            flags,
            i64::from(tm.wday + 6).rem_euclid(7) + 1,
            1,
            b'0',
        ),
        b'U' => number(sink, flags, i64::from(tm.yday + 7 - tm.wday) / 7, 2, b'0'),
        b'V' => number(sink, flags, tm.iso_week().1, 2, b'0'),
        b'w' => number(sink, flags, tm.wday.into(), 1, b'0'),
        b'W' => number(
            sink,
            flags,
            i64::from(tm.yday + 7 - (tm.wday + 6).rem_euclid(7)) / 7,
            2,
            b'0',
        ),
        b'y' => number(sink, flags, year.rem_euclid(100), 2, b'0'),
        b'Y' => number(sink, flags, year, 1, b'0'),
        b'z' => {
            let digits = if flags.pad == Some(b'-') {
                1
            } else {
                4.max(flags.width.saturating_sub(1))
            };
            sink.write(b"+");
            sink.pad(b'0', digits);
        }
        b'Z' => text(sink, flags, zone),
        _ => return false,
    }
    true
}
