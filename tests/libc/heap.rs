// SPDX-License-Identifier: ISC
//! The malloc family: contents stay, blocks do not overlap, the accounts balance at every moment.

use crate::machine::{HEAP, turn};
use crate::ours::errno::{EINVAL, ENOMEM, errno, set_errno};
use crate::ours::malloc::*;
use crate::support::{Random, cases};

/// Live and free bytes make up the heap.
#[track_caller]
fn balanced() {
    let info = mallinfo2();
    assert_eq!(malloc_memory_usage(), info.uordblks);
    assert_eq!(info.uordblks + info.fordblks, _nolibc_heap_size());
    assert_eq!(info.arena + info.keepcost, HEAP);
    assert_eq!(info.arena, malloc_footprint());
    assert!(info.uordblks <= info.arena);
}

struct Block {
    at: *mut u8,
    size: usize,
    fill: u8,
}

impl Block {
    fn new(at: *mut u8, size: usize, fill: u8) -> Block {
        assert!(!at.is_null());
        // SAFETY: a new block of this size.
        unsafe {
            at.write_bytes(fill, size);
            assert_eq!(malloc_usable_size(at), size);
        }
        Block { at, size, fill }
    }

    #[track_caller]
    fn check(&self, size: usize) {
        // SAFETY: the block is live.
        let bytes = unsafe { std::slice::from_raw_parts(self.at, size) };
        assert!(bytes.iter().all(|&b| b == self.fill));
    }
}

#[test]
fn random_use() {
    let _turn = turn();
    let before = malloc_memory_usage();
    let mut random = Random(71);
    let mut blocks: Vec<Block> = Vec::new();
    for step in 0..cases() * 5 {
        let most = random.pick(&[8, 64, 300, 3000, 200_000]);
        let size = random.below(most) as usize;
        let fill = random.next() as u8;
        match random.below(10) {
            0..=3 => blocks.push(Block::new(malloc(size), size, fill)),
            4 => {
                let block = calloc(size / 8, 8);
                // SAFETY: a new block of this size.
                assert!(
                    // SAFETY: a new block of this size.
                    unsafe { std::slice::from_raw_parts(block, size / 8 * 8) }
                        .iter()
                        .all(|&b| b == 0)
                );
                blocks.push(Block::new(block, size / 8 * 8, fill));
            }
            5 => {
                let align = 1 << random.below(15);
                let block = memalign(align, size);
                assert_eq!(block.addr() % align, 0);
                blocks.push(Block::new(block, size, fill));
            }
            6 if !blocks.is_empty() => {
                let index = random.below(blocks.len() as u64) as usize;
                let block = &mut blocks[index];
                block.check(block.size);
                let size = size.max(1);
                // SAFETY: the block is live.
                block.at = unsafe { realloc(block.at, size) };
                block.check(block.size.min(size));
                *block = Block::new(block.at, size, fill);
            }
            _ if !blocks.is_empty() => {
                let block = blocks.swap_remove(random.below(blocks.len() as u64) as usize);
                block.check(block.size);
                // SAFETY: the block is live, and forgotten.
                unsafe { free(block.at) };
            }
            _ => {}
        }
        if blocks.len() > 1000 || step % 20_000 == 19_999 {
            for block in blocks.drain(..) {
                block.check(block.size);
                // SAFETY: the block is live, and forgotten.
                unsafe { free(block.at) };
            }
        }
        balanced();
    }
    for block in blocks {
        block.check(block.size);
        // SAFETY: the block is live, and forgotten.
        unsafe { free(block.at) };
    }
    assert_eq!(malloc_memory_usage(), before);
    malloc_trim(0);
    balanced();
}

