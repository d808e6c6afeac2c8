// SPDX-License-Identifier: ISC
//! The domain's connection to xenstore, made when it is first used: by the first of the core's devices, or by the bindings.
//!
//! Interface: HVM_PARAM_STORE_PFN and _EVTCHN in `hvm/params.h`, over `xen_proto::xenstore`. The ring has one owner, this
//! module, and two users. The core's devices wait for each answer. The bindings, whose OCaml library never waits here, send
//! requests and are handed what comes for them ([`Receiver`]) by whoever handles messages, which a device does, too, while
//! it waits. Answers go by the number of their request, watch events by their token: digits alone are the core's own.
//!
//! **Answer taken in a device's wait.**
//! 1. OCaml sends a request and sleeps until the port's next event. 2. A device waits for an answer of its own, and with it
//!    takes that event. 3. It handles both answers, and no event follows. So whoever receives for OCaml marks the port
//!    (`src/ffi/store.rs`), which ends the sleep.

use super::events::{self, Port};
use super::{abi, hypercall, time};
use crate::arch::paging;
use crate::mm::layout::{PAGE, SPECIAL_PAGES};
use spin::{Mutex, Once};
use xen_proto::xenstore::{Error, Kind, Link, Session, SharedPage, number};

/// How long a request may take, in ns. xenstored answers in a fraction of a millisecond.
const PATIENCE: u64 = 10_000_000_000;

/// Takes a message that is not the core's: its type, the number of the request that it answers, and its payload, of a watch
/// event the path and the token; or word of the connection, by [`LOST`] and [`RECONNECTED`]. Must not call back.
pub type Receiver = unsafe extern "C" fn(u32, u32, *const u8, usize, *const u8, usize);

/// In place of a message's type: the connection is lost, and with it all requests and watches.
const LOST: Kind = Kind(u32::MAX);

/// There is a new one.
const RECONNECTED: Kind = Kind(u32::MAX - 1);

/// The domain's event channel to xenstored, and what it said of what is watched.
pub struct StoreLink {
    port: Port,
    /// A bit a token: something changed there.
    changed: u64,
    /// The core's watches went with the connection that they belonged to.
    unwatched: bool,
    receiver: Option<Receiver>,
}

/// The connection.
pub type Store = Session<'static, StoreLink>;

static STORE: Once<Mutex<Store>> = Once::new();

/// The connection; `None` when the domain has none.
pub fn get() -> Option<&'static Mutex<Store>> {
    STORE
        .try_call_once(|| connect().map(Mutex::new).ok_or(()))
        .ok()
}

/// Whether there is something for the core: from xenstored, or said by it while somebody else listened. Forgets the events
/// that came.
pub fn is_pending(store: &mut Store) -> bool {
    let link = store.link();
    link.port.clear();
    link.changed != 0 || link.unwatched || store.has_news()
}

impl Link for StoreLink {
    fn notify(&mut self) {
        // Should Xen refuse, nobody answers, and the wait ends.
        let _ = hypercall::send(self.port.0);
    }

    fn wait(&mut self, has_news: &dyn Fn() -> bool) -> Result<(), Error> {
        let deadline = time::monotonic().saturating_add(PATIENCE);
        let mut came = false;
        events::wait(deadline, || {
            self.port.clear();
            came = has_news();
            came
        });
        if came {
            Ok(())
        } else {
            Err(Error::Interrupted)
        }
    }

    fn watch_event(&mut self, path: &[u8], token: &[u8]) {
        match number(token) {
            Some(token) => self.changed |= 1_u64.checked_shl(token as u32).unwrap_or(0),
            None => self.receive(Kind::WATCH_EVENT, 0, path, token),
        }
    }

    fn reply(&mut self, number: u32, kind: Kind, payload: &[u8]) {
        self.receive(kind, number, payload, &[]);
    }

    fn lost(&mut self) {
        self.receive(LOST, 0, &[], &[]);
    }

    fn reconnected(&mut self) {
        self.unwatched = true;
        self.receive(RECONNECTED, 0, &[], &[]);
    }
}

impl StoreLink {
    /// Has `receiver` take what is not the core's from now on; the port.
    pub fn attach(&mut self, receiver: Receiver) -> u32 {
        self.receiver = Some(receiver);
        self.port.0
    }

    fn receive(&self, kind: Kind, number: u32, first: &[u8], second: &[u8]) {
        if let Some(receiver) = self.receiver {
            let (first, first_size) = (first.as_ptr(), first.len());
            let (second, second_size) = (second.as_ptr(), second.len());
            // SAFETY: two readable pieces of the sizes given.
            unsafe { receiver(kind.0, number, first, first_size, second, second_size) }
        }
    }

    /// Tokens of watches that went off, a bit each, which are forgotten.
    pub fn take_changed(&mut self) -> u64 {
        core::mem::take(&mut self.changed)
    }

    /// Whether the core's watches have to be registered anew; asks once for each new connection.
    pub fn take_unwatched(&mut self) -> bool {
        core::mem::take(&mut self.unwatched)
    }
}

/// The connection, through the page and port that the toolstack set up; `None` when the domain has none.
fn connect() -> Option<Store> {
    let gfn = hypercall::get_param(abi::HVM_PARAM_STORE_PFN).ok()?;
    let port = hypercall::get_param(abi::HVM_PARAM_STORE_EVTCHN).ok()? as u32;
    let address = gfn.wrapping_mul(PAGE);
    if gfn == 0
        || !SPECIAL_PAGES.contains(&address)
            && paging::current()
                .identity(address..address + PAGE, paging::WRITE)
                .is_err()
    {
        return None;
    }
    // SAFETY: the page is xenstore's for the domain's whole life, and a SharedPage is atomics throughout.
    let page = unsafe { &*(address as *const SharedPage) };
    let port = Port(port);
    port.unmask();
    let link = StoreLink {
        port,
        changed: 0,
        unwatched: false,
        receiver: None,
    };
    Some(Session::new(page, link))
}
