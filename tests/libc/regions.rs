// SPDX-License-Identifier: ISC
//! Regions that lie side by side, as random places leave them in a domain: the allocator joins what it gets of them, so that a
//! block may lie in both and what is given back may reach over both.
#![allow(dead_code, reason = "the part of it that is looked at here")]

pub use crate::ours::{crash, memory, weak};

#[path = "../../src/libc/platform.rs"]
pub mod platform;

#[path = "../../src/libc/heap.rs"]
pub mod heap;
#[path = "../../src/libc/pages.rs"]
pub mod pages;

use dlmalloc::Allocator;
use heap::System;

const SIZE: usize = 1 << 20;

#[test]
fn side_by_side() {
    let block = Box::leak(vec![0_u8; 2 * SIZE + 4096].into_boxed_slice());
    let low = block.as_ptr().expose_provenance().next_multiple_of(4096);
    let high = low + SIZE;
    assert!(heap::add(high, SIZE) && heap::add(low, SIZE));
    // All of the first one, then all of the one below it.
    for region in [high, low] {
        let (start, size, _) = System.alloc(SIZE);
        assert_eq!((start.addr(), size), (region, SIZE));
    }
    assert_eq!(heap::room_after(high - 16), Some(16 + SIZE));
    assert_eq!(heap::room_after(high), Some(SIZE));
    assert_eq!(heap::handed_out(), 2 * SIZE);
    // One of the two is given back in part, then all of it and a part of the other.
    let start = std::ptr::with_exposed_provenance_mut(low);
    assert!(System.free_part(start, 2 * SIZE, 2 * SIZE - 4096));
    assert_eq!(heap::room_after(high - 16), Some(16 + SIZE - 4096));
    assert!(System.free_part(start, 2 * SIZE - 4096, 4096));
    assert_eq!(heap::handed_out(), 4096);
    assert_eq!(heap::room_after(high - 16), None);
    assert!(!System.free_part(start, 2 * SIZE, 4096));
    assert!(System.free(start, 4096));
    assert_eq!(heap::handed_out(), 0);
}
