// SPDX-License-Identifier: ISC
//! The variadic entries: arguments in registers and in memory, of both kinds, and the buffers' ends.
//! The engine itself is compared with the host's in libc-core's tests.

use crate::machine::{c, turn, written};
use crate::ours::errno::{EOVERFLOW, errno};
use crate::ours::stdio::printf::*;
use crate::ours::stdio::standard::{stderr, stdout};

type Snprintf = unsafe extern "C" fn(*mut u8, usize, *const u8, ...) -> i32;
type Fprintf = unsafe extern "C" fn(*mut crate::ours::stdio::file::File, *const u8, ...) -> i32;

fn as_variadic() -> Snprintf {
    // SAFETY: the entry takes variable arguments, which stable Rust can call but not define.
    unsafe {
        std::mem::transmute(snprintf as unsafe extern "C" fn(*mut u8, usize, *const u8) -> i32)
    }
}

#[test]
fn arguments_of_both_kinds() {
    let format = c("%d %g %d %g %d %g %d %g %d %g %d %g %d %g %d %g %g %g %s %c");
    let mut ours = [0x55_u8; 300];
    let mut host = [0x55_u8; 300];
    let text = c("end");
    // SAFETY: the arguments are those that the format names.
    unsafe {
        macro_rules! call {
            ($f:expr, $buffer:expr, $format:expr, $text:expr) => {
                $f(
                    $buffer,
                    300,
                    $format,
                    1,
                    1.5,
                    2,
                    2.5,
                    3,
                    3.5,
                    4,
                    4.5,
                    5,
                    5.5,
                    6,
                    6.5,
                    7,
                    7.5,
                    8,
                    8.5,
                    9.5,
                    10.5,
                    $text,
                    i32::from(b'!'),
                )
            };
        }
        let a = call!(
            as_variadic(),
            ours.as_mut_ptr(),
            format.as_ptr(),
            text.as_ptr()
        );
        let b = call!(
            libc::snprintf,
            host.as_mut_ptr().cast(),
            format.as_ptr().cast(),
            text.as_ptr()
        );
        assert_eq!(a, b);
    }
    assert_eq!(ours, host);
}

#[test]
fn ends_of_buffers() {
    for size in 0..12 {
        let mut buffer = [0x55_u8; 16];
        let format = c("%s-%d");
        let text = c("text");
        // SAFETY: the buffer has `size` bytes and more.
        let length = unsafe {
            as_variadic()(
                buffer.as_mut_ptr(),
                size,
                format.as_ptr(),
                text.as_ptr(),
                42,
            )
        };
        assert_eq!(length, 7);
        let kept = size.saturating_sub(1).min(7);
        assert_eq!(&buffer[..kept], &b"text-42"[..kept]);
        if size > 0 {
            assert_eq!(buffer[kept], 0);
        }
        assert!(buffer[size..].iter().all(|&b| b == 0x55));
    }
    // SAFETY: nothing is written.
    assert_eq!(
        // SAFETY: nothing is written.
        unsafe { as_variadic()(std::ptr::null_mut(), 0, c("%d").as_ptr(), 12345) },
        5
    );
}

#[test]
fn too_long() {
    let _turn = turn();
    // SAFETY: nothing is written.
    let result =
        // SAFETY: nothing is written.
        unsafe { as_variadic()(std::ptr::null_mut(), 0, c("%2147483647d%d").as_ptr(), 1, 2) };
    assert_eq!((result, errno()), (-1, EOVERFLOW));
    // SAFETY: nothing is written.
    let result = unsafe { as_variadic()(std::ptr::null_mut(), 0, c("%2147483647d").as_ptr(), 1) };
    assert_eq!(result, i32::MAX);
}

#[test]
fn one_write_a_line() {
    let _turn = turn();
    written();
    // SAFETY: the entry takes variable arguments.
    let print: Fprintf = unsafe {
        std::mem::transmute(
            fprintf as unsafe extern "C" fn(*mut crate::ours::stdio::file::File, *const u8) -> i32,
        )
    };
    // SAFETY: the arguments are those that the formats name.
    unsafe {
        assert_eq!(print(stdout.get(), c("a %d ").as_ptr(), 1), 4);
        assert!(written().is_empty());
        assert_eq!(print(stdout.get(), c("b %d\nc %d\nd").as_ptr(), 2, 3), 9);
        assert_eq!(written(), [b"a 1 b 2\nc 3\n".to_vec()]);
        assert_eq!(
            print(
                stderr.get(),
                c("%s %d %s").as_ptr(),
                c("error").as_ptr(),
                7,
                c("at once").as_ptr()
            ),
            15
        );
        assert_eq!(written(), [b"error 7 at once".to_vec()]);
        crate::ours::stdio::state::fflush(stdout.get());
        assert_eq!(written(), [b"d".to_vec()]);
    }
}

#[test]
fn allocated() {
    let _turn = turn();
    type Asprintf = unsafe extern "C" fn(*mut *mut u8, *const u8, ...) -> i32;
    // SAFETY: the entry takes variable arguments.
    let print: Asprintf = unsafe {
        std::mem::transmute(asprintf as unsafe extern "C" fn(*mut *mut u8, *const u8) -> i32)
    };
    let mut text = std::ptr::null_mut();
    // SAFETY: the arguments are those that the format names; the block is our heap's.
    unsafe {
        assert_eq!(
            print(&raw mut text, c("%05d %s").as_ptr(), 42, c("x").as_ptr()),
            7
        );
        assert_eq!(std::ffi::CStr::from_ptr(text.cast()), c"00042 x");
        crate::ours::malloc::free(text);
    }
}
