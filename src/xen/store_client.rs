// SPDX-License-Identifier: ISC
//! The application's use of xenstore, without waiting: requests go out, what comes is kept until it is asked for.
//!
//! Over our core the connection is the core's (`src/xen/store.rs`), which its devices use, too, and which calls [`receive`]
//! whenever it handles messages. Over another core, which does not look at xenstore, it is made here, of the same code.

use super::{abi, evtchn, hypercall, platform};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use spin::{Mutex, Once};
use xen_proto::xenstore::{Error, Kind, Link, Session, SharedPage};

/// [`Message::kind`] where there is no message: the connection is lost, and with it all requests and watches.
pub const LOST: u32 = u32::MAX;

/// There is a new one.
pub const RECONNECTED: u32 = u32::MAX - 1;

/// There was no memory for a message: a request may have lost its answer, a watch its event.
pub const NO_MEMORY: u32 = u32::MAX - 2;

type Receiver = unsafe extern "C" fn(u32, u32, *const u8, usize, *const u8, usize);

/// The core's functions, each null where the core is not ours. Apart from its other functions: a program that does not use
/// xenstore is not to have them.
#[repr(C)]
struct CoreStore {
    attach: Option<extern "C" fn(Receiver) -> i64>,
    submit: Option<unsafe extern "C" fn(u32, u32, *const u8, usize) -> i64>,
    poll: Option<extern "C" fn() -> i32>,
}

core::arch::global_asm!(
    ".weak solo5__xen_store_attach, solo5__xen_store_submit, solo5__xen_store_poll",
    ".section .rodata.mxen_store, \"a\", @progbits",
    ".balign 8",
    "mxen_store:",
    ".quad solo5__xen_store_attach, solo5__xen_store_submit, solo5__xen_store_poll",
    ".text",
);

unsafe extern "C" {
    static mxen_store: CoreStore;
}

fn core_store() -> &'static CoreStore {
    // SAFETY: the table is constant, in read-only data.
    unsafe { &mxen_store }
}

/// A message that was received, in a block of libc's heap; its payload follows.
#[repr(C)]
struct Node {
    next: *mut Node,
    kind: u32,
    number: u32,
    size: usize,
}

/// What came and was not asked for yet, in order.
struct Queue {
    first: *mut Node,
    last: *mut Node,
    /// There was no memory for a message.
    incomplete: bool,
}

// SAFETY: the blocks belong to whoever holds the queue.
unsafe impl Send for Queue {}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    first: null_mut(),
    last: null_mut(),
    incomplete: false,
});

/// The connection's port.
static PORT: AtomicU32 = AtomicU32::new(0);

/// Messages are handled for the application itself, which need not be woken for them.
static ASKED: AtomicBool = AtomicBool::new(false);

/// A message, as the application sees it.
pub struct Message<'a> {
    /// Its type.
    pub kind: u32,
    /// The request that it answers.
    pub number: u32,
    /// Its payload.
    pub payload: &'a [u8],
}

impl Queue {
    fn append(&mut self, kind: u32, number: u32, pieces: &[&[u8]]) {
        let size = pieces.iter().map(|piece| piece.len()).sum();
        let node = platform::allocate(size_of::<Node>() + size).cast::<Node>();
        if node.is_null() {
            self.incomplete = true;
            return;
        }
        // SAFETY: a block of that size, which is ours alone; the last node is in the queue and so is a block, too.
        unsafe {
            node.write(Node {
                next: null_mut(),
                kind,
                number,
                size,
            });
            let mut at = node.add(1).cast::<u8>();
            for piece in pieces {
                at.copy_from_nonoverlapping(piece.as_ptr(), piece.len());
                at = at.add(piece.len());
            }
            if self.last.is_null() {
                self.first = node;
            } else {
                (*self.last).next = node;
            }
        }
        self.last = node;
    }

    fn peek(&self) -> Option<Message<'_>> {
        // SAFETY: null, or a node with its payload behind it, which stays while it is in the queue.
        let node = unsafe { self.first.as_ref() };
        node.map(|node| Message {
            kind: node.kind,
            number: node.number,
            // SAFETY: as above.
            payload: unsafe {
                core::slice::from_raw_parts(self.first.add(1).cast::<u8>(), node.size)
            },
        })
        .or_else(|| {
            self.incomplete.then_some(Message {
                kind: NO_MEMORY,
                number: 0,
                payload: &[],
            })
        })
    }

    fn drop_first(&mut self) {
        let node = self.first;
        if node.is_null() {
            self.incomplete = false;
            return;
        }
        // SAFETY: the first node is a block of ours that nobody else knows of.
        unsafe {
            self.first = (*node).next;
            platform::release(node.cast());
        }
        if self.first.is_null() {
            self.last = null_mut();
        }
    }
}

