// SPDX-License-Identifier: ISC
//! Sorting and searching by index (C11 7.22.5), so that one copy of the code serves every element
//! size. The comparison may be inconsistent: indices stay in range and the work stays bounded.

use core::cmp::Ordering;

/// What is sorted, seen through indices below its length.
pub trait Elements {
    /// Compares two elements.
    fn compare(&mut self, a: usize, b: usize) -> Ordering;
    /// Exchanges two elements.
    fn swap(&mut self, a: usize, b: usize);
}

/// Ranges up to this length are sorted by insertion.
const SHORT: usize = 12;

/// Sorts `length` elements: quicksort with the median of three, heapsort where that degenerates.
pub fn sort(elements: &mut dyn Elements, length: usize) {
    let depth = 2 * (usize::BITS - length.leading_zeros());
    quicksort(elements, 0, length, depth);
}

fn quicksort(elements: &mut dyn Elements, mut low: usize, mut high: usize, mut depth: u32) {
    while high - low > SHORT {
        if depth == 0 {
            return heapsort(elements, low, high);
        }
        depth -= 1;
        let middle = partition(elements, low, high);
        // Recurse into the smaller side, so that the stack stays logarithmic.
        if middle - low < high - middle {
            quicksort(elements, low, middle, depth);
            low = middle + 1;
        } else {
            quicksort(elements, middle + 1, high, depth);
            high = middle;
        }
    }
    for next in low + 1..high {
        let mut at = next;
        while at > low && elements.compare(at - 1, at) == Ordering::Greater {
            elements.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Splits `low..high` around a pivot and returns where the pivot came to lie.
fn partition(elements: &mut dyn Elements, low: usize, high: usize) -> usize {
    let middle = low + (high - low) / 2;
    // The median of three goes to `low`.
    let last = high - 1;
    if elements.compare(middle, low) == Ordering::Less {
        elements.swap(middle, low);
    }
    if elements.compare(last, low) == Ordering::Less {
        elements.swap(last, low);
    }
    if elements.compare(last, middle) == Ordering::Less {
        elements.swap(last, middle);
    }
    elements.swap(low, middle);
    let (mut left, mut right) = (low, high);
    loop {
        // The bounds are checked on both sides because the comparison may lie.
        loop {
            left += 1;
            if left >= high || elements.compare(left, low) != Ordering::Less {
                break;
            }
        }
        loop {
            right -= 1;
            if right <= low || elements.compare(right, low) != Ordering::Greater {
                break;
            }
        }
        if left >= right {
            break;
        }
        elements.swap(left, right);
    }
    elements.swap(low, right);
    right
}

fn heapsort(elements: &mut dyn Elements, low: usize, high: usize) {
    let length = high - low;
    for root in (0..length / 2).rev() {
        sift(elements, low, root, length);
    }
    for end in (1..length).rev() {
        elements.swap(low, low + end);
        sift(elements, low, 0, end);
    }
}

fn sift(elements: &mut dyn Elements, low: usize, mut root: usize, end: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child >= end {
            return;
        }
        if child + 1 < end && elements.compare(low + child, low + child + 1) == Ordering::Less {
            child += 1;
        }
        if elements.compare(low + root, low + child) != Ordering::Less {
            return;
        }
        elements.swap(low + root, low + child);
        root = child;
    }
}

/// Finds an element by halving: `compare` says how the key stands to the element of that index.
pub fn search(length: usize, compare: &mut dyn FnMut(usize) -> Ordering) -> Option<usize> {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(middle) {
            Ordering::Equal => return Some(middle),
            Ordering::Less => high = middle,
            Ordering::Greater => low = middle + 1,
        }
    }
    None
}
