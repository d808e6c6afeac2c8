// SPDX-License-Identifier: ISC
//! Errors as numbers that C can pass on, and what each says.
//!
//! | Code | Meaning |
//! |---|---|
//! | -1 to -255 | minus Xen's errno (`xen/include/public/errno.h`) |
//! | -256 to -511 | an error of the bindings' own |
//! | -512 and below | minus 512, plus Xen's grant status, which is negative (`xen/include/public/grant_table.h`) |

use crate::xen::hypercall::XenError;
use crate::xen::{abi, evtchn, grants};
use core::ffi::{c_char, c_int};
use xen_proto::grant::Status;
use xen_proto::net::Broken;
use xen_proto::{block, grant, window};

/// A number given is outside what the type that Xen uses can hold, or an address not page aligned.
pub const OUT_OF_RANGE: i64 = -256;
const NOT_YOURS: i64 = -257;
const NO_SUCH_PORT: i64 = -258;
/// libc's heap is used up.
pub const NO_MEMORY: i64 = -259;
/// `MXEN_WINDOW_FULL`.
const WINDOW_FULL: i64 = -260;
const IN_USE: i64 = -261;
const NOT_RAM: i64 = -262;
const BAD_REFERENCE: i64 = -263;
const BAD_FRAME: i64 = -264;
const BUSY: i64 = -265;
const TABLE_FULL: i64 = -266;
const STILL_MAPPED: i64 = -267;
/// Minus what is left, one of [`BREAKS`].
const BROKEN: i64 = -270;
const STATUS: i64 = -512;

impl XenError {
    /// The code for C.
    pub fn code(self) -> i64 {
        -i64::from(self.0.clamp(1, 255))
    }
}

impl evtchn::Error {
    /// The code for C.
    pub fn code(self) -> i64 {
        match self {
            evtchn::Error::Xen(error) => error.code(),
            evtchn::Error::NotYours => NOT_YOURS,
            evtchn::Error::NoSuchPort => NO_SUCH_PORT,
            evtchn::Error::NoMemory => NO_MEMORY,
        }
    }
}

impl grants::Error {
    /// The code for C.
    pub fn code(self) -> i64 {
        match self {
            grants::Error::Xen(error) => error.code(),
            grants::Error::Status(status) => STATUS + number(status),
            grants::Error::Table(grant::Error::Busy) => BUSY,
            grants::Error::Table(grant::Error::Full) => TABLE_FULL,
            grants::Error::Table(grant::Error::BadReference) => BAD_REFERENCE,
            grants::Error::Table(grant::Error::BadFrame) => BAD_FRAME,
            grants::Error::Window(window::Error::NotTaken) => OUT_OF_RANGE,
            grants::Error::Window(_) => WINDOW_FULL,
            grants::Error::OutOfRange => OUT_OF_RANGE,
            grants::Error::InUse => IN_USE,
            grants::Error::StillMapped => STILL_MAPPED,
            grants::Error::NotRam => NOT_RAM,
            grants::Error::NoMemory => NO_MEMORY,
        }
    }
}

/// In which ways a backend breaks a protocol.
const BREAKS: [Broken; 4] = [
    Broken::Overrun,
    Broken::BadId,
    Broken::BadLength,
    Broken::BadPacket,
];

/// Extension of [`Broken`], of either kind of device.
pub trait Code {
    /// The code for C.
    fn code(self) -> i64;
}

impl Code for Broken {
    fn code(self) -> i64 {
        let index = BREAKS.iter().position(|&other| other == self);
        BROKEN - index.unwrap_or(0) as i64
    }
}

impl Code for block::Broken {
    fn code(self) -> i64 {
        match self {
            block::Broken::Overrun => Broken::Overrun.code(),
            block::Broken::BadId => Broken::BadId.code(),
        }
    }
}

/// The number of a status: that which reads as it.
fn number(status: Status) -> i64 {
    match status {
        Status::Unknown(number) => i64::from(number),
        known => (-13..0)
            .find(|&number| Status::check(number) == Err(known))
            .map_or(-1, i64::from),
    }
}

fn text(code: i64) -> &'static str {
    match code {
        OUT_OF_RANGE => "argument out of range",
        NOT_YOURS => "not a port of the application",
        NO_SUCH_PORT => "no such port",
        NO_MEMORY => "out of memory",
        WINDOW_FULL => window::Error::Full.text(),
        IN_USE => "grant reference in use",
        NOT_RAM => "not a page of this domain's memory",
        BAD_REFERENCE => grant::Error::BadReference.text(),
        BAD_FRAME => grant::Error::BadFrame.text(),
        BUSY => grant::Error::Busy.text(),
        TABLE_FULL => grant::Error::Full.text(),
        STILL_MAPPED => "the backend of before still maps them",
        _ if (BROKEN - 3..=BROKEN).contains(&code) => BREAKS
            .get((BROKEN - code) as usize)
            .map_or("", |broken| broken.text()),
        _ if code < STATUS => (code - STATUS)
            .try_into()
            .ok()
            .and_then(|number| Status::check(number).err())
            .map_or("unknown grant status", Status::text),
        _ => match u32::try_from(-code).unwrap_or(0) {
            abi::XEN_EPERM => "Xen: not permitted (EPERM)",
            abi::XEN_ENOENT => "Xen: no such thing (ENOENT)",
            abi::XEN_ESRCH => "Xen: no such domain (ESRCH)",
            abi::XEN_EAGAIN => "Xen: try again (EAGAIN)",
            abi::XEN_ENOMEM => "Xen: out of memory (ENOMEM)",
            abi::XEN_EACCES => "Xen: access denied (EACCES)",
            abi::XEN_EFAULT => "Xen: bad address (EFAULT)",
            abi::XEN_EBUSY => "Xen: busy (EBUSY)",
            abi::XEN_EEXIST => "Xen: exists already (EEXIST)",
            abi::XEN_EINVAL => "Xen: invalid argument (EINVAL)",
            abi::XEN_ENOSPC => "Xen: none left (ENOSPC)",
            abi::XEN_ENOSYS => "Xen: not implemented (ENOSYS)",
            _ => "Xen: unnamed error",
        },
    }
}

/// What an error code says: constant text, not ended by a zero, and its length.
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_error_text(code: i64, length: *mut c_int) -> *const c_char {
    let text = text(code);
    // SAFETY: the caller's variable.
    unsafe { length.write(text.len() as c_int) }
    text.as_ptr().cast()
}
