// SPDX-License-Identifier: ISC
//! What a domain lacks, and fails as a program expects: users, names of hosts, processes, terminals, Linux's descriptors;
//! and the small functions beside them, which are real.

use crate::machine::{c, turn};
use crate::ours::errno::*;
use crate::ours::inet::inet_addr;
use crate::ours::random::{arc4random_buf, arc4random_uniform};
use crate::ours::wide_numerals::{wcstoimax, wcstoumax};
use crate::ours::{descriptors, netdb, poll, spawn, terminal, unistd, users};
use core::ptr::{dangling_mut, null, null_mut};
use std::ffi::{CStr, c_char, c_int};

mod host {
    use super::{c_char, c_int};
    unsafe extern "C" {
        pub fn inet_addr(text: *const c_char) -> u32;
        pub fn gai_strerror(number: c_int) -> *const c_char;
        pub fn wcstoimax(text: *const u32, end: *mut *const u32, base: c_int) -> i64;
        pub fn wcstoumax(text: *const u32, end: *mut *const u32, base: c_int) -> u64;
        pub fn cfgetispeed(settings: *const u8) -> u32;
        pub fn cfgetospeed(settings: *const u8) -> u32;
        pub fn cfsetispeed(settings: *mut u8, speed: u32) -> c_int;
        pub fn cfsetospeed(settings: *mut u8, speed: u32) -> c_int;
        pub fn __errno_location() -> *mut c_int;
    }
}

#[test]
fn nobody_is_a_user() {
    let _turn = turn();
    set_errno(0);
    let root = c("root");
    assert!(users::getpwnam(root.as_ptr().cast()).is_null() && users::getpwuid(0).is_null());
    assert!(users::getgrnam(root.as_ptr().cast()).is_null() && users::getgrgid(0).is_null());
    let mut found = dangling_mut();
    // SAFETY: `found` is writable; the rest is not looked at.
    let result = unsafe { users::getpwuid_r(0, null_mut(), null_mut(), 0, &raw mut found) };
    assert_eq!((result, found, errno()), (0, null_mut(), 0));
    assert_eq!(users::getgroups(0, null_mut()), 0);
    assert_eq!((users::setgroups(0, null()), errno()), (-1, EPERM));
    assert!(users::getlogin().is_null());
    assert_eq!((errno(), users::getlogin_r(null_mut(), 0)), (ENXIO, ENXIO));
}

#[test]
fn no_name_is_known() {
    let _turn = turn();
    let mut list = null_mut();
    let name = c("localhost");
    let result = netdb::getaddrinfo(name.as_ptr().cast(), null(), null(), &raw mut list);
    assert_eq!(result, -4, "EAI_FAIL");
    assert!(netdb::gethostbyname(name.as_ptr().cast()).is_null());
    // SAFETY: libc's own variable.
    assert_eq!(unsafe { *netdb::__h_errno_location() }, 3, "NO_RECOVERY");
    let (mut found, mut error) = (dangling_mut(), 0);
    // SAFETY: both are writable.
    let result = unsafe {
        let (found, error) = (&raw mut found, &raw mut error);
        netdb::gethostbyname_r(
            name.as_ptr().cast(),
            null_mut(),
            null_mut(),
            0,
            found,
            error,
        )
    };
    assert_eq!((result, found, error), (0, null_mut(), 3));
    assert!(netdb::getservbyport(80, null()).is_null());
    for number in [-1, -2, -3, -4, -6, -7, -8, -10, -11, -12, -99] {
        // SAFETY: both return constant texts.
        let texts = unsafe {
            let ours = CStr::from_ptr(netdb::gai_strerror(number));
            (ours, CStr::from_ptr(host::gai_strerror(number)))
        };
        assert_eq!(texts.0, texts.1, "{number}");
    }
}