#[test]
fn exhausted() {
    let _turn = turn();
    let mut blocks = Vec::new();
    loop {
        set_errno(0);
        let block = malloc(1 << 20);
        if block.is_null() {
            break;
        }
        blocks.push(block);
        balanced();
    }
    assert_eq!(errno(), ENOMEM);
    // Nearly all of it could be had.
    assert!(blocks.len() >= (HEAP >> 20) - 3, "{}", blocks.len());
    // Smaller blocks still fit, a large one fails again, and a failed realloc leaves its block alone.
    let small = malloc(1000);
    assert!(!small.is_null());
    // SAFETY: a live block.
    unsafe {
        small.write_bytes(7, 1000);
        assert!(realloc(small, HEAP).is_null());
        assert_eq!(errno(), ENOMEM);
        assert!((0..1000).all(|i| *small.add(i) == 7));
        free(small);
        for block in blocks.drain(..) {
            free(block);
        }
    }
    balanced();
    malloc_trim(0);
    // All of it is one block again.
    let block = malloc(HEAP - (1 << 20));
    assert!(!block.is_null());
    // SAFETY: a live block.
    unsafe { free(block) };
}

#[test]
fn impossible_sizes() {
    let _turn = turn();
    for size in [
        usize::MAX,
        usize::MAX - 7,
        usize::MAX - 4096,
        isize::MAX as usize,
        isize::MAX as usize + 1,
        isize::MAX as usize - 4096,
        1 << 47,
    ] {
        for result in [
            malloc(size),
            calloc(1, size),
            memalign(64, size),
            aligned_alloc(4096, size),
            valloc(size),
            pvalloc(size),
        ] {
            assert!(result.is_null(), "{size:#x}");
        }
        set_errno(0);
        malloc(size);
        assert_eq!(errno(), ENOMEM);
    }
    assert!(calloc(usize::MAX / 2, 3).is_null());
    assert!(calloc(1 << 33, 1 << 33).is_null());
    // SAFETY: NULL is no block.
    assert!(unsafe { reallocarray(std::ptr::null_mut(), usize::MAX, 2) }.is_null());
    for align in [1 << 40, 1 << 62, 1 << 63] {
        assert!(memalign(align, 16).is_null(), "{align:#x}");
    }
    set_errno(0);
    assert!(aligned_alloc(24, 48).is_null());
    assert_eq!(errno(), EINVAL);
    let mut place = std::ptr::without_provenance_mut(1);
    // SAFETY: a writable place.
    unsafe {
        // Negative, unlike POSIX: what mirage-xen and io-page test for.
        assert_eq!(posix_memalign(&raw mut place, 24, 16), -EINVAL);
        assert_eq!(posix_memalign(&raw mut place, 4, 16), -EINVAL);
        assert_eq!(posix_memalign(&raw mut place, 4096, 1 << 46), -ENOMEM);
        assert_eq!(place.addr(), 1);
        assert_eq!(posix_memalign(&raw mut place, 4096, 4096), 0);
        assert_eq!(place.addr() % 4096, 0);
        free(place);
    }
    balanced();
}

#[test]
fn edges() {
    let _turn = turn();
    let before = malloc_memory_usage();
    // SAFETY: live blocks or NULL.
    unsafe {
        free(std::ptr::null_mut());
        let (a, b) = (malloc(0), malloc(0));
        assert!(!a.is_null() && !b.is_null() && a != b);
        assert_eq!(malloc_usable_size(a), 0);
        assert!(realloc(a, 0).is_null());
        free(b);
        let c = realloc(std::ptr::null_mut(), 10);
        assert!(!c.is_null());
        assert_eq!(realloc(c, 8), c);
        free(c);
        // In place while there is room behind.
        let d = malloc(1000);
        let e = realloc(d, 3000);
        assert_eq!(d, e);
        free(e);
    }
    assert_eq!(malloc_memory_usage(), before);
}

/// A block that is more than half of what is free cannot move; it grows all the same, and shrinks.
#[test]
fn grows_where_it_is() {
    let _turn = turn();
    malloc_trim(0);
    let room = mallinfo2().fordblks / 10;
    let block = malloc(6 * room);
    assert!(!block.is_null());
    // SAFETY: a live block of the size given last.
    unsafe {
        block.write_bytes(3, 4096);
        for tenths in [7, 8, 9, 4, 8, 1] {
            assert_eq!(realloc(block, tenths * room), block, "{tenths}");
            assert_eq!(malloc_usable_size(block), tenths * room);
            balanced();
        }
        assert!((0..4096).all(|i| *block.add(i) == 3));
        // Not with another one behind it.
        let behind = malloc(100_000);
        assert!(realloc(block, 9 * room).is_null());
        assert_eq!(malloc_usable_size(block), room);
        free(behind);
        free(block);
    }
    balanced();
}