/// Keeps a message: its payload, or, of a watch event, path and token, which make it.
fn keep(kind: u32, number: u32, first: &[u8], second: &[u8]) {
    let pieces: &[&[u8]] = if kind == Kind::WATCH_EVENT.0 {
        &[first, &[0], second, &[0]]
    } else {
        &[first]
    };
    QUEUE.lock().append(kind, number, pieces);
    if !ASKED.load(Ordering::Relaxed) {
        evtchn::mark(PORT.load(Ordering::Relaxed));
    }
}

/// What the core calls.
///
/// # Safety
/// Two readable pieces of the sizes given.
unsafe extern "C" fn receive(
    kind: u32,
    number: u32,
    first: *const u8,
    first_size: usize,
    second: *const u8,
    second_size: usize,
) {
    // SAFETY: as above.
    let (first, second) = unsafe {
        (
            core::slice::from_raw_parts(first, first_size),
            core::slice::from_raw_parts(second, second_size),
        )
    };
    keep(kind, number, first, second);
}

/// The connection over another core.
struct OwnLink {
    port: u32,
}

static OWN: Once<Mutex<Session<'static, OwnLink>>> = Once::new();

impl Link for OwnLink {
    fn notify(&mut self) {
        // Should Xen refuse, nobody answers.
        let _ = hypercall::send(self.port);
    }

    fn wait(&mut self, _has_news: &dyn Fn() -> bool) -> Result<(), Error> {
        // Nobody waits here.
        Err(Error::Interrupted)
    }

    fn watch_event(&mut self, path: &[u8], token: &[u8]) {
        keep(Kind::WATCH_EVENT.0, 0, path, token);
    }

    fn reply(&mut self, number: u32, kind: Kind, payload: &[u8]) {
        keep(kind.0, number, payload, &[]);
    }

    fn lost(&mut self) {
        keep(LOST, 0, &[], &[]);
    }

    fn reconnected(&mut self) {
        keep(RECONNECTED, 0, &[], &[]);
    }
}

fn connect_here() -> Option<Mutex<Session<'static, OwnLink>>> {
    let frame = hypercall::get_param(abi::HVM_PARAM_STORE_PFN).ok()?;
    let port = hypercall::get_param(abi::HVM_PARAM_STORE_EVTCHN).ok()? as u32;
    let address = frame.checked_mul(platform::PAGE as u64)?;
    // SAFETY: null, or the page that is xenstore's for the domain's whole life; a SharedPage is atomics throughout.
    let page = unsafe { (address as *const SharedPage).as_ref() }?;
    Some(Mutex::new(Session::new(page, OwnLink { port })))
}

/// Connects if need be; the connection's port, `None` when the domain has none.
pub fn connect() -> Option<u32> {
    let port = match core_store().attach {
        Some(attach) => u32::try_from(attach(receive)).ok()?,
        None => {
            let own = OWN.try_call_once(|| connect_here().ok_or(())).ok()?;
            own.lock().link().port
        }
    };
    PORT.store(port, Ordering::Relaxed);
    Some(port)
}

/// Sends a request without waiting; its number.
///
/// # Errors
///
/// [`Error::Busy`]: try again after the port's next event; [`Error::TooBig`]; others: xenstored is lost for good.
pub fn submit(kind: u32, transaction: u32, payload: &[u8]) -> Result<u32, Error> {
    let Some(submit) = core_store().submit else {
        let own = OWN.get().ok_or(Error::NoReconnection)?;
        return own.lock().submit(Kind(kind), transaction, payload);
    };
    // SAFETY: a readable buffer of the size given.
    match unsafe { submit(kind, transaction, payload.as_ptr(), payload.len()) } {
        0 => Err(Error::Busy),
        -1 => Err(Error::TooBig),
        number => u32::try_from(number).map_err(|_| Error::NoReconnection),
    }
}

/// Shows the first message to `f`: `None` when there is none, until the port's next event.
///
/// # Errors
///
/// [`Error::NoReconnection`]: xenstored is lost for good.
pub fn peek<T>(f: impl FnOnce(Message<'_>) -> T) -> Result<Option<T>, Error> {
    let mut lost = false;
    if QUEUE.lock().peek().is_none() {
        ASKED.store(true, Ordering::Relaxed);
        lost = match core_store().poll {
            Some(poll) => poll() != 0,
            None => OWN.get().is_some_and(|own| own.lock().tend().is_err()),
        };
        ASKED.store(false, Ordering::Relaxed);
    }
    match QUEUE.lock().peek() {
        None if lost => Err(Error::NoReconnection),
        message => Ok(message.map(f)),
    }
}

/// Drops the first message.
pub fn drop_first() {
    QUEUE.lock().drop_first();
}
