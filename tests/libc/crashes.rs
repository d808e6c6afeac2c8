// SPDX-License-Identifier: ISC
//! What ends the domain: each case runs in a process of its own, whose console and end are looked at.

use crate::machine::{CRASHED, c, turn};
use crate::ours;
use ours::malloc::{free, malloc, realloc};
use std::process::Command;

type Case = (&'static str, fn(), &'static str);

/// Writes past the end of a block by this many bytes.
fn overflow(size: usize, by: usize) -> *mut u8 {
    let block = malloc(size);
    // SAFETY: not quite: that is what must be found.
    unsafe { block.add(size).write_bytes(b'X', by) };
    block
}

#[allow(
    clippy::undocumented_unsafe_blocks,
    reason = "each case breaks a contract on purpose"
)]
const CASES: &[Case] = &[
    (
        "overflow_by_one",
        || unsafe { free(overflow(24, 1)) },
        "free(): written past the end of block 0x",
    ),
    (
        "overflow_of_nothing",
        || unsafe { free(overflow(0, 1)) },
        "free(): written past the end of block 0x",
    ),
    (
        "overflow_by_eight",
        || unsafe { free(overflow(100, 8)) },
        "free(): written past the end of block 0x",
    ),
    (
        "overflow_without_slack",
        || unsafe { free(overflow(32, 1)) },
        "free(): written past the end of block 0x",
    ),
    (
        "overflow_realloc",
        || unsafe {
            let _ = realloc(overflow(40, 1), 400);
        },
        "realloc(): written past the end of block 0x",
    ),
    (
        "double_free",
        || unsafe {
            let block = malloc(100);
            let _keeps_them_apart = malloc(100);
            free(block);
            free(block);
        },
        "free(): block is free already: 0x",
    ),
    (
        "double_free_joined",
        || unsafe {
            let (a, b) = (malloc(100), malloc(100));
            let _keeps_them_apart = malloc(100);
            free(a);
            free(b);
            free(b);
        },
        "free(): block is free already: 0x",
    ),
    (
        "double_free_joined_on_both_sides",
        || unsafe {
            let (a, b, c) = (malloc(100), malloc(100), malloc(100));
            let _keeps_them_apart = malloc(100);
            free(a);
            free(c);
            free(b);
            free(b);
        },
        "free(): block is free already: 0x",
    ),
    (
        "free_after_realloc",
        || unsafe {
            let (a, b) = (malloc(100), malloc(100));
            let _keeps_them_apart = malloc(100);
            free(a);
            let _moved = realloc(b, 5000);
            free(b);
        },
        "free(): ",
    ),
    (
        "double_free_at_the_top",
        || unsafe {
            let block = malloc(100_000);
            free(block);
            free(block);
        },
        "free(): block is free already: 0x",
    ),
    (
        "realloc_of_freed",
        || unsafe {
            let block = malloc(64);
            let _keeps_them_apart = malloc(64);
            free(block);
            realloc(block, 100);
        },
        "realloc(): block is free already: 0x",
    ),
    (
        "written_after_free",
        || unsafe {
            let block = malloc(100);
            free(block);
            block.add(100).write_bytes(0, 16);
            let _ = malloc(100);
        },
        "malloc(): written to a free block: 0x",
    ),
    (
        "size_of_freed",
        || unsafe {
            let block = malloc(100);
            free(block);
            let _ = ours::malloc::malloc_usable_size(block);
        },
        "malloc_usable_size(): block is free already: 0x",
    ),
    (
        "overwritten_head",
        || unsafe {
            let block = malloc(100);
            block.sub(8).cast::<u64>().write(0xffff_ffff_fff3);
            free(block);
        },
        "free(): not a block of the heap, or its head is overwritten: 0x",
    ),
    (
        "wild_pointer",
        || unsafe { free(std::ptr::without_provenance_mut(0x1000)) },
        "free(): not a block of the heap: 0x1000, called from 0x",
    ),
    (
        "stack_pointer",
        || unsafe {
            let mut local = [0_u128; 4];
            free(local.as_mut_ptr().cast());
        },
        "free(): not a block of the heap: 0x",
    ),
    (
        "inside_of_a_block",
        || unsafe { free(malloc(100).add(16)) },
        "free(): ",
    ),
    (
        "unaligned",
        || unsafe { free(malloc(100).add(1)) },
        "free(): not a block of the heap: 0x",
    ),
    (
        "assertion",
        || unsafe {
            let (a, f, n) = (c("x > 0"), c("file.c"), c("function"));
            ours::assert::__assert_fail(a.as_ptr(), f.as_ptr(), 42, n.as_ptr())
        },
        "file.c:42: function: Assertion `x > 0' failed.",
    ),
    ("abort", || ours::stdlib::abort(), "abort() called"),
    (
        "signal",
        || {
            let _ = ours::signal::raise(15);
        },
        "terminated by signal 15: Terminated",
    ),
    (
        "fortified_copy",
        || unsafe {
            let (mut to, from) = ([0_u8; 8], [1_u8; 9]);
            ours::fortify::__memcpy_chk(to.as_mut_ptr(), from.as_ptr(), 9, 8);
        },
        "*** buffer overflow detected ***: terminated",
    ),
    (
        "fortified_string",
        || unsafe {
            let (mut to, from) = ([0_u8; 8], c("12345678"));
            ours::fortify::__strcpy_chk(to.as_mut_ptr(), from.as_ptr(), 8);
        },
        "*** buffer overflow detected ***: terminated",
    ),
    (
        "waits_for_ever",
        || {
            // SAFETY: with one thread neither is looked at.
            let _ = unsafe {
                ours::pthread::condition::pthread_cond_wait(
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                )
            };
        },
        "pthread_cond_wait: the only thread would wait for ever",
    ),
];

/// Runs the case that the environment names, in the process that the other test starts.
#[test]
fn child() {
    let Some(name) = std::env::var_os("LIBC_TEST_CRASH") else {
        return;
    };
    let _turn = turn();
    let case = CASES
        .iter()
        .find(|case| *case.0 == name)
        .expect("a known case");
    case.1();
    panic!("{} was not found out", case.0);
}

#[test]
fn every_case_says_why() {
    let program = std::env::current_exe().unwrap();
    for &(name, _, text) in CASES {
        let output = Command::new(&program)
            .args([
                "--exact",
                "crashes::child",
                "--nocapture",
                "--test-threads=1",
            ])
            .env("LIBC_TEST_CRASH", name)
            .output()
            .unwrap();
        let console = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(CRASHED), "{name}: {console}");
        assert!(console.contains(text), "{name}: {console}");
    }
}
