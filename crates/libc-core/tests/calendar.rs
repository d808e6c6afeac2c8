// SPDX-License-Identifier: ISC
//! The calendar beside the host's `gmtime_r`, `timegm` and `strftime`.

mod support;

use libc_core::time::{Tm, strftime};
use support::{Random, Text, cases};

fn host_tm(tm: &Tm) -> libc::tm {
    libc::tm {
        tm_sec: tm.sec,
        tm_min: tm.min,
        tm_hour: tm.hour,
        tm_mday: tm.mday,
        tm_mon: tm.mon,
        tm_year: tm.year,
        tm_wday: tm.wday,
        tm_yday: tm.yday,
        tm_isdst: 0,
        tm_gmtoff: 0,
        tm_zone: c"GMT".as_ptr(),
    }
}

fn from_host(tm: &libc::tm) -> Tm {
    Tm {
        sec: tm.tm_sec,
        min: tm.tm_min,
        hour: tm.tm_hour,
        mday: tm.tm_mday,
        mon: tm.tm_mon,
        year: tm.tm_year,
        wday: tm.tm_wday,
        yday: tm.tm_yday,
        isdst: 0,
    }
}

fn host_gmtime(seconds: i64) -> Option<Tm> {
    // SAFETY: a zeroed tm is valid.
    let mut tm = unsafe { std::mem::zeroed() };
    // SAFETY: both are local.
    let result = unsafe { libc::gmtime_r(&raw const seconds, &raw mut tm) };
    (!result.is_null()).then(|| from_host(&tm))
}

/// Seconds within 10^4 years of 1970.
fn seconds(random: &mut Random) -> i64 {
    const SPAN: u64 = 10_000 * 31_556_952;
    match random.below(4) {
        0 => random.below(4_000_000_000) as i64,
        1 => {
            (random.below(20_000) as i64 - 10_000) * 31_556_952 + random.below(200_000) as i64
                - 100_000
        }
        _ => random.below(2 * SPAN) as i64 - SPAN as i64,
    }
}

#[test]
fn broken_down() {
    let mut random = Random(21);
    for _ in 0..cases() * 10 {
        let seconds = seconds(&mut random);
        let tm = Tm::from_seconds(seconds);
        assert_eq!(tm, host_gmtime(seconds), "{seconds}");
        assert_eq!(tm.unwrap().to_seconds(), seconds);
    }
    for seconds in [
        i64::MIN,
        i64::MAX,
        67_768_036_191_676_799,
        67_768_036_191_676_800,
        -67_768_040_609_740_800,
        -67_768_040_609_740_801,
    ] {
        assert_eq!(Tm::from_seconds(seconds), host_gmtime(seconds), "{seconds}");
    }
}

#[test]
fn fields_out_of_range() {
    let mut random = Random(22);
    for _ in 0..cases() * 10 {
        let mut field = |span: u64| random.below(2 * span) as i32 - span as i32;
        let tm = Tm {
            sec: field(200_000),
            min: field(20_000),
            hour: field(5000),
            mday: field(1000),
            mon: field(500),
            year: field(8000),
            ..Tm::default()
        };
        let mut host = host_tm(&tm);
        // SAFETY: the structure is local.
        assert_eq!(
            tm.to_seconds(),
            // SAFETY: the structure is local.
            unsafe { libc::timegm(&raw mut host) },
            "{tm:?}"
        );
    }
    let extreme = Tm {
        sec: i32::MAX,
        min: i32::MAX,
        hour: i32::MAX,
        mday: i32::MAX,
        mon: i32::MAX,
        year: 0,
        ..Tm::default()
    };
    let mut host = host_tm(&extreme);
    // SAFETY: the structure is local.
    assert_eq!(extreme.to_seconds(), unsafe { libc::timegm(&raw mut host) });
}

#[test]
fn formatted() {
    let mut random = Random(23);
    for _ in 0..cases() * 4 {
        let tm = Tm::from_seconds(seconds(&mut random)).unwrap();
        let mut format = String::new();
        for _ in 0..1 + random.below(4) {
            format += random.pick(&["", " ", "text", "%%"]);
            format.push('%');
            let conversion = random.pick(b"aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ");
            // ISO C has two digits at least for the century, glibc none for years before 1000.
            if conversion == b'C' && tm.year < -900 {
                format += "%";
                continue;
            }
            // glibc's flags combine with composite conversions and the era in ways of their own.
            if random.one_in(3) && !b"cDFrRTxXhCyYgGz".contains(&conversion) {
                format += random.pick(&["_", "-", "0", "^", "#", "12", "_8", "03"]);
            }
            format.push(char::from(conversion));
        }
        let mut sink = Text::default();
        strftime(&mut sink, format.as_bytes(), &tm, b"GMT");
        let mut buffer = vec![0u8; 1000];
        let terminated = format!("{format}\0");
        let host = host_tm(&tm);
        // SAFETY: the buffer has the size given; format and structure are valid.
        let length = unsafe {
            libc::strftime(
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                terminated.as_ptr().cast(),
                &raw const host,
            )
        };
        assert_eq!(
            String::from_utf8_lossy(&sink.0),
            String::from_utf8_lossy(&buffer[..length]),
            "{format:?} {tm:?}"
        );
    }
}
