// SPDX-License-Identifier: ISC
//! Internet addresses as text, beside the host's libc.

use crate::machine::{c, turn};
use crate::ours::errno::*;
use crate::ours::inet::{inet_ntop, inet_pton};
use std::ffi::{CStr, c_char, c_int, c_void};

mod host {
    use super::{c_char, c_int, c_void};
    unsafe extern "C" {
        pub fn inet_pton(family: c_int, text: *const c_char, address: *mut c_void) -> c_int;
        pub fn inet_ntop(
            family: c_int,
            address: *const c_void,
            into: *mut c_char,
            size: u32,
        ) -> *const c_char;
    }
}

const FAMILIES: [i32; 2] = [2, 10];

#[test]
fn texts() {
    let _turn = turn();
    let texts = [
        "0.0.0.0",
        "127.0.0.1",
        "255.255.255.255",
        "256.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "1..2.3",
        "",
        " 1.2.3.4",
        "1.2.3.4 ",
        "::",
        "::1",
        "1::",
        ":::",
        ":1",
        "1:",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1::2::3",
        "::ffff:1.2.3.4",
        "::1.2.3.4",
        "::1.2.3",
        "1.2.3.4::",
        "fe80::1%eth0",
        "12345::",
        "g::",
        "FE80::ABCD",
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    ];
    for family in FAMILIES {
        for text in texts {
            let (mut ours, mut theirs) = ([0u8; 16], [0u8; 16]);
            let terminated = c(text);
            // SAFETY: a terminated text and room for either family's address.
            let results = unsafe {
                (
                    inet_pton(family, terminated.as_ptr().cast(), ours.as_mut_ptr()),
                    host::inet_pton(
                        family,
                        terminated.as_ptr().cast(),
                        theirs.as_mut_ptr().cast(),
                    ),
                )
            };
            assert_eq!(results.0, results.1, "{text:?}");
            if results.0 == 1 {
                assert_eq!(ours, theirs, "{text:?}");
            }
        }
    }
    // SAFETY: the arguments are not looked at.
    unsafe {
        assert_eq!(
            inet_pton(1, c("::").as_ptr().cast(), std::ptr::null_mut()),
            -1
        )
    };
    assert_eq!(errno(), EAFNOSUPPORT);
}

#[test]
fn addresses() {
    let _turn = turn();
    let mut state = 5u64;
    for _ in 0..50_000 {
        let mut address = [0u8; 16];
        for pair in address.chunks_mut(2) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            match state >> 61 {
                0..=3 => {}
                4 => pair[1] = 1,
                5 => pair.fill(0xff),
                _ => pair.copy_from_slice(&(state >> 40).to_le_bytes()[..2]),
            }
        }
        for family in FAMILIES {
            for size in [46, 16, 9, 1, 0] {
                let (mut ours, mut theirs) = ([7u8; 46], [7u8; 46]);
                // SAFETY: an address of either family, and room for `size` bytes.
                let (a, b) = unsafe {
                    (
                        inet_ntop(family, address.as_ptr(), ours.as_mut_ptr(), size),
                        host::inet_ntop(
                            family,
                            address.as_ptr().cast(),
                            theirs.as_mut_ptr().cast(),
                            size,
                        ),
                    )
                };
                assert_eq!(a.is_null(), b.is_null(), "{address:?} {size}");
                if a.is_null() {
                    assert_eq!(errno(), ENOSPC);
                } else {
                    // SAFETY: both wrote a terminated text.
                    let texts = unsafe { (CStr::from_ptr(a.cast()), CStr::from_ptr(b)) };
                    assert_eq!(texts.0, texts.1);
                }
            }
        }
    }
}
