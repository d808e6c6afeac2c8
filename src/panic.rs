// SPDX-License-Identifier: ISC
//! What a Rust panic does in each part: say where and why, then crash the domain.
//!
//! The message is printed only where it is a plain string: formatting machinery would cost more of the image
//! than the rest of the part.

use core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let message = info
        .message()
        .as_str()
        .unwrap_or("an arithmetic or bounds check failed");
    let (file, line) = info
        .location()
        .map_or(("unknown file", 0), |l| (l.file(), l.line()));
    report(message, file, line)
}

#[cfg(feature = "solo5")]
fn report(message: &str, file: &str, line: u32) -> ! {
    crate::xen::crash::panic(message, file, line)
}

#[cfg(not(feature = "solo5"))]
fn report(message: &str, file: &str, line: u32) -> ! {
    unsafe extern "C" {
        fn solo5_console_write(buf: *const u8, size: usize);
        fn solo5_abort() -> !;
    }
    let mut digits = [0u8; 10];
    let mut first = digits.len();
    let mut rest = line;
    loop {
        first -= 1;
        if let Some(digit) = digits.get_mut(first) {
            *digit = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let parts: [&[u8]; 7] = [
        b"panic: ",
        message.as_bytes(),
        b" (",
        file.as_bytes(),
        b":",
        digits.get(first..).unwrap_or(b"?"),
        b")\n",
    ];
    for part in parts {
        // SAFETY: Solo5's contract: a readable buffer of the size given.
        unsafe { solo5_console_write(part.as_ptr(), part.len()) }
    }
    // SAFETY: no precondition; does not return.
    unsafe { solo5_abort() }
}