#[test]
fn nothing_can_be_started_or_opened() {
    let _turn = turn();
    let spawned = spawn::posix_spawn(null_mut(), null(), null(), null(), null(), null());
    assert_eq!(spawned, ENOSYS);
    let refused = [
        (unistd::execvpe(null(), null(), null()), ENOSYS),
        (unistd::wait4(-1, null_mut(), 0, null_mut()), ECHILD),
        (unistd::nice(1), EPERM),
        (unistd::chroot(null()), ENOENT),
        (unistd::dup3(1, 1, 0), EINVAL),
        (descriptors::epoll_create(1), ENOSYS),
        (descriptors::eventfd(0, 0), ENOSYS),
        (
            descriptors::timerfd_settime(3, 0, null(), null_mut()),
            EBADF,
        ),
        (terminal::tcdrain(1), ENOTTY),
        (terminal::tcflush(3, 0), EBADF),
    ];
    for (index, (result, _)) in refused.iter().enumerate() {
        assert_eq!(*result, -1, "{index}");
    }
    assert_eq!((terminal::tcflush(3, 0), errno()), (-1, EBADF));
    assert_eq!((descriptors::eventfd(0, 0), errno()), (-1, ENOSYS));
    assert_eq!(
        (unistd::wait4(-1, null_mut(), 0, null_mut()), errno()),
        (-1, ECHILD)
    );
    assert_eq!(descriptors::shmat(0, null(), 0).addr(), usize::MAX);
    let mut bytes = [0; 32];
    // SAFETY: `bytes` is writable.
    let count = unsafe { descriptors::syscall(318, bytes.as_mut_ptr(), 32, 0) };
    assert_eq!(count, 32);
    assert_ne!(bytes, [0; 32]);
    // SAFETY: refused before anything is looked at.
    let refused = unsafe { descriptors::syscall(0, null_mut(), 0, 0) };
    assert_eq!((refused, errno()), (-1, ENOSYS));
}

/// Over a Solo5 part without console input, input has ended, which is ready.
#[test]
fn waiting() {
    let _turn = turn();
    let mut list = [[0u8; 8]; 3];
    for (entry, (number, events)) in list.iter_mut().zip([(0i32, 1u16), (1, 4), (7, 1)]) {
        entry[..4].copy_from_slice(&number.to_le_bytes());
        entry[4..6].copy_from_slice(&events.to_le_bytes());
    }
    // SAFETY: three entries in POSIX's layout.
    assert_eq!(unsafe { poll::poll(list.as_mut_ptr().cast(), 3, -1) }, 3);
    let found = list.map(|entry| u16::from_le_bytes([entry[6], entry[7]]));
    assert_eq!(found, [1, 4, 0x20]);
    // SAFETY: no entries.
    unsafe {
        assert_eq!(poll::poll(null_mut(), 0, 1), 0);
        assert_eq!((poll::poll(null_mut(), 0, -1), errno()), (-1, ENOSYS));
    }
    let (mut reading, mut writing, mut failing) = ([0u64; 16], [0u64; 16], [0u64; 16]);
    (reading[0], writing[0], failing[0]) = (1, 3, 7);
    // SAFETY: three sets.
    let ready = unsafe {
        poll::select(
            3,
            &raw mut reading,
            &raw mut writing,
            &raw mut failing,
            null(),
        )
    };
    assert_eq!((ready, reading[0], writing[0], failing[0]), (2, 1, 2, 0));
    reading[0] = 1 << 9;
    // SAFETY: one set.
    let ready = unsafe { poll::select(10, &raw mut reading, null_mut(), null_mut(), null()) };
    assert_eq!((ready, errno(), reading[0]), (-1, EBADF, 1 << 9));
}

