// SPDX-License-Identifier: ISC
//! Whose turn it is. With nobody to run, the processor sleeps until the first wait's time, or until something is typed if
//! somebody waits for that; where neither can come, all threads wait for each other, and the domain ends with a word.

use super::super::errno;
use super::super::platform::{self, Cell, Part, crash, input_ready, monotonic};
use super::super::pthread::keys;
use super::super::{signal, tls};
use super::table::{self, Thread, nodes};
use super::wait::{INPUT, NEVER, Others};
use super::{report, switch, wait};
use libc_core::schedule::Schedule;

/// How long a thread may run while others could, in ns, if it calls libc at all. OCaml's own slice is 50 ms.
const SLICE: u64 = 10_000_000;
/// After how many calls the clock is looked at.
const CALLS: u32 = 64;

static SCHEDULE: Cell<Schedule> = Cell::new(Schedule::new());
/// When the running thread's turn began, in ns; 0 where nobody has asked yet.
static SINCE: Cell<u64> = Cell::new(0);
static CALLS_LEFT: Cell<u32> = Cell::new(CALLS);
/// A thread that ended on the stack that it still stood on.
static LEFT_BEHIND: Cell<u64> = Cell::new(0);

static OTHERS: Others = Others {
    wait: wait_for,
    wake,
    pass,
    tick,
};

fn schedule() -> &'static mut Schedule {
    // SAFETY: the cell is valid, and no borrow outlives a statement of this file.
    unsafe { &mut *SCHEDULE.as_ptr() }
}

/// Makes waits go through here, from the first `pthread_create` on.
pub(super) fn begin() {
    if !wait::is_alone() {
        return;
    }
    let first = table::at(0).expect("the first thread");
    first.tls = tls::Block::of_this_thread();
    first.values = keys::this();
    let (low, high) = super::super::unistd::stack();
    first.stack = super::stack::Stack::foreign(low..high);
    wait::set_others(&OTHERS);
    report::register();
    preempt_ocaml();
}

/// The thread that runs.
pub(super) fn this() -> &'static mut Thread {
    table::at(table::index(wait::this())).expect("the running thread")
}

fn number(thread: &Thread) -> u32 {
    table::index(thread.id) as u32
}

/// The thread, which is new or waits for nothing, can run.
pub(super) fn ready(thread: &Thread) {
    schedule().ready(nodes(), number(thread));
}

/// Has the thread look at its signals, though what it waits for has not come.
pub(super) fn interrupt(thread: &Thread) {
    schedule().end_wait(nodes(), number(thread), false);
}

fn wait_for(key: usize, deadline: u64, function: &'static str) -> bool {
    let me = this();
    signal::must_not_be_in_handler(function);
    me.waits_in = function;
    loop {
        schedule().wait(nodes(), number(me), key, deadline);
        go_on_with_another(function);
        let late = nodes()[number(me) as usize].was_late();
        // A wait that a signal ended goes on where nobody looks again at what it is for.
        if !signal::deliver_pending() || key != 0 || late {
            return !late;
        }
    }
}

fn wake(key: usize, most: usize) {
    schedule().wake(nodes(), key, most);
}

fn pass() {
    if signal::is_in_handler() {
        return;
    }
    ready(this());
    go_on_with_another("sched_yield");
    signal::deliver_pending();
}

fn tick(now_and_then: bool) {
    if now_and_then {
        let left = CALLS_LEFT.get() - 1;
        CALLS_LEFT.set(if left == 0 { CALLS } else { left });
        if left != 0 {
            return;
        }
    }
    let now = monotonic();
    match SINCE.get() {
        0 => SINCE.set(now.max(1)),
        since if now - since >= SLICE => {
            SINCE.set(now.max(1));
            pass();
        }
        _ => {}
    }
}

/// Called by OCaml's runtime after each minor collection, so that a program that allocates lets others run.
extern "C" fn after_minor_collection() {
    tick(false);
}

