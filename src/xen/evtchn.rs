// SPDX-License-Identifier: ISC
//! The application's event channels: ports bound and closed, events moved into marks, and sleeping until there are some.
//!
//! Interface: `xen/include/public/event_channel.h`. Events arrive in the 2-level bits of the shared page until the 4096
//! ports of that interface are used up. Then the domain switches to the FIFO interface, unless the command line forbids
//! it, Xen does not offer it or the core is not ours. Not before, because it is the dearer one: 145 instructions more a
//! notification in Xen, and 45 for each port demultiplexed, against one. Which events could be lost when, and why none
//! is, is told in `xen_proto::evtchn`.

use super::hypercall::{self, XenError};
use super::shared_info::{page, vcpu};
use super::{abi, platform};
use core::sync::atomic::{AtomicU32, Ordering};
use spin::Mutex;
use xen_proto::evtchn::{self, Marks, TWO_LEVEL_PORTS, TwoLevel, Untold};

mod errors;
mod fifo;
mod marks;

pub use errors::Error;
pub use marks::{next as next_marked, ports};

use fifo::Queues;

/// How events arrive.
#[expect(clippy::large_enum_variant, reason = "there is one, in static memory")]
enum Interface {
    /// The bits of the shared page.
    TwoLevel,
    /// Queues, for good.
    Fifo(Queues),
}

/// Taken for a few instructions at a time, and never while anything is printed: a full console has the core wait, and
/// that calls [`demux_for_core`].
static INTERFACE: Mutex<Interface> = Mutex::new(Interface::TwoLevel);

/// Marks were made by somebody else than [`demux`], which has still to say so.
static UNTOLD: Untold = Untold::new();

impl evtchn::Interface for Interface {
    fn forget(&mut self, port: u32) {
        match self {
            Interface::Fifo(queues) => queues.forget(port),
            Interface::TwoLevel => {
                two_level().test_and_clear(port);
            }
        }
    }

    fn demux(&mut self, marks: Marks<'_>) -> bool {
        match self {
            Interface::Fifo(queues) => {
                // Before the queues are looked at: an event after that raises it again.
                vcpu().upcall_pending.swap(0, Ordering::SeqCst);
                queues.demux(marks)
            }
            Interface::TwoLevel => two_level().demux(marks),
        }
    }
}

fn two_level() -> TwoLevel<'static> {
    TwoLevel {
        upcall_pending: &vcpu().upcall_pending,
        selector: &vcpu().pending_sel,
        pending: &page().pending,
        mask: &page().mask,
    }
}

/// The highest port ever given out.
static HIGHEST: AtomicU32 = AtomicU32::new(0);

/// Binds a new port with `bind`, and makes it ready for use: masked, with a place for its mark.
fn open(bind: impl Fn() -> Result<u32, XenError>) -> Result<u32, Error> {
    let port = match bind() {
        Err(XenError(abi::XEN_ENOSPC)) if switch_to_fifo() => bind()?,
        port => port?,
    };
    let ready = match &mut *INTERFACE.lock() {
        Interface::TwoLevel => Ok(()),
        Interface::Fifo(queues) => queues.grow(port).and_then(|()| marks::grow(port)),
    };
    if let Err(error) = ready {
        // Nobody else knows of the port.
        let _ = hypercall::close(port);
        return Err(error);
    }
    HIGHEST.fetch_max(port, Ordering::Relaxed);
    Ok(port)
}

/// Switches to the FIFO interface if that is what a new port takes; whether it did.
fn switch_to_fifo() -> bool {
    // Xen gives out the lowest free port. While the last one of this interface was never given out, the limit that was
    // met is another one: what the domain's configuration allows.
    let used_up = HIGHEST.load(Ordering::Relaxed) == TWO_LEVEL_PORTS - 1;
    let (_, two_level_only) = platform::event_options();
    let mut interface = INTERFACE.lock();
    if !used_up || two_level_only || matches!(*interface, Interface::Fifo(_)) {
        return false;
    }
    let Some(queues) = fifo::switch(two_level()) else {
        return false;
    };
    *interface = Interface::Fifo(queues);
    true
}

/// Binds a new port that domain `remote` may connect to.
pub fn alloc_unbound(remote: u16) -> Result<u32, Error> {
    open(|| hypercall::alloc_unbound(remote))
}

/// Binds a new port to `remote_port` of domain `remote`. Xen raises one event on it at once.
pub fn bind_interdomain(remote: u16, remote_port: u32) -> Result<u32, Error> {
    open(|| hypercall::bind_interdomain(remote, remote_port))
}

/// Binds a new port to a virtual interrupt.
pub fn bind_virq(virq: u32) -> Result<u32, Error> {
    open(|| hypercall::bind_virq(virq))
}

/// Closes a port. It may be given out again, and no event of the old one will be marked then.
pub fn unbind(port: u32) -> Result<(), Error> {
    if port == 0 || port == marks::timer() {
        return Err(Error::NotYours);
    }
    mask(port);
    hypercall::close(port)?;
    evtchn::Interface::forget(&mut *INTERFACE.lock(), port);
    marks::all().forget(port);
    Ok(())
}

/// Holds a port's events back.
fn mask(port: u32) {
    match &*INTERFACE.lock() {
        Interface::Fifo(queues) => queues.mask(port),
        Interface::TwoLevel => two_level().mask(port),
    }
}

/// Lets a port's events through; what came while it was masked is delivered now.
pub fn unmask(port: u32) -> Result<(), Error> {
    if port as usize >= ports() {
        return Err(Error::NoSuchPort);
    }
    let ask_xen = match &mut *INTERFACE.lock() {
        Interface::Fifo(queues) => {
            queues.grow(port)?;
            queues.unmask(port)
        }
        Interface::TwoLevel => {
            two_level().unmask(port);
            false
        }
    };
    if ask_xen {
        hypercall::unmask(port)?;
    }
    Ok(())
}

/// Notifies the other end of a port.
pub fn notify(port: u32) -> Result<(), Error> {
    Ok(hypercall::send(port)?)
}

/// Takes a port's mark: whether an event came since it was last taken.
pub fn test_and_clear(port: u32) -> bool {
    marks::all().test_and_clear(port)
}

/// Marks a port whose event somebody else took, and sees to it that the application looks at its marks.
pub fn mark(port: u32) {
    marks::all().mark(port);
    UNTOLD.set();
}

fn collect() -> bool {
    evtchn::collect(&mut *INTERFACE.lock(), marks::timer(), marks::all())
}

/// Moves Xen's events into the marks; whether there was one since the last call.
pub fn demux() -> bool {
    UNTOLD.demux(collect)
}

/// Sleeps until `deadline`, in ns of the monotonic clock (`u64::MAX` for none), or until there is an event, which
/// [`demux`] then reports. Returns at once when the deadline is past.
///
/// No wake-up is lost: see [`Untold`].
pub fn block(deadline: u64) {
    UNTOLD.block(collect, || {
        let early = platform::now() < deadline;
        if early {
            platform::sleep(deadline);
        }
        early
    });
}

/// For the core's own waits under FIFO: events are marked here, or the next one would raise no upcall.
extern "C" fn demux_for_core() {
    UNTOLD.demux_for_core(collect);
}

impl From<XenError> for Error {
    fn from(error: XenError) -> Self {
        Error::Xen(error)
    }
}
