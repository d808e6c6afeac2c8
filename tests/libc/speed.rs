// SPDX-License-Identifier: ISC
//! How fast the surface is beside the host's libc, in one process. Not run with the other tests:
//!
//!     cargo test --release --test libc speed -- --ignored --nocapture
//!
//! Prints a table and writes the rows to `target/bench-libc.json`, in the form of `target/bench.json`.

use crate::machine::{c, turn};
use crate::ours::{memory, stdio, stdlib};
use crate::trace::{Heap, Trace};
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

/// What two ways of doing the same take: medians, of ours and of the host's, in nanoseconds a call, and the median of
/// their ratio. Short rounds of both take turns, so that what else the machine does falls on both alike.
struct Times {
    ours: f64,
    host: f64,
    ratio: f64,
}

fn times(mut ours: impl FnMut(), mut host: impl FnMut()) -> Times {
    fn round(calls: u32, call: &mut dyn FnMut(u32)) -> f64 {
        let start = Instant::now();
        call(calls);
        start.elapsed().as_nanos() as f64 / f64::from(calls)
    }
    let mut ours = |calls| (0..calls).for_each(|_| ours());
    let mut host = |calls| (0..calls).for_each(|_| host());
    let mut calls = 1;
    while round(calls, &mut host) * f64::from(calls) < 5e4 && calls < 1 << 24 {
        calls *= 2;
    }
    let rounds: Vec<[f64; 2]> = (0..101)
        .map(|_| [round(calls, &mut ours), round(calls, &mut host)])
        .collect();
    let median = |of: &dyn Fn(&[f64; 2]) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Times {
        ours: median(&|r| r[0]),
        host: median(&|r| r[1]),
        ratio: median(&|r| r[1] / r[0]),
    }
}

struct Table {
    json: String,
}

