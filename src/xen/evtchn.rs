// SPDX-License-Identifier: ISC
//! The application's event channels: ports bound and closed, events moved into marks, and sleeping until there are some.
//!
//! Interface: `xen/include/public/event_channel.h`. The first operation on a port switches the domain to the FIFO
//! interface, unless the command line forbids it, Xen does not offer it or the core is not ours; until then, and then,
//! the 2-level bits of the shared page are used. Which events are lost when, and why none is, is told in
//! `xen_proto::evtchn`.

use super::hypercall::{self, XenError};
use super::platform;
use super::shared_info::{page, vcpu};
use core::sync::atomic::{AtomicBool, Ordering};
use spin::Mutex;
use xen_proto::evtchn::{Marks, TwoLevel};

mod errors;
mod fifo;
mod marks;

pub use errors::Error;
pub use marks::{next as next_marked, ports};

use fifo::Queues;

/// How events arrive.
#[expect(clippy::large_enum_variant, reason = "there is one, in static memory")]
enum Interface {
    /// Nothing has been bound yet: as the core left it.
    Untouched,
    /// The bits of the shared page, for good.
    TwoLevel,
    /// Queues.
    Fifo(Queues),
}

/// Taken for a few instructions at a time, and never while anything is printed: a full console has the core wait, and
/// that calls [`demux_for_core`].
static INTERFACE: Mutex<Interface> = Mutex::new(Interface::Untouched);

/// Marks were made by somebody else than [`demux`], which has still to say so.
static UNTOLD: AtomicBool = AtomicBool::new(false);

fn two_level() -> TwoLevel<'static> {
    TwoLevel {
        upcall_pending: &vcpu().upcall_pending,
        selector: &vcpu().pending_sel,
        pending: &page().pending,
        mask: &page().mask,
    }
}

/// Runs `f` with the interface in use, which is chosen now if it was not yet.
fn with<T>(f: impl FnOnce(&mut Interface) -> T) -> T {
    let mut interface = INTERFACE.lock();
    let chosen_now = matches!(*interface, Interface::Untouched);
    if chosen_now {
        let (timer, two_level_only) = platform::event_options();
        let queues = if two_level_only {
            None
        } else {
            fifo::switch(timer)
        };
        *interface = queues.map_or(Interface::TwoLevel, Interface::Fifo);
    }
    f(&mut interface)
}

/// A port that Xen just gave out is made ready for use: masked, with a place for its mark. Closed again when there is no
/// memory for that.
fn adopt(port: u32) -> Result<u32, Error> {
    let ready = with(|interface| {
        let Interface::Fifo(queues) = interface else {
            return Ok(());
        };
        queues.grow(port)?;
        marks::grow(port)
    });
    if let Err(error) = ready {
        // Nobody else knows of the port.
        let _ = hypercall::close(port);
        return Err(error);
    }
    Ok(port)
}

/// Binds a new port that domain `remote` may connect to.
pub fn alloc_unbound(remote: u16) -> Result<u32, Error> {
    with(|_| ());
    adopt(hypercall::alloc_unbound(remote)?)
}

/// Binds a new port to `remote_port` of domain `remote`. Xen raises one event on it at once.
pub fn bind_interdomain(remote: u16, remote_port: u32) -> Result<u32, Error> {
    with(|_| ());
    adopt(hypercall::bind_interdomain(remote, remote_port)?)
}

/// Binds a new port to a virtual interrupt.
pub fn bind_virq(virq: u32) -> Result<u32, Error> {
    with(|_| ());
    adopt(hypercall::bind_virq(virq)?)
}

/// Closes a port. It may be given out again, and no event of the old one will be marked then.
pub fn unbind(port: u32) -> Result<(), Error> {
    if port == 0 || marks::is_timer(port) {
        return Err(Error::NotYours);
    }
    with(|interface| match interface {
        Interface::Fifo(queues) => queues.mask(port),
        _ => two_level().mask(port),
    });
    hypercall::close(port)?;
    with(|interface| match interface {
        Interface::Fifo(queues) => queues.forget(port),
        _ => {
            two_level().test_and_clear(port);
        }
    });
    marks::all().forget(port);
    Ok(())
}

/// Lets a port's events through; what came while it was masked is delivered now.
pub fn unmask(port: u32) -> Result<(), Error> {
    if port as usize >= ports() {
        return Err(Error::NoSuchPort);
    }
    let ask_xen = with(|interface| match interface {
        Interface::Fifo(queues) => queues.grow(port).map(|()| queues.unmask(port)),
        _ => {
            two_level().unmask(port);
            Ok(false)
        }
    })?;
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

/// Moves Xen's events into the marks; whether there was one since the last call.
pub fn demux() -> bool {
    let found = collect(&mut INTERFACE.lock(), marks::all());
    UNTOLD.swap(false, Ordering::Relaxed) || found
}

/// Moves events; whether any of them is the application's.
fn collect(interface: &mut Interface, marks: Marks<'_>) -> bool {
    let found = match interface {
        Interface::Fifo(queues) => {
            // Before the queues are looked at: an event after that raises it again.
            vcpu().upcall_pending.swap(0, Ordering::SeqCst);
            queues.demux(marks)
        }
        _ => two_level().demux(marks),
    };
    // The core's timer only ends a sleep.
    found && (!marks::take_timer() || marks.any())
}

/// Sleeps until `deadline`, in ns of the monotonic clock (`u64::MAX` for none), or until there is an event, which
/// [`demux`] then reports. Returns at once when the deadline is past.
///
/// No wake-up is lost: an event after [`collect`] cleared `upcall_pending` sets it again, and the core does not halt, or
/// not for long, while it is set.
pub fn block(deadline: u64) {
    loop {
        // The core may have marked events in a wait of its own.
        if collect(&mut INTERFACE.lock(), marks::all()) || UNTOLD.load(Ordering::Relaxed) {
            UNTOLD.store(true, Ordering::Relaxed);
            return;
        }
        if platform::now() >= deadline {
            return;
        }
        platform::sleep(deadline);
    }
}

/// For the core's own waits under FIFO: events are marked here, or the next one would raise no upcall.
extern "C" fn demux_for_core() {
    if collect(&mut INTERFACE.lock(), marks::all()) {
        UNTOLD.store(true, Ordering::Relaxed);
    }
}

impl From<XenError> for Error {
    fn from(error: XenError) -> Self {
        Error::Xen(error)
    }
}
