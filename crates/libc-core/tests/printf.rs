// SPDX-License-Identifier: ISC
//! The printf engine beside the host's `vsnprintf`, on random formats and arguments.

mod support;

use libc_core::format::format;
use support::{Arguments, Random, Text, VaList, cases};

unsafe extern "C" {
    fn vsnprintf(buffer: *mut u8, size: usize, format: *const u8, list: *mut VaList) -> i32;
}

/// What the host makes of a format: the text, or nothing where it fails.
fn host(format: &str, arguments: &Arguments) -> Option<Vec<u8>> {
    let terminated = format!("{format}\0");
    // 4932 digits before the point and 400 after it are the most.
    let mut buffer = vec![0u8; 6000];
    // SAFETY: __errno_location is always valid.
    unsafe { *libc::__errno_location() = libc::ENOENT };
    let length = arguments.with(|list| {
        // SAFETY: the buffer has the size given, the format is terminated, the list is laid out as the ABI says.
        unsafe { vsnprintf(buffer.as_mut_ptr(), buffer.len(), terminated.as_ptr(), list) }
    });
    let length = usize::try_from(length).ok()?;
    assert!(length < buffer.len(), "buffer too small for {format}");
    buffer.truncate(length);
    Some(buffer)
}

fn ours(text: &str, arguments: &mut Arguments) -> Option<Vec<u8>> {
    let mut sink = Text::default();
    arguments.next = 0;
    let length = format(text.as_bytes(), &mut sink, arguments).ok()?;
    assert_eq!(length, sink.0.len());
    Some(sink.0)
}

/// With `#`, glibc 2.36 forgets a zero where rounding adds a digit: "%#.2g" of 99.5 is "1.e+02" to it.
fn forgets_a_zero(format: &str, expected: &[u8], found: &[u8]) -> bool {
    let trimmed = |text: &[u8]| {
        String::from_utf8_lossy(text)
            .replace(' ', "")
            .trim_start_matches(['+', '-', '0'])
            .to_owned()
    };
    let (expected, found) = (
        trimmed(expected),
        trimmed(found).replacen("0e", "e", 1).replacen("0E", "E", 1),
    );
    format.contains('#') && format.ends_with(['g', 'G']) && expected == found
}

#[track_caller]
fn compare(text: &str, arguments: &mut Arguments) {
    let expected = host(text, arguments);
    let found = ours(text, arguments);
    if let (Some(expected), Some(found)) = (&expected, &found)
        && forgets_a_zero(text, expected, found)
    {
        return;
    }
    assert!(
        expected == found,
        "format {text:?} arguments {:x?}\n  host {:?}\n  ours {:?}",
        arguments.slots,
        expected.map(|t| String::from_utf8_lossy(&t).into_owned()),
        found.map(|t| String::from_utf8_lossy(&t).into_owned()),
    );
}

fn flags(random: &mut Random) -> String {
    let mut text = String::new();
    for flag in ['-', '+', ' ', '#', '0', '\''] {
        if random.one_in(4) {
            text.push(flag);
        }
    }
    text
}

/// Width and precision, as numbers or as stars.
fn sizes(random: &mut Random, arguments: &mut Arguments, most: u64) -> String {
    let mut text = String::new();
    match random.below(4) {
        0 => text += &random.below(50).to_string(),
        1 => {
            text.push('*');
            arguments.push((random.below(60) as i32 - 30) as u32 as u64);
        }
        _ => {}
    }
    match random.below(4) {
        0 => text += &format!(".{}", random.below(30)),
        1 if random.one_in(8) => text += &format!(".{}", random.below(most)),
        1 => {
            text += ".*";
            arguments.push((random.below(30) as i32 - 5) as u32 as u64);
        }
        2 if random.one_in(4) => text.push('.'),
        _ => {}
    }
    text
}

#[test]
fn integers() {
    let mut random = Random(1);
    for _ in 0..cases() {
        let mut arguments = Arguments::default();
        let mut text = String::from("a%");
        text += &flags(&mut random);
        text += &sizes(&mut random, &mut arguments, 200);
        text += random.pick(&["", "hh", "h", "l", "ll", "j", "z", "t", "q"]);
        text.push(random.pick(&['d', 'i', 'u', 'o', 'x', 'X', 'p', 'b']));
        text += "|";
        let shift = random.below(64);
        arguments.push(match random.below(6) {
            0 => 0,
            1 => u64::MAX,
            _ => random.next() >> shift,
        });
        if text.ends_with("p|") && text.contains(['h', 'l', 'j', 'z', 't', 'q']) {
            continue; // undefined
        }
        compare(&text, &mut arguments);
    }
}

#[test]
fn doubles() {
    let mut random = Random(2);
    for _ in 0..cases() {
        let mut arguments = Arguments::default();
        let mut text = String::from("%");
        text += &flags(&mut random).replace('\'', "");
        text += &sizes(&mut random, &mut arguments, 400);
        text.push(random.pick(&['e', 'E', 'f', 'F', 'g', 'G', 'a', 'A', 'g', 'f']));
        arguments.push(random.double().to_bits());
        compare(&text, &mut arguments);
    }
}

/// Just below, at and just above every power of ten, where the number of digits is hard to guess.
#[test]
fn near_powers_of_ten() {
    for power in -323..=308 {
        let exact: f64 = format!("1e{power}").parse().unwrap();
        for step in -2..=2_i64 {
            let near = f64::from_bits((exact.to_bits() as i64 + step) as u64);
            for value in [near, near * 0.9977, near * 0.95, near * 5.0] {
                for format in [
                    "%g", "%.0e", "%.2e", "%.14g", "%.15e", "%.17g", "%f", "%.1f", "%.10f",
                ] {
                    let mut arguments = Arguments::default();
                    arguments.push(value.to_bits());
                    compare(format, &mut arguments);
                }
            }
        }
    }
}

