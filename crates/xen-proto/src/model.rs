// SPDX-License-Identifier: ISC
//! An exhaustive scheduler: the crate's own code against every interleaving with a model of Xen.
//!
//! In the unit tests all shared memory is made of the atomics below. Before each access they hand
//! control to the explorer, which lets the other side (Xen or a peer, written as a list of steps)
//! take none, one or more of its steps; [`explore`] runs the test again and again until every
//! sequence of choices has been taken once. The guest's code runs as it is, not as a copy.
//!
//! Accesses are sequentially consistent here. On x86 the one reordering to fear besides is a load
//! that passes an earlier store; wherever the crate depends on that order, the earlier access is
//! a read-modify-write, which nothing passes (Intel SDM 3A, 9.2.3.9).
//!
//! [`Mutant`] names each way in which the code has been made wrong on purpose: a test of a race
//! switches its mutant on and expects the explorer to find the failure.

extern crate std;

use core::cell::{Cell, RefCell};
use std::boxed::Box;
use std::rc::Rc;
use std::thread_local;
use std::vec::Vec;

pub use core::sync::atomic::Ordering;

/// Code made wrong on purpose, each to be caught by a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The version is not looked at again after the fields were read.
    ClockNoSecondLook,
    /// An odd version counts as stable.
    ClockOddIsStable,
    /// See the races of `evtchn`, there by the same name.
    EvtchnSelectorBeforeFlag,
    EvtchnWordsBeforeSelector,
    EvtchnClearsWholeWord,
    EvtchnMarksStay,
    EvtchnPendingBeforeUnmask,
    EvtchnForgetsNothing,
    EvtchnLooksBeforeDisable,
    FifoUnlinksInTwoSteps,
    FifoDueBeforeUnlink,
    FifoHeadBeforeReady,
    /// See `evtchn::wait`.
    WaitSelectorBeforeFlag,
    WaitPendingFirst,
    WaitKeepsSelected,
    /// See `evtchn::block`.
    BlockForgetsTheCores,
    BlockTimerHidesOthers,
    BlockTimerIsTold,
    BlockKeepsItToItself,
    /// See `evtchn::switch`.
    SwitchUnmasksLater,
    SwitchDropsFlag,
    SwitchTakesBits,
    /// See the races of `grant`.
    GrantRevokesBlindly,
    GrantFlagsFirst,
    /// See `xenstore::Ring`.
    XenstoreLooksBeforeItTakes,
    /// See `xenstore::watches`.
    WatchesReuseTokens,
    /// See the races of `ring`.
    RingPublishesAfterLook,
    RingSleepsWithoutLook,
}

/// What the other side does when it is given control: one step, or `false` when it has none.
type Peer = Rc<dyn Fn() -> bool>;

