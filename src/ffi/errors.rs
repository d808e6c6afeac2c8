// SPDX-License-Identifier: ISC
//! Errors as numbers that C can pass on, and what each says.
//!
//! | Code | Meaning |
//! |---|---|
//! | -1 to -255 | minus Xen's errno (`xen/include/public/errno.h`) |
//! | -256 and below | an error of the bindings' own |

use crate::xen::abi;
use crate::xen::evtchn;
use crate::xen::hypercall::XenError;
use core::ffi::{CStr, c_char};

/// A number given is outside what the type that Xen uses can hold.
pub const OUT_OF_RANGE: i64 = -256;
const NOT_YOURS: i64 = -257;
const NO_SUCH_PORT: i64 = -258;
/// libc's heap is used up.
pub const NO_MEMORY: i64 = -259;

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

fn text(code: i64) -> &'static CStr {
    match code {
        OUT_OF_RANGE => c"argument out of range",
        NOT_YOURS => c"not a port of the application",
        NO_SUCH_PORT => c"no such port",
        NO_MEMORY => c"out of memory",
        _ => match u32::try_from(-code).unwrap_or(0) {
            abi::XEN_EPERM => c"Xen: not permitted (EPERM)",
            abi::XEN_ENOENT => c"Xen: no such thing (ENOENT)",
            abi::XEN_ESRCH => c"Xen: no such domain (ESRCH)",
            abi::XEN_EAGAIN => c"Xen: try again (EAGAIN)",
            abi::XEN_ENOMEM => c"Xen: out of memory (ENOMEM)",
            abi::XEN_EACCES => c"Xen: access denied (EACCES)",
            abi::XEN_EFAULT => c"Xen: bad address (EFAULT)",
            abi::XEN_EBUSY => c"Xen: busy (EBUSY)",
            abi::XEN_EEXIST => c"Xen: exists already (EEXIST)",
            abi::XEN_EINVAL => c"Xen: invalid argument (EINVAL)",
            abi::XEN_ENOSPC => c"Xen: no port left (ENOSPC)",
            abi::XEN_ENOSYS => c"Xen: not implemented (ENOSYS)",
            _ => c"Xen: unnamed error",
        },
    }
}

/// What an error code says.
#[unsafe(no_mangle)]
extern "C" fn mxen_error_text(code: i64) -> *const c_char {
    text(code).as_ptr()
}
