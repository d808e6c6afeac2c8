// SPDX-License-Identifier: ISC
//! The scheduler's lists beside a plain model of them, under random use.

mod support;

use libc_core::schedule::{NEVER, Node, Schedule, State};
use support::Random;

const THREADS: u32 = 40;

/// What the lists stand for: the ready ones in order, and who waits, in the order of coming.
#[derive(Default)]
struct Model {
    ready: Vec<u32>,
    waiting: Vec<(u32, usize, u64)>,
}

impl Model {
    fn wake(&mut self, key: usize, most: usize) -> usize {
        let mut woken = 0;
        let ready = &mut self.ready;
        self.waiting.retain(|&(thread, own, _)| {
            let wakes = own == key && woken < most;
            if wakes {
                woken += 1;
                ready.push(thread);
            }
            !wakes
        });
        woken
    }

    /// The earliest first, and of two at one time the one that came first.
    fn expire(&mut self, now: u64) {
        let mut due: Vec<_> = self
            .waiting
            .iter()
            .filter(|w| w.2 <= now && w.2 != NEVER)
            .copied()
            .collect();
        due.sort_by_key(|w| w.2);
        self.waiting.retain(|w| !due.contains(w));
        self.ready.extend(due.iter().map(|w| w.0));
    }
}

#[test]
fn the_lists_are_what_a_plain_model_says() {
    let mut random = Random(7);
    for _ in 0..200 {
        let mut nodes = vec![Node::OUT; THREADS as usize];
        let (mut schedule, mut model) = (Schedule::new(), Model::default());
        let mut out: Vec<u32> = (0..THREADS).collect();
        let mut now = 0;
        for _ in 0..600 {
            // Keys that share buckets, and none.
            let key = [0, 8, 0x1000, 0x1008, 0x41000, 0xfff8][random.below(6) as usize];
            match random.below(6) {
                0 | 1 if !out.is_empty() => {
                    let thread = out.swap_remove(random.below(out.len() as u64) as usize);
                    let deadline = if key == 0 || random.below(2) == 0 {
                        now + random.below(50)
                    } else {
                        NEVER
                    };
                    schedule.wait(&mut nodes, thread, key, deadline);
                    model.waiting.push((thread, key, deadline));
                }
                2 if !out.is_empty() => {
                    let thread = out.swap_remove(random.below(out.len() as u64) as usize);
                    schedule.ready(&mut nodes, thread);
                    model.ready.push(thread);
                }
                3 if key != 0 => {
                    let most = [1, 2, usize::MAX][random.below(3) as usize];
                    assert_eq!(
                        schedule.is_awaited(&nodes, key),
                        model.waiting.iter().any(|w| w.1 == key)
                    );
                    assert_eq!(schedule.wake(&mut nodes, key, most), model.wake(key, most));
                }
                4 => {
                    now += random.below(10);
                    schedule.expire(&mut nodes, now);
                    model.expire(now);
                    let earliest = model.waiting.iter().map(|w| w.2).min().unwrap_or(NEVER);
                    assert_eq!(schedule.earliest(&nodes), earliest);
                }
                5 => {
                    let next = schedule.next(&mut nodes);
                    let wanted = (!model.ready.is_empty()).then(|| model.ready.remove(0));
                    assert_eq!(next, wanted);
                    out.extend(next);
                }
                _ => {}
            }
            for &(thread, key, deadline) in &model.waiting {
                let node = &nodes[thread as usize];
                assert_eq!(
                    (node.state(), node.key(), node.deadline()),
                    (State::Waiting, key, deadline)
                );
            }
            for &thread in &model.ready {
                assert_eq!(nodes[thread as usize].state(), State::Ready);
            }
        }
    }
}

#[test]
fn a_wait_knows_why_it_ended() {
    let mut nodes = [Node::OUT; 3];
    let mut schedule = Schedule::new();
    schedule.wait(&mut nodes, 0, 16, 100);
    schedule.wait(&mut nodes, 1, 16, 100);
    schedule.wait(&mut nodes, 2, 16, NEVER);
    assert_eq!(schedule.wake(&mut nodes, 16, 1), 1);
    schedule.expire(&mut nodes, 100);
    assert!(!nodes[0].was_late() && nodes[1].was_late());
    assert!(schedule.end_wait(&mut nodes, 2, false));
    assert!(!schedule.end_wait(&mut nodes, 2, false), "it waits no more");
    let order: Vec<_> = core::iter::from_fn(|| schedule.next(&mut nodes)).collect();
    assert_eq!(order, [0, 1, 2]);
}