#[test]
fn loose_addresses() {
    let texts = [
        "1.2.3.4",
        "1.2.3",
        "1.2",
        "1",
        "0x7f.1",
        "017.1",
        "08.1",
        "256.1",
        "1.65536",
        "1.65535",
        "1.2.65536",
        "4294967295",
        "4294967296",
        "",
        ".",
        "1.",
        ".1",
        "1.2.3.4.5",
        "1.2.3.4 x",
        "1.2.3.4x",
        "0x",
        "1 .2",
        "0",
        "00",
        "0x100000000.1",
    ];
    for text in texts {
        let text = c(text);
        // SAFETY: terminated texts.
        let found = unsafe {
            (
                inet_addr(text.as_ptr().cast()),
                host::inet_addr(text.as_ptr().cast()),
            )
        };
        assert_eq!(found.0, found.1, "{text:?}");
    }
}

#[test]
fn wide_numerals() {
    let _turn = turn();
    let texts = [
        "",
        "0",
        "-1",
        " \t\n+17rest",
        "0x",
        "0xfFg",
        "-0x8000000000000000",
        "-0x8000000000000001",
        "077",
        "089",
        "99999999999999999999",
        "-99999999999999999999",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "zz",
        "\u{20ac}1",
        "1\u{20ac}",
        "--1",
        "+ 1",
    ];
    for text in texts {
        let wide: Vec<u32> = text.chars().map(u32::from).chain([0]).collect();
        for base in [0, 10, 16, 8, 36, 2, 1, -1, 37] {
            let (mut a, mut b, mut p, mut q) = (null(), null(), null(), null());
            set_errno(0);
            // SAFETY: terminated texts, writable ends.
            unsafe {
                let ours = (wcstoimax(wide.as_ptr(), &raw mut a, base), errno());
                *host::__errno_location() = 0;
                let theirs = (
                    host::wcstoimax(wide.as_ptr(), &raw mut b, base),
                    *host::__errno_location(),
                );
                assert_eq!(ours, theirs, "{text:?} {base}");
                let unsigned = (
                    wcstoumax(wide.as_ptr(), &raw mut p, base),
                    host::wcstoumax(wide.as_ptr(), &raw mut q, base),
                );
                assert_eq!(unsigned.0, unsigned.1, "{text:?} {base}");
            }
            // glibc leaves the end alone where the base is none.
            if (2..=36).contains(&base) || base == 0 {
                assert_eq!((a, p), (b, q), "{text:?} {base}");
            }
        }
    }
}

#[test]
fn speeds() {
    let mut both = [[0u64; 8]; 2];
    let [ours, theirs] = &mut both;
    let (ours, theirs) = (ours.as_mut_ptr(), theirs.as_mut_ptr());
    for speed in [0, 0o15, 0o17, 0o10002, 0o10017] {
        // SAFETY: 60 bytes are a termios.
        unsafe {
            assert_eq!(
                terminal::cfsetospeed(ours.cast(), speed),
                host::cfsetospeed(theirs.cast(), speed)
            );
            assert_eq!(
                terminal::cfgetospeed(ours.cast()),
                host::cfgetospeed(theirs.cast())
            );
            assert_eq!(
                terminal::cfsetispeed(ours.cast(), speed),
                host::cfsetispeed(theirs.cast(), speed)
            );
            assert_eq!(
                terminal::cfgetispeed(ours.cast()),
                host::cfgetispeed(theirs.cast())
            );
        }
    }
    // SAFETY: as above.
    assert_eq!(unsafe { terminal::cfsetospeed(ours.cast(), 0o20) }, -1);
}

#[test]
fn random_numbers_below_a_bound() {
    let _turn = turn();
    let mut bytes = [0; 64];
    // SAFETY: writable.
    unsafe { arc4random_buf(bytes.as_mut_ptr(), 64) };
    assert!(bytes.iter().any(|&byte| byte != 0));
    for bound in [0, 1, 2, 3, 10, 1 << 31, u32::MAX] {
        for _ in 0..200 {
            assert!(arc4random_uniform(bound) < bound.max(1), "{bound}");
        }
    }
    let mut seen = [0; 3];
    for _ in 0..3000 {
        seen[arc4random_uniform(3) as usize] += 1;
    }
    assert!(seen.iter().all(|&count| count > 800), "{seen:?}");
}
