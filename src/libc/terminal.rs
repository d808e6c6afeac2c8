// SPDX-License-Identifier: ISC
//! termios.h (POSIX): the console is no terminal that could be set up. The speeds lie in the caller's structure.

use super::errno::{EBADF, EINVAL, ENOTTY, fail};
use super::files::is_standard;

macro_rules! refused {
    ($($name:ident($($type:ty),*);)*) => {
        $(
            #[doc = concat!("POSIX's `", stringify!($name), "`.")]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name(number: i32 $(, _: $type)*) -> i32 {
                fail(if is_standard(number) { ENOTTY } else { EBADF })
            }
        )*
    };
}

/// glibc's `struct termios`.
#[repr(C)]
pub struct Termios {
    /// Input, output, control and local modes.
    flags: [u32; 4],
    line: u8,
    characters: [u8; 32],
    input_speed: u32,
    output_speed: u32,
}

refused! {
    tcgetattr(*mut Termios);
    tcsetattr(i32, *const Termios);
    tcdrain();
    tcflow(i32);
    tcflush(i32);
    tcsendbreak(i32);
}

/// asm/termbits.h's `CBAUD`: where the control modes hold the speed.
const CBAUD: u32 = 0o010_017;

/// POSIX's `cfgetispeed`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn cfgetispeed(settings: *const Termios) -> u32 {
    // SAFETY: POSIX's contract. As in glibc, input is as fast as output.
    unsafe { cfgetospeed(settings) }
}

/// POSIX's `cfgetospeed`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn cfgetospeed(settings: *const Termios) -> u32 {
    // SAFETY: POSIX's contract.
    unsafe { (*settings).flags[2] & CBAUD }
}

/// POSIX's `cfsetispeed`: speed 0 means the output's.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn cfsetispeed(settings: *mut Termios, speed: u32) -> i32 {
    if speed & !CBAUD != 0 {
        return fail(EINVAL);
    }
    // SAFETY: POSIX's contract.
    let settings = unsafe { &mut *settings };
    settings.input_speed = speed;
    if speed != 0 {
        settings.flags[2] = settings.flags[2] & !CBAUD | speed;
    }
    0
}

/// POSIX's `cfsetospeed`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn cfsetospeed(settings: *mut Termios, speed: u32) -> i32 {
    if speed & !CBAUD != 0 {
        return fail(EINVAL);
    }
    // SAFETY: POSIX's contract.
    let settings = unsafe { &mut *settings };
    settings.output_speed = speed;
    settings.flags[2] = settings.flags[2] & !CBAUD | speed;
    0
}