/// Memory comes as the domain got it: calloc clears it, new or used before.
#[test]
fn calloc_clears() {
    let _turn = turn();
    for size in [1, 24, 100, 5000, 300_000] {
        for _ in 0..3 {
            let block = calloc(size, 1);
            // SAFETY: a live block of this size.
            unsafe {
                assert!((0..size).all(|i| *block.add(i) == 0), "{size}");
                block.write_bytes(0xff, size);
                free(block);
            }
        }
    }
}

#[test]
fn mappings() {
    use crate::ours::mman::{mmap, munmap};
    let _turn = turn();
    // SAFETY: mappings of this test's own.
    unsafe {
        // The first one makes the map of pages, which stays.
        munmap(mmap(std::ptr::null_mut(), 1, 3, 0x22, -1, 0), 1);
        let before = malloc_memory_usage();
        let map = mmap(std::ptr::null_mut(), 10_000, 3, 0x22, -1, 0);
        assert_eq!(map.addr() % 4096, 0);
        assert!((0..12_288).all(|i| *map.add(i) == 0));
        map.write_bytes(1, 12_288);
        assert_eq!(munmap(map, 4096), 0);
        assert_eq!(munmap(map.add(8192), 4096), 0);
        assert!(malloc_memory_usage() > before);
        // Not mapped any more: passed over, as Linux does.
        assert_eq!(munmap(map, 4096), 0);
        assert_eq!(munmap(map.add(4096), 4096), 0);
        assert_eq!(malloc_memory_usage(), before);
        assert_eq!(
            mmap(std::ptr::null_mut(), 1 << 46, 3, 0x22, -1, 0).addr(),
            usize::MAX
        );
        assert_eq!(errno(), ENOMEM);
        assert_eq!(
            mmap(std::ptr::null_mut(), 0, 3, 0x22, -1, 0).addr(),
            usize::MAX
        );
        assert_eq!(
            mmap(std::ptr::null_mut(), 4096, 3, 2, 7, 0).addr(),
            usize::MAX
        );
    }
}

/// Mappings and blocks share the heap: what one gives back, the other can have, from between too.
#[test]
fn mappings_and_blocks_share() {
    use crate::ours::mman::{mmap, munmap};
    const PIECE: usize = 64 << 10;
    let _turn = turn();
    let map = || mmap(std::ptr::null_mut(), PIECE, 3, 0x22, -1, 0);
    let fill = || {
        let mut pieces = Vec::new();
        loop {
            let piece = map();
            if piece.addr() == usize::MAX {
                assert_eq!(errno(), ENOMEM);
                return pieces;
            }
            pieces.push(piece);
        }
    };
    // SAFETY: mappings and blocks of this test's own.
    unsafe {
        let pieces = fill();
        assert!(pieces.len() * PIECE > HEAP / 2, "{}", pieces.len());
        assert!(malloc(2 * PIECE).is_null());
        balanced();
        // Every second one is given back: blocks go there.
        for piece in pieces.iter().step_by(2) {
            assert_eq!(munmap(*piece, PIECE), 0);
        }
        let blocks: Vec<_> = (0..pieces.len() / 4)
            .map(|_| Block::new(malloc(PIECE / 2), PIECE / 2, 7))
            .collect();
        balanced();
        for block in blocks {
            block.check(PIECE / 2);
            free(block.at);
        }
        for piece in pieces.iter().skip(1).step_by(2) {
            assert_eq!(munmap(*piece, PIECE), 0);
        }
        malloc_trim(0);
        balanced();
        // As much as at first, and one block of most of it once that is given back.
        let again = fill();
        assert!(
            again.len() + 2 >= pieces.len(),
            "{} then {}",
            pieces.len(),
            again.len()
        );
        for piece in again {
            assert_eq!(munmap(piece, PIECE), 0);
        }
        let most = malloc(HEAP / 2);
        assert!(!most.is_null());
        free(most);
        balanced();
    }
}
