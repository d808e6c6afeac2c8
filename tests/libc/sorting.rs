// SPDX-License-Identifier: ISC
//! qsort and bsearch: every element size, bounded work, and comparisons that lie.

use crate::ours::stdlib::{bsearch, qsort, qsort_r};
use crate::support::{Random, cases};
use std::cell::Cell;
use std::ffi::c_void;

unsafe extern "C" fn compare_first(a: *const u8, b: *const u8) -> i32 {
    // SAFETY: the elements have at least one byte.
    unsafe { i32::from(*a) - i32::from(*b) }
}

#[test]
fn every_size() {
    let mut random = Random(61);
    for _ in 0..cases() / 10 {
        let size = 1 + random.below(40) as usize;
        let count = random.below(300) as usize;
        let mut elements: Vec<Vec<u8>> = (0..count)
            .map(|_| (0..size).map(|_| random.next() as u8).collect())
            .collect();
        let mut flat = elements.concat();
        // SAFETY: `count` elements of `size` bytes.
        unsafe { qsort(flat.as_mut_ptr(), count, size, compare_first) };
        let mut sorted: Vec<Vec<u8>> = flat.chunks(size).map(<[u8]>::to_vec).collect();
        assert!(sorted.is_sorted_by_key(|e| e[0]));
        elements.sort();
        sorted.sort();
        assert_eq!(elements, sorted);
    }
}

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

unsafe extern "C" fn counting(a: *const u8, b: *const u8, context: *mut c_void) -> i32 {
    CALLS.set(CALLS.get() + 1);
    assert_eq!(context.addr(), 7);
    // SAFETY: the elements are words.
    unsafe { (*a.cast::<u32>()).cmp(&*b.cast::<u32>()) as i32 }
}

#[test]
fn bounded_work() {
    let length = 100_000u32;
    let shapes: [Vec<u32>; 6] = [
        (0..length).collect(),
        (0..length).rev().collect(),
        vec![5; length as usize],
        (0..length).map(|i| i % 2).collect(),
        // Organ pipes, and a shape against the median of three.
        (0..length).map(|i| i.min(length - i)).collect(),
        (0..length)
            .map(|i| if i % 2 == 0 { i / 2 } else { length / 2 + i })
            .collect(),
    ];
    for mut shape in shapes {
        CALLS.set(0);
        // SAFETY: words.
        unsafe {
            qsort_r(
                shape.as_mut_ptr().cast(),
                shape.len(),
                4,
                counting,
                std::ptr::without_provenance_mut(7),
            )
        };
        assert!(shape.is_sorted());
        assert!(
            CALLS.get() < 60 * shape.len(),
            "{} comparisons",
            CALLS.get()
        );
    }
}

unsafe extern "C" fn lying(_: *const u8, _: *const u8) -> i32 {
    thread_local! {
        static RANDOM: Cell<u64> = const { Cell::new(1) };
    }
    CALLS.set(CALLS.get() + 1);
    let mut random = Random(RANDOM.get());
    let answer = random.below(3) as i32 - 1;
    RANDOM.set(random.0);
    answer
}

unsafe extern "C" fn always_less(_: *const u8, _: *const u8) -> i32 {
    CALLS.set(CALLS.get() + 1);
    -1
}

unsafe extern "C" fn always_greater(_: *const u8, _: *const u8) -> i32 {
    CALLS.set(CALLS.get() + 1);
    1
}

#[test]
fn comparisons_that_lie() {
    for compare in [lying, always_less, always_greater] {
        for length in [0, 1, 2, 3, 12, 13, 100, 5000] {
            let mut page = crate::machine::Guarded::new();
            let count = length.min(4096);
            let elements = page.end(count);
            for (i, e) in elements.iter_mut().enumerate() {
                *e = i as u8;
            }
            let mut before = elements.to_vec();
            CALLS.set(0);
            // SAFETY: `count` elements; nothing outside may be touched.
            unsafe { qsort(elements.as_mut_ptr(), count, 1, compare) };
            let mut after = elements.to_vec();
            before.sort();
            after.sort();
            assert_eq!(before, after);
            assert!(CALLS.get() < 100 * count + 10);
        }
    }
}

#[test]
fn searching() {
    let elements: Vec<u8> = (0..200).step_by(2).collect();
    for key in 0..=255_u8 {
        // SAFETY: sorted elements of one byte.
        let found = unsafe {
            bsearch(
                &raw const key,
                elements.as_ptr(),
                elements.len(),
                1,
                compare_first,
            )
        };
        let expected = elements.binary_search(&key).ok();
        assert_eq!(
            (!found.is_null()).then(|| found.addr() - elements.as_ptr().addr()),
            expected
        );
    }
}