/// Called by OCaml's runtime after each slice of a major collection: OCaml 5 makes slices of no work until other domains have
/// done theirs.
extern "C" fn after_major_slice() {
    pass();
}

/// Hooks those in, where there is a runtime (4.08 and later have these names) and nobody else's hook.
fn preempt_ocaml() {
    let (minor, major): (usize, usize);
    // SAFETY: reads the addresses of weak symbols; 0 if nobody defines them.
    unsafe {
        core::arch::asm!(
            ".weak caml_minor_gc_end_hook, caml_major_slice_end_hook",
            "mov {}, qword ptr [rip + caml_minor_gc_end_hook@GOTPCREL]",
            "mov {}, qword ptr [rip + caml_major_slice_end_hook@GOTPCREL]",
            out(reg) minor,
            out(reg) major,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    let hooks: [(usize, extern "C" fn()); 2] =
        [(minor, after_minor_collection), (major, after_major_slice)];
    for (hook, function) in hooks {
        let hook = core::ptr::with_exposed_provenance_mut::<usize>(hook);
        // SAFETY: the runtime's variable, a pointer to a function without arguments or null.
        unsafe {
            if !hook.is_null() && *hook == 0 {
                *hook = function as usize;
            }
        }
    }
}

/// Goes on with the thread that is next, which may be the one that runs. That one is in some list, or has ended.
pub(super) fn go_on_with_another(function: &'static str) {
    let next = next(function);
    let me = this();
    SINCE.set(0);
    if next.id == me.id {
        return;
    }
    if !me.stack.is_whole() {
        crash(&[
            Part::Text("a thread ran over the end of its stack: thread "),
            Part::Decimal(u64::from(number(me) + 1)),
        ]);
    }
    (me.errno, me.signals) = (errno::errno(), signal::own());
    errno::set_errno(next.errno);
    signal::set_own(next.signals);
    keys::set_this(next.values);
    wait::set_self(next.id);
    next.tls.use_it();
    // SAFETY: what `switch` saved when the thread last ran, or a new thread's first state.
    unsafe { switch::switch(&raw mut me.pointer, next.pointer) };
    clear_up();
}

/// The thread to run, once there is one.
fn next(function: &'static str) -> &'static mut Thread {
    loop {
        let earliest = schedule().earliest(nodes());
        if earliest != NEVER {
            schedule().expire(nodes(), monotonic());
        }
        let for_input = schedule().is_awaited(nodes(), INPUT);
        if for_input && input_ready() {
            wake(INPUT, usize::MAX);
        }
        if let Some(next) = schedule().next(nodes()) {
            return table::at(next as usize).expect("a thread that is ready");
        }
        let earliest = schedule().earliest(nodes());
        if for_input {
            platform::wait_for_input(earliest);
        } else if earliest != NEVER {
            platform::sleep_until(earliest);
        } else {
            all_wait(function)
        }
    }
}

fn all_wait(function: &'static str) -> ! {
    let living = table::places().len()
        - (0..table::places().len())
            .filter(|&i| table::at(i).is_none_or(|t| t.ended))
            .count();
    if living == 1 {
        wait::deadlock(function);
    }
    crash(&[
        Part::Text(function),
        Part::Text(": all "),
        Part::Decimal(living as u64),
        Part::Text(" threads would wait for ever"),
    ])
}

/// The running thread's last turn: it ends, and whoever is next gives its memory back.
pub(super) fn leave(function: &'static str) -> ! {
    LEFT_BEHIND.set(wait::this());
    go_on_with_another(function);
    unreachable!("a thread that ended runs")
}

/// After a switch: gives back what a thread stood on that ended. One that nobody will join goes altogether.
pub(super) fn clear_up() {
    let Some(thread) = table::find(LEFT_BEHIND.get()) else {
        return;
    };
    LEFT_BEHIND.set(0);
    thread.stack.free();
    thread.stack = super::stack::Stack::foreign(0..0);
    thread.tls.free();
    thread.tls = tls::Block::NONE;
    if thread.detached {
        table::remove(thread);
    }
}
