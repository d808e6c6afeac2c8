// SPDX-License-Identifier: ISC
//! Xen's clock arithmetic against a calculation in wider numbers, and time that never goes back.

use crate::common::{Random, cases};
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::clock::*;

fn scale(tsc_timestamp: u64, system_time: u64, mul: u32, shift: i8) -> Scale {
    Scale {
        tsc_timestamp,
        system_time,
        mul,
        shift,
    }
}

#[test]
fn known_rates() {
    // 1 GHz: one tick is one ns.
    let one = scale(1000, 5_000_000, 1 << 31, 1);
    assert_eq!(one.at(1000), 5_000_000);
    assert_eq!(one.at(3500), 5_002_500);
    // 2.5 GHz, 10 s on.
    let fast = scale(0, 0, 0xcccc_cccc, -1);
    assert!(fast.at(25_000_000_000).abs_diff(10_000_000_000) < 10);
    // A timestamp just below zero.
    let negative = scale(0_u64.wrapping_sub(600), 7, 1 << 31, 1);
    assert_eq!(negative.at(400), 1007);
    // A counter a little before the timestamp.
    assert_eq!(one.at(999), 5_000_000);
}

#[test]
fn against_wide_arithmetic() {
    let mut random = Random::new(10);
    for _ in 0..cases(100_000) {
        let ticks = random.next() >> random.below(64) >> 1;
        let (stamp, system_time) = (random.next(), random.next());
        let (mul, shift) = (random.next() as u32, random.below(31) as i8 - 20);
        let exact = match shift {
            0.. => u128::from(ticks << shift) * u128::from(mul),
            _ => u128::from(ticks >> -shift) * u128::from(mul),
        };
        let expected = system_time.wrapping_add((exact >> 32) as u64);
        assert_eq!(
            scale(stamp, system_time, mul, shift).at(stamp.wrapping_add(ticks)),
            expected
        );
    }
    for shift in i8::MIN..=i8::MAX {
        // No shift panics, however wrong.
        scale(0, 0, u32::MAX, shift).at(u64::MAX >> 1);
    }
}

#[test]
fn one_update() {
    let info = VcpuTimeInfo::new();
    info.tsc_timestamp.store(100, Relaxed);
    info.system_time.store(1_000, Relaxed);
    info.tsc_to_system_mul.store(1 << 31, Relaxed);
    info.tsc_shift.store(2, Relaxed);
    info.version.store(6, Relaxed);
    assert_eq!(info.system_time(|| 150), 1_100);
    info.version.store(7, Relaxed);
    assert_eq!(info.try_read(|| 150), None);
    // An update while the counter is read.
    info.version.store(8, Relaxed);
    let read = info.try_read(|| {
        info.version.store(10, Relaxed);
        150
    });
    assert_eq!(read, None);
}

#[test]
fn wall_clock() {
    let clock = WallClock::new();
    clock.sec.store(1_700_000_000, Relaxed);
    clock.nsec.store(42, Relaxed);
    assert_eq!(clock.base(), 1_700_000_000_000_000_042);
    clock.sec_hi.store(1, Relaxed);
    assert_eq!(
        clock.base(),
        (1_700_000_000 + (1 << 32)) * 1_000_000_000 + 42
    );
    clock.sec_hi.store(u32::MAX, Relaxed);
    assert_eq!(clock.base(), u64::MAX);
    clock.version.store(1, Relaxed);
    assert_eq!(clock.try_base(), None);
}

#[test]
fn never_back() {
    let clock = Monotonic::new();
    let mut random = Random::new(11);
    let mut last = 0;
    for _ in 0..cases(10_000) {
        let now = clock.now(random.next() >> random.below(64));
        assert!(now >= last);
        last = now;
    }
    // A restore on a host that started a moment ago.
    let clock = Monotonic::new();
    assert_eq!(clock.now(5_000_000), 5_000_000);
    clock.resume(300);
    assert_eq!(clock.now(300), 5_000_000);
    assert_eq!(clock.now(1_300), 5_001_000);
    assert_eq!(clock.deadline(5_002_000, 1_300), Some(2_300));
}

#[test]
fn deadlines() {
    let clock = Monotonic::new();
    assert_eq!(clock.deadline(2_000, 1_000), Some(2_000));
    assert_eq!(clock.deadline(1_000, 1_000), None);
    assert_eq!(clock.deadline(999, 1_000), None);
    assert_eq!(clock.deadline(0, 1_000), None);
    assert_eq!(
        clock.deadline(u64::MAX, 1_000),
        Some(1_000 + FURTHEST_TIMER)
    );
}

#[test]
fn layout() {
    use std::mem::{offset_of, size_of};
    assert_eq!(size_of::<VcpuTimeInfo>(), TIME_INFO_SIZE);
    assert_eq!(offset_of!(VcpuTimeInfo, system_time), 16);
    assert_eq!(offset_of!(VcpuTimeInfo, tsc_shift), 28);
    assert_eq!(size_of::<WallClock>(), 16);
}