thread_local! {
    static MUTANT: Cell<Option<Mutant>> = const { Cell::new(None) };
    static PEER: RefCell<Option<Peer>> = const { RefCell::new(None) };
    static PATH: RefCell<Vec<(usize, usize)>> = const { RefCell::new(Vec::new()) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether `mutant` is the one that is switched on.
pub fn mutated(mutant: Mutant) -> bool {
    MUTANT.get() == Some(mutant)
}

/// A number below `options`, each in turn over the runs of [`explore`].
pub fn choose(options: usize) -> usize {
    let depth = DEPTH.get();
    DEPTH.set(depth + 1);
    PATH.with_borrow_mut(|path| {
        if depth == path.len() {
            path.push((0, options));
        }
        assert_eq!(
            path[depth].1, options,
            "a run must depend on nothing but its choices"
        );
        path[depth].0
    })
}

/// Lets the other side take some of its steps; the atomics call it before each access.
pub fn interleave() {
    let Some(peer) = PEER.with_borrow(Clone::clone) else {
        return;
    };
    if INSIDE.replace(true) {
        return;
    }
    while choose(2) == 1 {
        if !peer() {
            PEER.set(None);
            break;
        }
    }
    INSIDE.set(false);
}

/// Installs the other side for the rest of a run. Its steps may use the same atomics.
pub fn peer(step: impl Fn() -> bool + 'static) {
    PEER.set(Some(Rc::new(step)));
}

/// Lets the other side take all the steps it still has.
pub fn finish_peer() {
    let Some(peer) = PEER.take() else { return };
    INSIDE.set(true);
    while peer() {}
    INSIDE.set(false);
}

/// Runs `f` without the other side: what Xen does under its locks, in a hypercall.
pub fn alone<T>(f: impl FnOnce() -> T) -> T {
    let inside = INSIDE.replace(true);
    let result = f();
    INSIDE.set(inside);
    result
}

/// Runs `run` once for every sequence of choices and returns how many there were, or the first
/// failure.
pub fn explore(run: impl Fn() -> Result<(), &'static str>) -> Result<usize, &'static str> {
    PATH.set(Vec::new());
    let mut runs = 0;
    loop {
        DEPTH.set(0);
        let result = run();
        PEER.set(None);
        runs += 1;
        result?;
        let more = PATH.with_borrow_mut(|path| {
            path.truncate(DEPTH.get());
            while let Some((choice, options)) = path.pop() {
                if choice + 1 < options {
                    path.push((choice + 1, options));
                    return true;
                }
            }
            false
        });
        if !more {
            return Ok(runs);
        }
    }
}

/// [`explore`] with a mutant switched on, which must end in a failure: returns it.
pub fn kill(mutant: Mutant, run: impl Fn() -> Result<(), &'static str>) -> &'static str {
    MUTANT.set(Some(mutant));
    let result = explore(run);
    MUTANT.set(None);
    match result {
        Err(failure) => failure,
        Ok(runs) => panic!("{mutant:?} survives {runs} interleavings"),
    }
}

/// A value that lives as long as the tests do, so that the other side can hold it.
pub fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// Nothing more is needed between sequentially consistent accesses.
pub fn fence(_order: Ordering) {}

macro_rules! atomic {
    ($($name:ident, $int:ty;)*) => {$(
        /// The atomic of `core`, with the explorer before each access.
        pub struct $name(core::sync::atomic::$name);

        #[expect(clippy::allow_attributes, reason = "not every width uses every access")]
        #[allow(dead_code, missing_docs, reason = "not every width uses every access")]
        impl $name {
            pub const fn new(value: $int) -> Self {
                Self(core::sync::atomic::$name::new(value))
            }

            pub fn load(&self, _order: Ordering) -> $int {
                interleave();
                self.0.load(Ordering::SeqCst)
            }

            pub fn store(&self, value: $int, _order: Ordering) {
                interleave();
                self.0.store(value, Ordering::SeqCst);
            }

            pub fn swap(&self, value: $int, _order: Ordering) -> $int {
                interleave();
                self.0.swap(value, Ordering::SeqCst)
            }

            pub fn fetch_or(&self, value: $int, _order: Ordering) -> $int {
                interleave();
                self.0.fetch_or(value, Ordering::SeqCst)
            }

            pub fn fetch_and(&self, value: $int, _order: Ordering) -> $int {
                interleave();
                self.0.fetch_and(value, Ordering::SeqCst)
            }

            pub fn fetch_max(&self, value: $int, _order: Ordering) -> $int {
                interleave();
                self.0.fetch_max(value, Ordering::SeqCst)
            }

            pub fn compare_exchange(
                &self,
                current: $int,
                new: $int,
                _success: Ordering,
                _failure: Ordering,
            ) -> Result<$int, $int> {
                interleave();
                self.0.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
            }
        }
    )*};
}

atomic! {
    AtomicI8, i8;
    AtomicU8, u8;
    AtomicU16, u16;
    AtomicU32, u32;
    AtomicU64, u64;
}
