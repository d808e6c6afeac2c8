// SPDX-License-Identifier: ISC
//! strtod and strtol through C's interface, beside the host's, on numerals that end where memory does.

use crate::machine::{Guarded, c, turn};
use crate::ours::errno::{errno, set_errno};
use crate::ours::stdio::scanf;
use crate::ours::stdlib;
use crate::support::{Random, cases};

fn numeral(random: &mut Random) -> String {
    let mut text = String::from(random.pick(&["", "", "-", "+", " \t", "0", "000"]));
    let digits = |random: &mut Random, most| {
        let count = random.below(most);
        (0..count)
            .map(|_| char::from(b'0' + random.below(10) as u8))
            .collect::<String>()
    };
    text += &digits(random, 12);
    if random.one_in(2) {
        text.push('.');
        text += random.pick(&["", "0", "0000"]);
        text += &digits(random, 12);
    }
    if random.one_in(2) {
        text += random.pick(&["e", "E", "e-", "e+"]);
        text += &digits(random, 4);
    }
    text += random.pick(&["", "", " ", "x", "e", ".", "1e5", "inf", "0x10"]);
    text
}

#[test]
fn at_the_end_of_memory() {
    let _turn = turn();
    let mut random = Random(77);
    let mut page = Guarded::new();
    for _ in 0..cases() {
        let text = numeral(&mut random) + "\0";
        let start = page.put(text.as_bytes());
        // SAFETY: terminated, and the ends are writable.
        unsafe {
            let mut ours_end = std::ptr::null();
            let mut host_end = std::ptr::null_mut();
            set_errno(0);
            let ours = stdlib::strtod(start, &raw mut ours_end);
            let ours_range = errno() != 0;
            *libc::__errno_location() = 0;
            let host = libc::strtod(start.cast(), &raw mut host_end);
            let host_range = *libc::__errno_location() != 0;
            assert_eq!(
                (ours.to_bits(), ours_end.addr(), ours_range),
                (host.to_bits(), host_end.addr(), host_range),
                "{text:?}"
            );
            for base in [0, 10] {
                set_errno(0);
                let ours = stdlib::strtol(start, &raw mut ours_end, base);
                let host = libc::strtol(start.cast(), &raw mut host_end, base);
                assert_eq!((ours, ours_end.addr()), (host, host_end.addr()), "{text:?}");
            }
        }
    }
}

/// C23's names, to which newer headers turn the old ones, know binary numerals; the old ones do not.
#[test]
fn binary_numerals() {
    let _turn = turn();
    let (text, format) = (c("0b101 0B11"), c("%i %i"));
    let mut end = std::ptr::null();
    // SAFETY: terminated, and the ends are writable.
    unsafe {
        for base in [0, 2] {
            let old = stdlib::strtol(text.as_ptr(), &raw mut end, base);
            assert_eq!((old, end), (0, text.as_ptr().add(1)));
            let new = stdlib::__isoc23_strtol(text.as_ptr(), &raw mut end, base);
            assert_eq!((new, end), (5, text.as_ptr().add(5)));
            let new = stdlib::__isoc23_strtoull(text.as_ptr(), &raw mut end, base);
            assert_eq!((new, end), (5, text.as_ptr().add(5)));
        }
        type Scan = unsafe extern "C" fn(*const u8, *const u8, ...) -> i32;
        type Plain = unsafe extern "C" fn(*const u8, *const u8) -> i32;
        let scan = |f: Plain| std::mem::transmute::<Plain, Scan>(f);
        let (mut a, mut b) = (0, 0);
        let new = scan(scanf::__isoc23_sscanf);
        let found = new(text.as_ptr(), format.as_ptr(), &raw mut a, &raw mut b);
        assert_eq!((found, a, b), (2, 5, 3));
        let old = scan(scanf::__isoc99_sscanf);
        assert_eq!(
            old(text.as_ptr(), format.as_ptr(), &raw mut a, &raw mut b),
            1
        );
        assert_eq!(a, 0);
    }
}
