// SPDX-License-Identifier: ISC
//! What a crash report says of threads: which one crashed, whether it had run over the end of its stack, and what each of
//! the others waits for.

use super::super::crash::{self, Note, Say, Text};
use super::super::platform::Cell;
use super::super::signal;
use super::table::{self, Thread, nodes};
use super::wait;
use core::ptr::{null, null_mut};
use libc_core::schedule::State;

/// More than so many are not listed.
const MOST: usize = 40;

static NOTE: Cell<Note> = Cell::new(Note {
    next: null_mut(),
    write: Some(write),
    cause: null(),
    cause_size: 0,
});

/// The address of the last fault that nobody handled; 0 for none.
static FAULT: Cell<usize> = Cell::new(0);

/// Takes part in crash reports.
pub(super) fn register() {
    crash::add_note(&NOTE);
    signal::on_fault(|address| FAULT.set(address));
}

unsafe extern "C" fn write(say: Say) {
    let running = wait::this();
    let mut told = 0;
    for place in 0..table::places().len() {
        let Some(thread) = table::at(place) else {
            continue;
        };
        told += 1;
        if told > MOST {
            continue;
        }
        let mut line = Text::new();
        describe(&mut line, place, thread, thread.id == running);
        // SAFETY: the core's function.
        unsafe { line.say(say) };
    }
    if told > MOST {
        let mut line = Text::new();
        line.put(b"libc: and ")
            .number(told - MOST)
            .put(b" threads more");
        // SAFETY: as above.
        unsafe { line.say(say) };
    }
}

fn describe(line: &mut Text, place: usize, thread: &Thread, runs: bool) {
    line.put(b"libc: thread ").number(place + 1).put(b" \"");
    let name = thread.name.split(|&byte| byte == 0).next();
    line.put(name.unwrap_or_default()).put(b"\" ");
    let stack = thread.stack.usable();
    let node = &nodes()[place];
    // The one that runs last waits, too, where all do.
    if thread.ended {
        line.put(b"has ended");
    } else if node.state() == State::Waiting {
        line.put(b"waits in ").put(thread.waits_in.as_bytes());
        if node.key() > wait::SIGNAL {
            line.put(b" for ").hexadecimal(node.key());
        }
    } else if !runs {
        line.put(b"can run");
    } else if thread.stack.guards(FAULT.get()) {
        line.put(b"ran over the end of its stack");
    } else {
        line.put(b"runs");
    }
    if thread.function.is_some() && !thread.ended {
        line.put(b", stack of ").kib(stack.len()).put(b" KiB");
    }
}
