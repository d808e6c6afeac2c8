// SPDX-License-Identifier: ISC
//! Bytes out of and into slices, without a way to panic: little-endian fields as x86 Xen writes
//! them, and copies.

/// The 32-bit little-endian number at byte `at`; `None` past the end.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*field))
}

/// The 64-bit little-endian number at byte `at`; `None` past the end.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*field))
}

/// Copies `from` to the start of `to`; `None`, and nothing is copied, when it does not fit.
pub(crate) fn copy(to: &mut [u8], from: &[u8]) -> Option<()> {
    for (to, from) in to.get_mut(..from.len())?.iter_mut().zip(from) {
        *to = *from;
    }
    Some(())
}
