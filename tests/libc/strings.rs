// SPDX-License-Identifier: ISC
//! string.h beside the host's, over random strings that end at a page that faults.

use crate::machine::{Guarded, c, turn};
use crate::ours::string as our;
use crate::support::{Random, cases};
use std::ffi::CStr;

/// A text of few different letters, so that matches happen, with its NUL.
fn text(random: &mut Random, most: u64) -> Vec<u8> {
    let length = random.below(most);
    let alphabet = random.pick(&[&b"ab"[..], b"aAbBcC \xe9", b"0123456789.x0"]);
    let mut text: Vec<u8> = (0..length).map(|_| random.pick(alphabet)).collect();
    text.push(0);
    text
}

#[test]
fn comparing() {
    let mut random = Random(41);
    let (mut p, mut q) = (Guarded::new(), Guarded::new());
    for _ in 0..cases() {
        let a = text(&mut random, 30);
        let b = if random.one_in(3) {
            a.clone()
        } else {
            text(&mut random, 30)
        };
        let (x, y) = (p.put(&a), q.put(&b));
        let (hx, hy) = (x.cast_const().cast(), y.cast_const().cast());
        let most = random.below(35) as usize;
        // SAFETY: both are terminated.
        unsafe {
            assert_eq!(our::strcmp(x, y).signum(), libc::strcmp(hx, hy).signum());
            assert_eq!(
                our::strncmp(x, y, most).signum(),
                libc::strncmp(hx, hy, most).signum()
            );
            assert_eq!(
                our::strcasecmp(x, y).signum(),
                libc::strcasecmp(hx, hy).signum()
            );
            assert_eq!(
                our::strncasecmp(x, y, most).signum(),
                libc::strncasecmp(hx, hy, most).signum()
            );
            assert_eq!(our::strcoll(x, y).signum(), libc::strcoll(hx, hy).signum());
            let host = strverscmp(x, y).signum();
            assert_eq!(
                our::strverscmp(x, y).signum(),
                host,
                "{:?} {:?}",
                String::from_utf8_lossy(&a),
                String::from_utf8_lossy(&b)
            );
        }
    }
}

unsafe extern "C" {
    fn strverscmp(a: *const u8, b: *const u8) -> i32;
}

#[test]
fn searching() {
    let mut random = Random(42);
    let (mut p, mut q) = (Guarded::new(), Guarded::new());
    for _ in 0..cases() {
        let (a, b) = (text(&mut random, 60), text(&mut random, 5));
        let (x, y) = (p.put(&a), q.put(&b));
        let byte = i32::from(random.pick(b"abA0\0"));
        // SAFETY: both are terminated.
        unsafe {
            let (hx, hy) = (x.cast_const().cast(), y.cast_const().cast());
            assert_eq!(our::strchr(x, byte), libc::strchr(hx, byte).cast());
            assert_eq!(our::strrchr(x, byte), libc::strrchr(hx, byte).cast());
            assert_eq!(our::strstr(x, y), libc::strstr(hx, hy).cast());
            assert_eq!(our::strpbrk(x, y), libc::strpbrk(hx, hy).cast());
            assert_eq!(our::strspn(x, y), libc::strspn(hx, hy));
            assert_eq!(our::strcspn(x, y), libc::strcspn(hx, hy));
            assert_eq!(our::strcasestr(x, y), libc::strcasestr(hx, hy).cast());
        }
    }
}

#[test]
fn copying() {
    let mut random = Random(43);
    let mut page = Guarded::new();
    for _ in 0..cases() {
        let a = text(&mut random, 40);
        let x = page.put(&a);
        let size = random.below(50) as usize;
        let (mut ours, mut host) = ([0x77_u8; 200], [0x77_u8; 200]);
        // SAFETY: the buffers are long enough for both texts.
        unsafe {
            let h = x.cast_const().cast();
            our::strcpy(ours.as_mut_ptr(), x);
            libc::strcpy(host.as_mut_ptr().cast(), h);
            assert_eq!(ours, host);
            our::strcat(ours.as_mut_ptr(), x);
            libc::strcat(host.as_mut_ptr().cast(), h);
            assert_eq!(ours, host);
            our::strncat(ours.as_mut_ptr(), x, size);
            libc::strncat(host.as_mut_ptr().cast(), h, size);
            assert_eq!(ours, host);
            our::strncpy(ours.as_mut_ptr(), x, size);
            libc::strncpy(host.as_mut_ptr().cast(), h, size);
            assert_eq!(ours, host);
            assert_eq!(
                our::stpcpy(ours.as_mut_ptr(), x).addr() - ours.as_ptr().addr(),
                a.len() - 1
            );
        }
        let mut short = vec![0x77_u8; size];
        // SAFETY: the buffer has `size` bytes.
        assert_eq!(
            // SAFETY: the buffer has `size` bytes.
            unsafe { our::strlcpy(short.as_mut_ptr(), x, size) },
            a.len() - 1
        );
        if size > 0 {
            let kept = (a.len() - 1).min(size - 1);
            assert_eq!((&short[..kept], short[kept]), (&a[..kept], 0));
        }
    }
}

