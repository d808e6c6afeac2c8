// SPDX-License-Identifier: ISC
//! Who runs next on one processor: threads that are ready, in their order; threads that wait for a key, the first to come
//! the first to be woken; and the times at which waits end.
//!
//! Threads are numbers, the indices of nodes in memory of the caller's. A thread is in one of the states of [`State`];
//! which one runs is the caller's to know.

/// No time at all: a wait without an end.
pub const NEVER: u64 = u64::MAX;

const NONE: u32 = u32::MAX;
/// Lists of waiting threads, by a hash of their key: a power of two.
const BUCKETS: usize = 32;

/// What a thread is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Runs, or is in no list.
    Out,
    /// Could run.
    Ready,
    /// Waits for its key, for its time, or for both.
    Waiting,
}

/// A place in a list that is linked in both directions.
#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
}

const UNLINKED: Link = Link {
    before: NONE,
    after: NONE,
};

/// A thread.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    state: State,
    key: usize,
    deadline: u64,
    late: bool,
    queue: Link,
    sleep: Link,
}

impl Node {
    /// A thread in no list.
    pub const OUT: Node = Node {
        state: State::Out,
        key: 0,
        deadline: NEVER,
        late: false,
        queue: UNLINKED,
        sleep: UNLINKED,
    };

    /// What the thread is about.
    pub fn state(&self) -> State {
        self.state
    }

    /// What it waits for, or last waited for.
    pub fn key(&self) -> usize {
        self.key
    }

    /// Until when it waits.
    pub fn deadline(&self) -> u64 {
        self.deadline
    }

    /// Did its last wait end because the time had come?
    pub fn was_late(&self) -> bool {
        self.late
    }
}

/// Which of a node's links a list goes through.
#[derive(Clone, Copy)]
enum Through {
    Queue,
    Sleep,
}

fn link(node: &mut Node, through: Through) -> &mut Link {
    match through {
        Through::Queue => &mut node.queue,
        Through::Sleep => &mut node.sleep,
    }
}

#[derive(Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

impl List {
    const EMPTY: List = List {
        first: NONE,
        last: NONE,
    };

    /// Puts a thread after another one, or first.
    fn insert(&mut self, nodes: &mut [Node], through: Through, thread: u32, before: u32) {
        let after = match before {
            NONE => core::mem::replace(&mut self.first, thread),
            _ => core::mem::replace(
                &mut link(&mut nodes[before as usize], through).after,
                thread,
            ),
        };
        match after {
            NONE => self.last = thread,
            _ => link(&mut nodes[after as usize], through).before = thread,
        }
        *link(&mut nodes[thread as usize], through) = Link { before, after };
    }

    fn remove(&mut self, nodes: &mut [Node], through: Through, thread: u32) {
        let Link { before, after } =
            core::mem::replace(link(&mut nodes[thread as usize], through), UNLINKED);
        match before {
            NONE => self.first = after,
            _ => link(&mut nodes[before as usize], through).after = after,
        }
        match after {
            NONE => self.last = before,
            _ => link(&mut nodes[after as usize], through).before = before,
        }
    }
}

/// All lists.
pub struct Schedule {
    ready: List,
    waiting: [List; BUCKETS],
    /// Those whose wait ends at some time, the earliest first.
    sleeping: List,
}

/// Addresses are multiples of 4 at least, and neighbours in a structure are far apart by threads' measure.
fn bucket(key: usize) -> usize {
    (key >> 2 ^ key >> 9) % BUCKETS
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new()
    }
}

impl Schedule {
    /// No thread in any list.
    pub const fn new() -> Self {
        Schedule {
            ready: List::EMPTY,
            waiting: [List::EMPTY; BUCKETS],
            sleeping: List::EMPTY,
        }
    }

    /// The thread, in no list, could run: it is the last of those.
    pub fn ready(&mut self, nodes: &mut [Node], thread: u32) {
        nodes[thread as usize].state = State::Ready;
        let last = self.ready.last;
        self.ready.insert(nodes, Through::Queue, thread, last);
    }

    /// The thread that is to run next; it is in no list then.
    pub fn next(&mut self, nodes: &mut [Node]) -> Option<u32> {
        let thread = self.ready.first;
        if thread == NONE {
            return None;
        }
        self.ready.remove(nodes, Through::Queue, thread);
        nodes[thread as usize].state = State::Out;
        Some(thread)
    }

    /// The thread, in no list, waits for `key` (0 for none) until `deadline` (or [`NEVER`]).
    pub fn wait(&mut self, nodes: &mut [Node], thread: u32, key: usize, deadline: u64) {
        let node = &mut nodes[thread as usize];
        (node.state, node.key, node.deadline) = (State::Waiting, key, deadline);
        if key != 0 {
            let list = &mut self.waiting[bucket(key)];
            let last = list.last;
            list.insert(nodes, Through::Queue, thread, last);
        }
        if deadline != NEVER {
            // Most waits end later than those that have begun before.
            let mut before = self.sleeping.last;
            while before != NONE && nodes[before as usize].deadline > deadline {
                before = nodes[before as usize].sleep.before;
            }
            self.sleeping.insert(nodes, Through::Sleep, thread, before);
        }
    }

    /// Ends the wait of a thread, if it waits: whether it did.
    pub fn end_wait(&mut self, nodes: &mut [Node], thread: u32, late: bool) -> bool {
        let node = &mut nodes[thread as usize];
        if node.state != State::Waiting {
            return false;
        }
        node.late = late;
        let (key, deadline) = (node.key, node.deadline);
        if key != 0 {
            self.waiting[bucket(key)].remove(nodes, Through::Queue, thread);
        }
        if deadline != NEVER {
            self.sleeping.remove(nodes, Through::Sleep, thread);
        }
        self.ready(nodes, thread);
        true
    }

    /// Wakes up to `most` of those that wait for `key`, the first to come first: how many.
    pub fn wake(&mut self, nodes: &mut [Node], key: usize, most: usize) -> usize {
        let mut woken = 0;
        let mut thread = self.waiting[bucket(key)].first;
        while thread != NONE && woken < most {
            let node = &nodes[thread as usize];
            let (this, same) = (thread, node.key == key);
            thread = node.queue.after;
            if same {
                self.end_wait(nodes, this, false);
                woken += 1;
            }
        }
        woken
    }

    /// Does anybody wait for `key`?
    pub fn is_awaited(&self, nodes: &[Node], key: usize) -> bool {
        let mut thread = self.waiting[bucket(key)].first;
        while thread != NONE {
            let node = &nodes[thread as usize];
            if node.key == key {
                return true;
            }
            thread = node.queue.after;
        }
        false
    }

    /// Ends the waits whose time has come.
    pub fn expire(&mut self, nodes: &mut [Node], now: u64) {
        while self.earliest(nodes) <= now && self.sleeping.first != NONE {
            self.end_wait(nodes, self.sleeping.first, true);
        }
    }

    /// When the first of the waits ends that end at some time; [`NEVER`] without one.
    pub fn earliest(&self, nodes: &[Node]) -> u64 {
        match self.sleeping.first {
            NONE => NEVER,
            first => nodes[first as usize].deadline,
        }
    }
}