impl Table {
    /// A row: how long ours and the host's take; met if the host's speed times `goal` is reached.
    fn row(&mut self, name: &str, goal: f64, times: &Times) {
        let Times { ours, host, ratio } = times;
        let met = *ratio >= goal;
        println!(
            "{name:28} {ours:10.1} ns {host:10.1} ns {ratio:6.2} {}",
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
    type Copy = unsafe extern "C" fn(*mut u8, *const u8, usize) -> *mut u8;
    type Fill = unsafe extern "C" fn(*mut u8, i32, usize) -> *mut u8;
    type Compare = unsafe extern "C" fn(*const u8, *const u8, usize) -> i32;
    type Find = unsafe extern "C" fn(*const u8, i32, usize) -> *const u8;
    type Length = unsafe extern "C" fn(*const u8) -> usize;
    unsafe extern "C" {
        #[link_name = "memcpy"]
        fn host_memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8;
        #[link_name = "memmove"]
        fn host_memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8;
        #[link_name = "memset"]
        fn host_memset(to: *mut u8, byte: i32, size: usize) -> *mut u8;
        #[link_name = "memcmp"]
        fn host_memcmp(a: *const u8, b: *const u8, size: usize) -> i32;
        #[link_name = "memchr"]
        fn host_memchr(start: *const u8, byte: i32, size: usize) -> *const u8;
        #[link_name = "strlen"]
        fn host_strlen(text: *const u8) -> usize;
    }
    // Pointers that the compiler knows nothing of: it inlines neither and calls both alike.
    let copy: [Copy; 2] = black_box([memory::memcpy, host_memcpy]);
    let shift: [Copy; 2] = black_box([memory::memmove, host_memmove]);
    let fill: [Fill; 2] = black_box([memory::memset, host_memset]);
    let compare: [Compare; 2] = black_box([memory::memcmp, host_memcmp]);
    let find: [Find; 2] = black_box([memory::memchr, host_memchr]);
    let length: [Length; 2] = black_box([memory::strlen, host_strlen]);
    let mut from = vec![1_u8; (1 << 20) + 4096];
    let mut to = vec![1_u8; (1 << 20) + 4096];
    let aligned = |block: &mut [u8]| {
        block
            .as_mut_ptr()
            .wrapping_add(block.as_ptr().align_offset(64))
    };
    // Half a page apart, or else each load would wait for a store to the same place of another page.
    let (from, to) = (aligned(&mut from), aligned(&mut to).wrapping_add(2048 + 64));
    for size in [
        8,
        16,
        32,
        64,
        100,
        128,
        256,
        512,
        1024,
        4096,
        16_384,
        65_536,
        1 << 20,
    ] {
        for skew in [0, 3] {
            let (f, t) = (from.wrapping_add(skew), to.wrapping_add(skew * 2));
            let mut row = |function: &str, both| {
                let place = if skew == 0 { "" } else { " unaligned" };
                table.row(&format!("{function} {size}{place}"), 0.9, &both);
            };
            // SAFETY: both buffers have `size` bytes and more from here on.
            unsafe {
                macro_rules! both {
                    ($functions:ident($($argument:expr),*)) => {
                        times(
                            || {
                                black_box($functions[0]($(black_box($argument)),*));
                            },
                            || {
                                black_box($functions[1]($(black_box($argument)),*));
                            },
                        )
                    };
                }
                row("memcpy", both!(copy(t, f, size)));
                row("memmove", both!(shift(t, f, size)));
                row("memset", both!(fill(t, 1, size)));
                row("memcmp", both!(compare(t, f, size)));
                row("memchr", both!(find(t, 9, size)));
                *t.add(size - 1) = 0;
                row("strlen", both!(length(t)));
                *t.add(size - 1) = 1;
            }
        }
    }
}

fn texts(table: &mut Table) {
    type Snprintf = unsafe extern "C" fn(*mut u8, usize, *const u8, ...) -> i32;
    type Strtod = unsafe extern "C" fn(*const u8, *mut *const u8) -> f64;
    type Strtol = unsafe extern "C" fn(*const u8, *mut *const u8, i32) -> i64;
    unsafe extern "C" {
        #[link_name = "snprintf"]
        fn host_snprintf(to: *mut u8, size: usize, format: *const u8, ...) -> i32;
        #[link_name = "strtod"]
        fn host_strtod(text: *const u8, end: *mut *const u8) -> f64;
        #[link_name = "strtol"]
        fn host_strtol(text: *const u8, end: *mut *const u8, base: i32) -> i64;
    }
    // SAFETY: the entry takes variable arguments.
    let print: Snprintf = unsafe {
        std::mem::transmute(
            stdio::printf::snprintf as unsafe extern "C" fn(*mut u8, usize, *const u8) -> i32,
        )
    };
    let print: [Snprintf; 2] = black_box([print, host_snprintf]);
    let to_double: [Strtod; 2] = black_box([stdlib::strtod, host_strtod]);
    let to_long: [Strtol; 2] = black_box([stdlib::strtol, host_strtol]);
    let mut buffer = [0_u8; 400];
    let b = buffer.as_mut_ptr();
    let word = c("some words");
    macro_rules! print {
        ($format:literal, $($argument:expr),*) => {
            let format = c($format);
            // SAFETY: the arguments are those that the format names.
            unsafe {
                let both = times(
                    || {
                        print[0](black_box(b), 400, format.as_ptr(), $($argument),*);
                    },
                    || {
                        print[1](black_box(b), 400, format.as_ptr(), $($argument),*);
                    },
                );
                table.row(concat!("snprintf ", $format), 1.0, &both);
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
        let both = times(
            || unsafe {
                black_box(to_double[0](
                    black_box(bytes.as_ptr()),
                    std::ptr::null_mut(),
                ));
            },
            // SAFETY: terminated.
            || unsafe {
                black_box(to_double[1](
                    black_box(bytes.as_ptr()),
                    std::ptr::null_mut(),
                ));
            },
        );
        table.row(&format!("strtod {text}"), 1.0, &both);
    }
    let bytes = c("-1234567");
    let both = times(
        // SAFETY: terminated.
        || unsafe {
            black_box(to_long[0](
                black_box(bytes.as_ptr()),
                std::ptr::null_mut(),
                10,
            ));
        },
        // SAFETY: terminated.
        || unsafe {
            black_box(to_long[1](
                black_box(bytes.as_ptr()),
                std::ptr::null_mut(),
                10,
            ));
        },
    );
    table.row("strtol", 1.0, &both);
}

fn heap(table: &mut Table) {
    let [ours, host] = black_box([Heap::OURS, Heap::HOST]);
    // SAFETY: blocks of the heap that made them.
    let both = unsafe {
        times(
            || (ours.put)(black_box((ours.get)(64))),
            || (host.put)(black_box((host.get)(64))),
        )
    };
    table.row("malloc and free 64", 0.9, &both);
    let traces = [
        ("small", Trace::mixed(200)),
        ("mixed", Trace::mixed(5_000)),
        ("large", Trace::mixed(200_000)),
        ("of an OCaml program", Trace::recorded()),
    ];
    for (name, trace) in traces {
        let mut places = [trace.places(), trace.places()];
        let [of_ours, of_host] = &mut places;
        let mut both = times(
            || trace.replay(ours, of_ours, || {}),
            || trace.replay(host, of_host, || {}),
        );
        both.ours /= trace.calls.len() as f64;
        both.host /= trace.calls.len() as f64;
        table.row(&format!("heap trace, {name}"), 0.9, &both);
    }
}
