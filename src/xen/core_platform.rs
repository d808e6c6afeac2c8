// SPDX-License-Identifier: ISC
//! What the grant table stands on in the core; in the bindings it is `platform.rs`.

use crate::solo5::private;

/// Bytes of a page.
pub const PAGE: usize = crate::mm::layout::PAGE as usize;

/// The guest-physical window for the grant table and foreign pages: its address and its size in bytes, 0 when there is none.
pub fn window() -> (u64, usize) {
    private::grant_window()
}
