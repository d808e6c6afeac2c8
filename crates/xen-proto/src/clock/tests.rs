// SPDX-License-Identifier: ISC
//! Reads of the time info and the wall clock against every interleaving with Xen's updates.

extern crate std;

use core::cell::Cell;
use std::vec::Vec;

use super::{VcpuTimeInfo, WallClock};
use crate::model::{self, Mutant};
use crate::sync::Ordering::Relaxed;

/// Xen updates the time info twice; each set of fields is marked by its generation.
fn torn_time_info() -> Result<(), &'static str> {
    let info = model::leak(VcpuTimeInfo::new());
    let step = Cell::new(0_u32);
    model::peer(move || {
        let (generation, at) = (u64::from(step.get() / 6) + 1, step.get() % 6);
        match at {
            0 | 5 => info.version.store(info.version.load(Relaxed) + 1, Relaxed),
            1 => info.tsc_timestamp.store(generation, Relaxed),
            2 => info.system_time.store(generation, Relaxed),
            3 => info.tsc_to_system_mul.store(generation as u32, Relaxed),
            _ => info.tsc_shift.store(generation as i8, Relaxed),
        }
        step.set(step.get() + 1);
        step.get() < 12
    });
    let read_tsc = || info.system_time.load(Relaxed);
    let Some((scale, tsc)) = info.try_read(read_tsc) else {
        model::finish_peer();
        let settled = info.try_read(read_tsc).is_some();
        return if settled {
            Ok(())
        } else {
            Err("a stable time info is refused")
        };
    };
    let fields = [
        scale.tsc_timestamp,
        u64::from(scale.mul),
        scale.shift as u64,
        tsc,
    ];
    match fields.iter().all(|&field| field == scale.system_time) {
        true => Ok(()),
        false => Err("fields of two updates"),
    }
}

fn torn_wall_clock() -> Result<(), &'static str> {
    let clock = model::leak(WallClock::new());
    let step = Cell::new(0);
    model::peer(move || {
        match step.get() {
            0 | 4 => clock
                .version
                .store(clock.version.load(Relaxed) + 1, Relaxed),
            1 => clock.sec.store(1, Relaxed),
            2 => clock.nsec.store(1, Relaxed),
            _ => clock.sec_hi.store(1, Relaxed),
        }
        step.set(step.get() + 1);
        step.get() < 5
    });
    match clock.try_base() {
        None | Some(0) => Ok(()),
        Some(base) if base == ((1 << 32) + 1) * 1_000_000_000 + 1 => Ok(()),
        Some(_) => Err("fields of two updates"),
    }
}

#[test]
fn no_read_is_torn() {
    assert!(model::explore(torn_time_info).unwrap() > 10_000);
    assert!(model::explore(torn_wall_clock).unwrap() > 100);
}

#[test]
fn mutants_are_killed() {
    for mutant in [Mutant::ClockNoSecondLook, Mutant::ClockOddIsStable] {
        assert_eq!(model::kill(mutant, torn_time_info), "fields of two updates");
        assert_eq!(
            model::kill(mutant, torn_wall_clock),
            "fields of two updates"
        );
    }
}

#[test]
fn the_model_itself_is_exhaustive() {
    // Two steps against two accesses: the interleavings are the ways to place two steps into
    // three gaps, of which the last one lies after the last access.
    let seen = core::cell::RefCell::new(Vec::new());
    let run = || {
        let word = model::leak(crate::sync::AtomicU32::new(0));
        let step = Cell::new(0);
        model::peer(move || {
            word.store(word.load(Relaxed) + 1, Relaxed);
            step.set(step.get() + 1);
            step.get() < 2
        });
        let pair = (word.load(Relaxed), word.load(Relaxed));
        seen.borrow_mut().push(pair);
        model::finish_peer();
        match word.load(Relaxed) {
            2 => Ok(()),
            _ => Err("the other side did not finish"),
        }
    };
    model::explore(run).unwrap();
    for pair in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)] {
        assert!(seen.borrow().contains(&pair), "{pair:?}");
    }
}
