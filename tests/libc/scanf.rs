// SPDX-License-Identifier: ISC
//! scanf beside the host's: results, what was stored, and how far it read, over random formats and
//! inputs.

use crate::machine::{c, turn};
use crate::ours::stdio::scanf::vsscanf;
use crate::support::{Random, VaList, cases};

unsafe extern "C" {
    // glibc's name for the function as C99 has it.
    #[link_name = "__isoc99_vsscanf"]
    fn host_vsscanf(text: *const u8, format: *const u8, list: *mut VaList) -> i32;
}

const SLOTS: usize = 8;
const SIZE: usize = 64;

/// Runs one of the two, and returns its result and all that it stored.
fn run(
    f: unsafe extern "C" fn(*const u8, *const u8, *mut VaList) -> i32,
    text: &[u8],
    format: &[u8],
) -> (i32, Vec<[u8; SIZE]>) {
    let mut places: Vec<u128> = vec![0x77; SLOTS * SIZE / 16];
    places.fill(u128::from_le_bytes([0x77; 16]));
    let base = places.as_mut_ptr().cast::<u8>();
    let mut pointers: Vec<u64> = (0..SLOTS)
        .map(|i| base.wrapping_add(i * SIZE).expose_provenance() as u64)
        .collect();
    let mut list = VaList {
        gp_offset: 48,
        fp_offset: 304,
        overflow: pointers.as_mut_ptr(),
        registers: std::ptr::null_mut(),
    };
    // SAFETY: a terminated text and format, and pointers to places large enough for each conversion.
    let result = unsafe { f(text.as_ptr(), format.as_ptr(), &raw mut list) };
    let stored = (0..SLOTS)
        .map(|i| std::array::from_fn(|j| places[(i * SIZE + j) / 16].to_le_bytes()[j % 16]))
        .collect();
    (result, stored)
}

#[track_caller]
fn compare(text: &str, format: &str) {
    // SAFETY: VaList is laid out as the surface's own.
    let ours: unsafe extern "C" fn(*const u8, *const u8, *mut VaList) -> i32 =
        unsafe { std::mem::transmute(vsscanf as *const ()) };
    let (text_c, format_c) = (c(text), c(format));
    let found = run(ours, &text_c, &format_c);
    let expected = run(host_vsscanf, &text_c, &format_c);
    assert_eq!(found.0, expected.0, "{text:?} {format:?}");
    for slot in 0..SLOTS {
        assert_eq!(
            found.1[slot], expected.1[slot],
            "{text:?} {format:?} slot {slot}"
        );
    }
}

#[test]
fn chosen() {
    for (text, format) in [
        ("12 34", "%d %d%n"),
        ("12", "%d%d%n"),
        ("", "%d"),
        ("   ", "%d"),
        ("x", "%d"),
        ("x", "x%d"),
        ("xy", "x%d"),
        ("0x1f", "%i%n"),
        ("0x1f", "%x%n"),
        ("0x1f", "%d%n"),
        ("017 19", "%i %i%n"),
        ("-5", "%u%n"),
        ("99999999999999999999", "%ld%n"),
        ("-99999999999999999999", "%ld%n"),
        ("99999999999999999999", "%lu%n"),
        ("4294967297", "%d%n"),
        ("300", "%hhd%n"),
        ("70000", "%hd%n"),
        ("12345", "%3d%d%n"),
        ("1.5e3", "%f%n"),
        ("1.5e3", "%lf%n"),
        ("1.5e3", "%Lf%n"),
        ("1.5e3", "%3lf%n"),
        ("inf nan infinity", "%lf %lf %lf%n"),
        ("0x1.8p1", "%lf%n"),
        ("abc def", "%s%n"),
        ("abc def", "%2s%s%n"),
        ("abc def", "%c%c%c%c%n"),
        ("abc def", "%5c%n"),
        ("ab", "%5c%n"),
        ("abc123", "%[a-z]%n"),
        ("abc123", "%[^0-9]%n"),
        ("a]b", "%[]a]%n"),
        ("x-y", "%[x-]%n"),
        ("", "%[a]"),
        ("b", "%[a]%n"),
        ("50%", "%d%%%n"),
        ("50 %", "%d%%%n"),
        ("(nil)", "%p%n"),
        ("0xdeadbeef", "%p%n"),
        ("1,2,3", "%d,%d,%d%n"),
        ("1 ,2", "%d ,%d%n"),
        ("12 ab", "%*d %s%n"),
        ("1 2", "%2$d %1$d"),
        ("abc", "%ls%n"),
        ("abc", "%lc%n"),
        ("a b", "%3[a b]%n"),
        ("12abc", "%d%s%n"),
        ("+7 -8", "%d %d%n"),
        ("+", "%d%n"),
        ("1 2 3", "%hhd%hd%lld%n"),
        ("9", "%jd%n"),
        ("9", "%zd%n"),
        ("9", "%td%n"),
    ] {
        compare(text, format);
    }
}

