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

/// Puts the message together and has the core report it, or, over a Solo5 part without reports, prints it.
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
    let mut text = [0u8; 200];
    let mut used = 0;
    for (to, from) in text.iter_mut().zip(parts.iter().copied().flatten()) {
        *to = *from;
        used += 1;
    }
    let crash: usize;
    // SAFETY: reads the address of a weak symbol; 0 if nobody defines it.
    unsafe {
        core::arch::asm!(
            ".weak solo5__xen_crash",
            "mov {}, qword ptr [rip + solo5__xen_crash@GOTPCREL]",
            out(reg) crash,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    if crash != 0 {
        // SAFETY: the symbol's documented type; the text, without its newline, is readable.
        unsafe {
            let crash: unsafe extern "C" fn(*const u8, usize) -> ! = core::mem::transmute(crash);
            crash(text.as_ptr(), used - 1)
        }
    }
    // SAFETY: Solo5's contract: a readable buffer of the size given; `solo5_abort` has no precondition.
    unsafe {
        solo5_console_write(text.as_ptr(), used);
        solo5_abort()
    }
}