#[test]
fn tokens() {
    let mut random = Random(44);
    for _ in 0..cases() {
        let (a, set) = (text(&mut random, 40), text(&mut random, 3));
        let (mut ours, mut host) = (a.clone(), a.clone());
        let (mut our_rest, mut host_rest) = (std::ptr::null_mut(), std::ptr::null_mut());
        let (mut our_text, mut host_text) = (ours.as_mut_ptr(), host.as_mut_ptr().cast());
        loop {
            // SAFETY: terminated texts and valid places to continue from.
            let (x, y) = unsafe {
                (
                    our::strtok_r(our_text, set.as_ptr(), &raw mut our_rest),
                    libc::strtok_r(host_text, set.as_ptr().cast(), &raw mut host_rest),
                )
            };
            assert_eq!(x.is_null(), y.is_null());
            if x.is_null() {
                break;
            }
            // SAFETY: tokens are terminated.
            assert_eq!(unsafe { CStr::from_ptr(x.cast()) }, unsafe {
                CStr::from_ptr(y)
            });
            (our_text, host_text) = (std::ptr::null_mut(), std::ptr::null_mut());
        }
        assert_eq!(ours, host);
    }
}

#[test]
fn duplicates() {
    let _turn = turn();
    let original = c("some text");
    // SAFETY: terminated; the copies are blocks of our heap.
    unsafe {
        let copy = our::strdup(original.as_ptr());
        assert_eq!(CStr::from_ptr(copy.cast()), c"some text");
        let part = our::strndup(original.as_ptr(), 4);
        assert_eq!(CStr::from_ptr(part.cast()), c"some");
        crate::ours::malloc::free(copy);
        crate::ours::malloc::free(part);
    }
}

#[test]
fn error_texts() {
    let _turn = turn();
    for number in -2..140 {
        // SAFETY: both return terminated texts.
        unsafe {
            let ours = CStr::from_ptr(our::strerror(number).cast());
            let host = CStr::from_ptr(libc::strerror(number));
            assert_eq!(ours, host);
            let mut buffer = [0x77_u8; 8];
            let result = our::__xpg_strerror_r(number, buffer.as_mut_ptr(), buffer.len());
            let mut expected = [0x77_i8; 8];
            assert_eq!(
                result,
                libc::strerror_r(number, expected.as_mut_ptr(), expected.len()),
                "{number}"
            );
            assert_eq!(
                CStr::from_bytes_until_nul(&buffer).unwrap(),
                CStr::from_ptr(expected.as_ptr())
            );
        }
    }
    // The host gives real-time signals a text of their own.
    for number in (-1..32).chain([65, 99]) {
        // SAFETY: both return terminated texts.
        unsafe {
            assert_eq!(
                CStr::from_ptr(our::strsignal(number).cast()),
                CStr::from_ptr(libc::strsignal(number))
            );
        }
    }
}

#[test]
fn classes() {
    use crate::ours::ctype::*;
    type Class = (extern "C" fn(i32) -> i32, unsafe extern "C" fn(i32) -> i32);
    let pairs: [Class; 12] = [
        (isalnum, libc::isalnum),
        (isalpha, libc::isalpha),
        (isblank, libc::isblank),
        (iscntrl, libc::iscntrl),
        (isdigit, libc::isdigit),
        (isgraph, libc::isgraph),
        (islower, libc::islower),
        (isprint, libc::isprint),
        (ispunct, libc::ispunct),
        (isspace, libc::isspace),
        (isupper, libc::isupper),
        (isxdigit, libc::isxdigit),
    ];
    unsafe extern "C" {
        #[link_name = "__ctype_b_loc"]
        fn host_classes() -> *const *const u16;
        #[link_name = "__ctype_toupper_loc"]
        fn host_upper() -> *const *const i32;
        #[link_name = "__ctype_tolower_loc"]
        fn host_lower() -> *const *const i32;
    }
    for character in -1..256 {
        for (ours, host) in pairs {
            // SAFETY: EOF or an unsigned char.
            assert_eq!(
                ours(character) != 0,
                // SAFETY: EOF or an unsigned char.
                unsafe { host(character) } != 0,
                "{character}"
            );
        }
    }
    for character in -128..256 {
        // SAFETY: the tables have entries from -128 to 255.
        unsafe {
            let at = character as isize;
            assert_eq!(
                *(*__ctype_b_loc()).offset(at),
                *(*host_classes()).offset(at),
                "{character}"
            );
            assert_eq!(
                *(*__ctype_toupper_loc()).offset(at),
                *(*host_upper()).offset(at),
                "{character}"
            );
            assert_eq!(
                *(*__ctype_tolower_loc()).offset(at),
                *(*host_lower()).offset(at),
                "{character}"
            );
        }
    }
}