#[test]
fn random_inputs() {
    let mut random = Random(51);
    let alphabet = b"0123456789 -+.exabcf\t\n";
    for _ in 0..cases() {
        let text: String = match random.below(3) {
            0 => (0..random.below(24))
                .map(|_| char::from(random.pick(alphabet)))
                .collect(),
            1 => format!(
                "{} {:e} word{}",
                random.next() as i64 >> random.below(64),
                random.double(),
                random.below(100)
            ),
            _ => format!(
                "{:x}, {} {}",
                random.next() >> random.below(64),
                random.double(),
                random.below(1000)
            ),
        };
        let mut format = String::new();
        for _ in 0..1 + random.below(4) {
            format += random.pick(&["", " ", ",", "%*d", "x"]);
            format += random.pick(&[
                "%d",
                "%i",
                "%u",
                "%ld",
                "%hhu",
                "%4d",
                "%2i",
                "%lf",
                "%f",
                "%6lf",
                "%Lf",
                "%10s",
                "%30s",
                "%c",
                "%7[0-9a-f]",
                "%20[^,]",
                "%n",
            ]);
        }
        format += "%n";
        if format.matches('%').count() > SLOTS {
            continue;
        }
        // glibc takes the prefix of a number that is none ("0x", "1e+") for a number; ISO C calls
        // that a matching failure (7.21.6.2 paragraph 10, and its example with "100ergs").
        if ambiguous(&text) {
            continue;
        }
        compare(&text, &format);
    }
}

/// Does the input have a prefix of a number that is none? Cut off by a width, any exponent is one.
fn ambiguous(text: &str) -> bool {
    let text = text.as_bytes();
    text.iter().enumerate().any(|(at, byte)| {
        at > 0
            && matches!(
                (text[at - 1], byte),
                (b'0', b'x') | (b'0'..=b'9' | b'.', b'e')
            )
    })
}

#[test]
fn allocated() {
    let _turn = turn();
    let mut pointers = [0_u64; 2];
    let mut places = [std::ptr::null_mut::<u8>(); 2];
    pointers[0] = std::ptr::from_mut(&mut places[0]).expose_provenance() as u64;
    pointers[1] = std::ptr::from_mut(&mut places[1]).expose_provenance() as u64;
    let mut list = VaList {
        gp_offset: 48,
        fp_offset: 304,
        overflow: pointers.as_mut_ptr(),
        registers: std::ptr::null_mut(),
    };
    let long = "y".repeat(200);
    let text = c(&format!("short {long}"));
    // SAFETY: VaList is laid out as the surface's own; the blocks are our heap's.
    unsafe {
        let count = vsscanf(
            text.as_ptr(),
            c("%ms %m[y]").as_ptr(),
            (&raw mut list).cast(),
        );
        assert_eq!(count, 2);
        assert_eq!(std::ffi::CStr::from_ptr(places[0].cast()), c"short");
        assert_eq!(
            std::ffi::CStr::from_ptr(places[1].cast()).to_bytes(),
            long.as_bytes()
        );
        crate::ours::malloc::free(places[0]);
        crate::ours::malloc::free(places[1]);
    }
}
