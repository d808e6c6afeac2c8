// SPDX-License-Identifier: ISC
//! The domain's console and xenstore, behind `c_stubs/mirage_params.c`.

use crate::xen::hypercall::{self, XenError};
use crate::xen::{abi, platform};

fn param(index: u32) -> i64 {
    hypercall::get_param(index).map_or_else(XenError::code, |value| {
        i64::try_from(value).unwrap_or(super::errors::OUT_OF_RANGE)
    })
}

/// The address of a page from its parameter, a guest frame number; 0 when the domain has none.
fn page(index: u32) -> i64 {
    match param(index) {
        frame if frame > 0 => frame.saturating_mul(platform::PAGE as i64),
        other => other,
    }
}

#[unsafe(no_mangle)]
extern "C" fn mxen_console_port() -> i64 {
    param(abi::HVM_PARAM_CONSOLE_EVTCHN)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_console_page() -> i64 {
    page(abi::HVM_PARAM_CONSOLE_PFN)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_xenstore_port() -> i64 {
    param(abi::HVM_PARAM_STORE_EVTCHN)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_xenstore_page() -> i64 {
    page(abi::HVM_PARAM_STORE_PFN)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_reboot() {
    platform::reboot();
}
