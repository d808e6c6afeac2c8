// SPDX-License-Identifier: ISC
//! Sorting and searching (C11 7.22.5).

use core::cmp::Ordering;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use libc_core::sort::{self, Elements};

/// A comparison as `qsort_r` takes it.
type Compare = unsafe extern "C" fn(*const u8, *const u8, *mut c_void) -> i32;

struct Array {
    base: *mut u8,
    size: usize,
    compare: Compare,
    context: *mut c_void,
}

impl Elements for Array {
    fn compare(&mut self, a: usize, b: usize) -> Ordering {
        // SAFETY: the engine's indices are below the length that C gave.
        unsafe {
            (self.compare)(
                self.base.add(a * self.size),
                self.base.add(b * self.size),
                self.context,
            )
        }
        .cmp(&0)
    }

    fn swap(&mut self, a: usize, b: usize) {
        // SAFETY: as above; pieces of up to 8 bytes go through a register.
        unsafe {
            let (mut a, mut b) = (self.base.add(a * self.size), self.base.add(b * self.size));
            let mut left = self.size;
            while left >= 8 {
                let word = a.cast::<u64>().read_unaligned();
                a.cast::<u64>()
                    .write_unaligned(b.cast::<u64>().read_unaligned());
                b.cast::<u64>().write_unaligned(word);
                (a, b) = (a.add(8), b.add(8));
                left -= 8;
            }
            for at in 0..left {
                let byte = *a.add(at);
                *a.add(at) = *b.add(at);
                *b.add(at) = byte;
            }
        }
    }
}

/// GNU's `qsort_r`.
///
/// # Safety
/// C's contract for `qsort`; the comparison may be inconsistent.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn qsort_r(
    base: *mut u8,
    count: usize,
    size: usize,
    compare: Compare,
    context: *mut c_void,
) {
    if count > 1 && size > 0 {
        sort::sort(
            &mut Array {
                base,
                size,
                compare,
                context,
            },
            count,
        );
    }
}

/// C's `qsort`.
///
/// # Safety
/// C's contract; the comparison may be inconsistent.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn qsort(
    base: *mut u8,
    count: usize,
    size: usize,
    compare: unsafe extern "C" fn(*const u8, *const u8) -> i32,
) {
    // SAFETY: a third argument in a register that the comparison does not look at.
    unsafe {
        let compare = core::mem::transmute::<
            unsafe extern "C" fn(*const u8, *const u8) -> i32,
            Compare,
        >(compare);
        qsort_r(base, count, size, compare, null_mut());
    }
}

/// C's `bsearch`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bsearch(
    key: *const u8,
    base: *const u8,
    count: usize,
    size: usize,
    compare: unsafe extern "C" fn(*const u8, *const u8) -> i32,
) -> *const u8 {
    // SAFETY: C's contract; the index is below `count`.
    unsafe {
        let found = sort::search(count, &mut |index| {
            compare(key, base.add(index * size)).cmp(&0)
        });
        found.map_or(null(), |index| base.add(index * size))
    }
}