#[test]
fn long_doubles() {
    let mut random = Random(3);
    for _ in 0..cases() / 4 {
        let mut arguments = Arguments::default();
        let mut text = String::from("%");
        text += &flags(&mut random).replace('\'', "");
        text += &sizes(&mut random, &mut arguments, 400);
        text.push('L');
        text.push(random.pick(&['e', 'E', 'f', 'F', 'g', 'G', 'a', 'A']));
        arguments.push_x87(random.x87());
        compare(&text, &mut arguments);
    }
}

#[test]
fn strings_and_characters() {
    let mut random = Random(4);
    let words = [
        "",
        "x",
        "hello",
        "hello, world\0",
        "0123456789012345678901234567890123456789",
    ]
    .map(|w| format!("{w}\0"));
    let wide: Vec<u32> = "wide text\0".chars().map(u32::from).collect();
    for _ in 0..cases() {
        let mut arguments = Arguments::default();
        let mut text = String::from("%");
        text += &flags(&mut random);
        text += &sizes(&mut random, &mut arguments, 60);
        match random.below(7) {
            0 => {
                text.push('c');
                arguments.push(1 + random.below(255));
            }
            1 => {
                text += random.pick(&["lc", "C"]);
                arguments.push(1 + random.below(127));
            }
            2 => {
                text += random.pick(&["ls", "S"]);
                arguments.push(wide.as_ptr() as u64);
            }
            3 => {
                text.push('s');
                arguments.push(0);
            }
            // glibc 2.35 gives "%#m" a meaning that no other libc has.
            4 if !text.contains('#') => text.push('m'),
            5 => text.push('%'),
            _ => {
                text.push('s');
                arguments.push(words[random.below(5) as usize].as_ptr() as u64);
            }
        }
        compare(&text, &mut arguments);
    }
}

#[test]
fn several_conversions() {
    let mut random = Random(5);
    let word = "word\0";
    for _ in 0..cases() {
        let mut arguments = Arguments::default();
        let mut text = String::new();
        for _ in 0..1 + random.below(6) {
            text += random.pick(&["", "plain ", "%%"]);
            match random.below(4) {
                0 => {
                    text += random.pick(&["%d", "%5d", "%x", "%-4u|"]);
                    arguments.push(random.next() >> random.below(64));
                }
                1 => {
                    text += random.pick(&["%g", "%.3f", "%e"]);
                    arguments.push(random.double().to_bits());
                }
                2 => {
                    text += random.pick(&["%Lg", "%.3Le"]);
                    arguments.push_x87(random.x87());
                }
                _ => {
                    text += "%s";
                    arguments.push(word.as_ptr() as u64);
                }
            }
        }
        compare(&text, &mut arguments);
    }
}

#[test]
fn positional_arguments() {
    let mut random = Random(6);
    let word = "word\0";
    for _ in 0..cases() {
        let mut arguments = Arguments::default();
        let count = 1 + random.below(9) as usize;
        let mut kinds = Vec::new();
        for _ in 0..count {
            match random.below(4) {
                0 => {
                    kinds.push("d");
                    arguments.push(random.next() >> random.below(64));
                }
                1 => {
                    kinds.push("g");
                    arguments.push(random.double().to_bits());
                }
                2 => {
                    kinds.push("Lg");
                    arguments.push_x87(random.x87());
                }
                _ => {
                    kinds.push("s");
                    arguments.push(word.as_ptr() as u64);
                }
            }
        }
        // POSIX: every argument up to the last must be used.
        let mut order: Vec<usize> = (0..count).collect();
        for i in (1..count).rev() {
            order.swap(i, random.below(i as u64 + 1) as usize);
        }
        order.push(order[0]);
        let mut text = String::new();
        for index in order {
            text += &format!(
                " %{}${}{}",
                index + 1,
                random.pick(&["", "-", "20", "+"]),
                kinds[index]
            );
        }
        compare(&text, &mut arguments);
    }
    let mut arguments = Arguments::default();
    for value in [12, 5, 3] {
        arguments.push(value);
    }
    compare("%3$*1$.*2$d", &mut arguments);
    compare("%1$*2$d %3$d", &mut arguments);
}

#[test]
fn bad_formats() {
    for text in [
        "%",
        "abc%",
        "%5",
        "%.",
        "%-",
        "%l",
        "%2147483648d",
        "%.2147483648d",
        "%99999999999999999999d",
    ] {
        let mut arguments = Arguments {
            slots: vec![0; 8],
            next: 0,
        };
        assert_eq!(ours(text, &mut arguments), None, "{text}");
        assert_eq!(host(text, &arguments), None, "{text}");
    }
    for text in ["%y", "%-5y", "%05y", "%+ #5.3y", "%k|", "%!"] {
        compare(
            text,
            &mut Arguments {
                slots: vec![0; 8],
                next: 0,
            },
        );
    }
}

#[test]
fn count_so_far() {
    for (length, size) in [("hh", 1), ("h", 2), ("", 4), ("l", 8), ("ll", 8)] {
        let mut value = u64::MAX;
        let mut arguments = Arguments::default();
        arguments.push(7);
        arguments.push(std::ptr::from_mut(&mut value) as u64);
        let text = format!("four%d%{length}n tail");
        assert_eq!(
            ours(&text, &mut arguments).as_deref(),
            Some(&b"four7 tail"[..])
        );
        let kept = if size == 8 { 0 } else { u64::MAX << (8 * size) };
        assert_eq!(value, kept | 5);
    }
}
