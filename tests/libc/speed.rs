// SPDX-License-Identifier: ISC
//! How fast the surface is beside the host's libc, in one process. Not run with the other tests:
//!
//!     cargo test --release --test libc speed -- --ignored --nocapture
//!
//! Prints a table and writes the rows to `target/bench-libc.json`, in the form of `target/bench.json`.

use crate::machine::{c, turn};
use crate::ours::{malloc, memory, stdio, stdlib};
use crate::support::Random;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

/// The least time of one call, in nanoseconds, over several rounds.
fn time(mut call: impl FnMut()) -> f64 {
    let mut calls = 1;
    loop {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        if start.elapsed().as_micros() > 2000 {
            break;
        }
        calls *= 2;
    }
    let round = || {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / f64::from(calls)
    };
    std::iter::repeat_with(round)
        .take(7)
        .fold(f64::INFINITY, f64::min)
}

struct Table {
    json: String,
}

impl Table {
    /// A row: how long ours and the host's take; met if the host's speed times `goal` is reached.
    fn row(&mut self, name: &str, goal: f64, ours: f64, host: f64) {
        let met = host / ours >= goal;
        println!(
            "{name:28} {ours:10.1} ns {host:10.1} ns {:6.2} {}",
            host / ours,
            if met { "" } else { "below goal" }
        );
        let comma = if self.json.is_empty() { "" } else { ",\n" };
        let bound = host / goal;
        write!(
            self.json,
            "{comma}  {{\"name\": \"libc {name}\", \"unit\": \"ns\", \"ours\": {ours:.2}, \"peer\": {host:.2}, \"goal\": {bound:.2}, \"met\": {met}}}"
        )
        .unwrap();
    }
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    let _turn = turn();
    let mut table = Table {
        json: String::new(),
    };
    blocks(&mut table);
    texts(&mut table);
    heap(&mut table);
    std::fs::create_dir_all("target").unwrap();
    std::fs::write("target/bench-libc.json", format!("[\n{}\n]\n", table.json)).unwrap();
}

fn blocks(table: &mut Table) {
    let mut from = vec![1_u8; (1 << 20) + 64];
    let mut to = vec![1_u8; (1 << 20) + 64];
    for size in [8, 32, 100, 256, 1024, 4096, 65_536, 1 << 20] {
        for skew in [0, 3] {
            let (f, t) = (
                from.as_mut_ptr().wrapping_add(skew),
                to.as_mut_ptr().wrapping_add(skew * 2),
            );
            let name = |function: &str| {
                format!(
                    "{function} {size}{}",
                    if skew == 0 { "" } else { " unaligned" }
                )
            };
            // SAFETY: both buffers have `size` bytes and 64 more.
            unsafe {
                macro_rules! both {
                    ($name:literal, $ours:expr, $host:expr) => {
                        let ours = time(|| {
                            black_box($ours);
                        });
                        let host = time(|| {
                            black_box($host);
                        });
                        table.row(&name($name), 0.9, ours, host);
                    };
                }
                both!(
                    "memcpy",
                    memory::memcpy(black_box(t), f, size),
                    libc::memcpy(black_box(t).cast(), f.cast(), size)
                );
                both!(
                    "memmove",
                    memory::memmove(black_box(t), f, size),
                    libc::memmove(black_box(t).cast(), f.cast(), size)
                );
                both!(
                    "memset",
                    memory::memset(black_box(t), 1, size),
                    libc::memset(black_box(t).cast(), 1, size)
                );
                both!(
                    "memcmp",
                    memory::memcmp(black_box(t), f, size),
                    libc::memcmp(black_box(t).cast(), f.cast(), size)
                );
                both!(
                    "memchr",
                    memory::memchr(black_box(t), 9, size),
                    libc::memchr(black_box(t).cast(), 9, size)
                );
                *t.add(size - 1) = 0;
                both!(
                    "strlen",
                    memory::strlen(black_box(t)),
                    libc::strlen(black_box(t).cast())
                );
                *t.add(size - 1) = 1;
            }
        }
    }
}

