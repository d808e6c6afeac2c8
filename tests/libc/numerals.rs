// SPDX-License-Identifier: ISC
//! strtod and strtol through C's interface, beside the host's, on numerals that end where memory does.

use crate::machine::{Guarded, turn};
use crate::ours::errno::{errno, set_errno};
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