fn texts(table: &mut Table) {
    type Snprintf = unsafe extern "C" fn(*mut u8, usize, *const u8, ...) -> i32;
    // SAFETY: the entry takes variable arguments.
    let print: Snprintf = unsafe {
        std::mem::transmute(
            stdio::printf::snprintf as unsafe extern "C" fn(*mut u8, usize, *const u8) -> i32,
        )
    };
    let mut buffer = [0_u8; 400];
    let b = buffer.as_mut_ptr();
    let word = c("some words");
    macro_rules! print {
        ($format:literal, $($argument:expr),*) => {
            let format = c($format);
            // SAFETY: the arguments are those that the format names.
            unsafe {
                let ours = time(|| {
                    print(black_box(b), 400, format.as_ptr(), $($argument),*);
                });
                let host = time(|| {
                    libc::snprintf(black_box(b).cast(), 400, format.as_ptr().cast(), $($argument),*);
                });
                table.row(concat!("snprintf ", $format), 1.0, ours, host);
            }
        };
    }
    print!("%d", 42);
    print!("%ld", 1_234_567_890_123_456_789_i64);
    print!("%08x", 0xbeef);
    print!("%s", word.as_ptr());
    print!("%d %s %d %s", 1, word.as_ptr(), 2, word.as_ptr());
    print!("%g", 0.1);
    print!("%.12g %d", 3.25, 7);
    print!("%.17g", 0.1);
    print!("%f", 12345.678);
    print!("%.3f", 0.0005);
    print!("%e", 6.02e23);
    print!("%.17g at 1e300", 1.2345e300);
    print!("%.17g at 1e-300", 1.2345e-300);
    print!("%a", 0.1);
    for text in [
        "1",
        "0.1",
        "3.14159",
        "123456789",
        "1.7976931348623157e308",
        "0.12345678901234567",
        "2.2250738585072011e-308",
        "8.5e-10",
    ] {
        let bytes = c(text);
        // SAFETY: terminated.
        let ours = time(|| unsafe {
            black_box(stdlib::strtod(
                black_box(bytes.as_ptr()),
                std::ptr::null_mut(),
            ));
        });
        // SAFETY: terminated.
        let host = time(|| unsafe {
            black_box(libc::strtod(
                black_box(bytes.as_ptr()).cast(),
                std::ptr::null_mut(),
            ));
        });
        table.row(&format!("strtod {text}"), 1.0, ours, host);
    }
    let bytes = c("-1234567");
    // SAFETY: terminated.
    let ours = time(|| unsafe {
        black_box(stdlib::strtol(
            black_box(bytes.as_ptr()),
            std::ptr::null_mut(),
            10,
        ));
    });
    // SAFETY: terminated.
    let host = time(|| unsafe {
        black_box(libc::strtol(
            black_box(bytes.as_ptr()).cast(),
            std::ptr::null_mut(),
            10,
        ));
    });
    table.row("strtol", 1.0, ours, host);
}

/// Allocates and frees as a trace says: sizes and slots, each slot's block freed when it is used again.
fn replay(
    trace: &[(usize, usize)],
    slots: &mut [*mut u8],
    get: impl Fn(usize) -> *mut u8,
    put: impl Fn(*mut u8),
) {
    for &(slot, size) in trace {
        if !slots[slot].is_null() {
            put(slots[slot]);
        }
        slots[slot] = get(size);
        // SAFETY: a new block of at least one byte.
        unsafe { slots[slot].write(1) };
    }
    for slot in slots {
        if !slot.is_null() {
            put(*slot);
            *slot = std::ptr::null_mut();
        }
    }
}

fn heap(table: &mut Table) {
    // SAFETY: blocks of the heap that made them.
    unsafe {
        let ours = time(|| malloc::free(black_box(malloc::malloc(64))));
        let host = time(|| libc::free(black_box(libc::malloc(64))));
        table.row("malloc and free 64", 0.9, ours, host);
    }
    let mut random = Random(91);
    for (name, most) in [("small", 200), ("mixed", 5000), ("large", 200_000)] {
        let trace: Vec<(usize, usize)> = (0..20_000)
            .map(|_| {
                let size = 1 + random.below(most) as usize;
                (
                    random.below(500) as usize,
                    if random.one_in(2) {
                        size
                    } else {
                        1 + size % 64
                    },
                )
            })
            .collect();
        let mut slots = vec![std::ptr::null_mut(); 500];
        // SAFETY: blocks of the heap that made them.
        #[allow(clippy::redundant_closure, reason = "C functions are no closures")]
        let ours = time(|| {
            replay(
                &trace,
                &mut slots,
                |s| malloc::malloc(s),
                // SAFETY: blocks of the heap that made them.
                |b| unsafe { malloc::free(b) },
            )
        });
        // SAFETY: as above.
        let host = time(|| {
            replay(
                &trace,
                &mut slots,
                // SAFETY: blocks of the heap that made them.
                |s| unsafe { libc::malloc(s).cast() },
                // SAFETY: blocks of the heap that made them.
                |b| unsafe { libc::free(b.cast()) },
            )
        });
        table.row(
            &format!("heap trace, {name}"),
            0.9,
            ours / 20_000.0,
            host / 20_000.0,
        );
    }
}
