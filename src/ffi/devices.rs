// SPDX-License-Identifier: ISC
//! Devices whose rings and pages are here and whose connection is made by OCaml, behind `c_stubs/mirage_devices.c`.
//!
//! A device and its memory stay for ever: OCaml values that point into its pages may outlive its use. One that is not in use
//! any more is the next one's of the same kind, size and number of queues, as soon as its backend has let go of it.

use super::errors::{NO_MEMORY, OUT_OF_RANGE};
use crate::xen::platform::{self, PAGE};
use crate::xen::{grants, hypercall};
use spin::Mutex;
use xen_proto::xenbus::{Frontend, State};

/// Devices of a kind at once.
const MOST: usize = 64;

/// A device and the memory that it has its pages in.
pub struct Place<T: 'static> {
    /// It.
    pub device: &'static mut T,
    /// How many pages it has.
    pages: usize,
    /// How many queues.
    queues: usize,
    used: bool,
}

/// The devices of a kind, by handle.
pub struct Table<T: 'static>(Mutex<[Option<Place<T>>; MOST]>);

impl<T: Send> Table<T> {
    /// None.
    pub const fn new() -> Self {
        Table(Mutex::new([const { None }; MOST]))
    }

    /// A device with `pages` pages and `queues` queues, which `make` makes of their address if there is none that can be used again,
    /// of which `close` says that no backend maps a page: its handle.
    pub fn take(
        &self,
        pages: usize,
        queues: usize,
        close: fn(&mut T) -> bool,
        make: impl FnOnce(usize) -> Option<T>,
    ) -> i64 {
        let mut places = self.0.lock();
        let idle = places.iter_mut().position(|place| {
            place.as_mut().is_some_and(|place| {
                !place.used && (place.pages, place.queues) == (pages, queues) && close(place.device)
            })
        });
        if let Some(handle) = idle
            && let Some(Some(place)) = places.get_mut(handle)
        {
            place.used = true;
            return handle as i64;
        }
        let Some(handle) = places.iter().position(Option::is_none) else {
            return NO_MEMORY;
        };
        const { assert!(align_of::<T>() <= PAGE) }
        let Some(address) = platform::pages(pages + size_of::<T>().div_ceil(PAGE)) else {
            return NO_MEMORY;
        };
        let Some(device) = make(address) else {
            return OUT_OF_RANGE;
        };
        let home = (address + pages * PAGE) as *mut T;
        // SAFETY: memory of ours behind the device's pages, of its size, aligned, that nobody else knows of.
        let device = unsafe {
            home.write(device);
            &mut *home
        };
        if let Some(place) = places.get_mut(handle) {
            *place = Some(Place {
                device,
                pages,
                queues,
                used: true,
            });
        }
        handle as i64
    }

    /// Does something with a device; a handle of none is out of range.
    pub fn with(&self, handle: i64, f: impl FnOnce(&mut Place<T>) -> i64) -> i64 {
        let mut places = self.0.lock();
        let place = usize::try_from(handle)
            .ok()
            .and_then(|handle| places.get_mut(handle))
            .and_then(Option::as_mut);
        place.filter(|place| place.used).map_or(OUT_OF_RANGE, f)
    }

    /// Gives a device back; 1, or 0 when `close` says that its backend holds on to some of it, until when it is not used again.
    pub fn give(&self, handle: i64, close: impl FnOnce(&mut T) -> bool) -> i64 {
        self.with(handle, |place| {
            place.used = false;
            i64::from(close(place.device))
        })
    }
}

/// [`Frontend::new`] as a number.
#[unsafe(no_mangle)]
extern "C" fn mxen_frontend_new(own: u32, with: u32) -> u32 {
    Frontend::new(State::from_number(own), State::from_number(with)).pack()
}

/// [`Frontend::next`]: the frontend, and from bit 16 on the step.
#[unsafe(no_mangle)]
extern "C" fn mxen_frontend_next(packed: u32, backend: u32, online: bool) -> u32 {
    let mut frontend = Frontend::unpack(packed);
    let step = frontend.next(Some(State::from_number(backend)), online);
    frontend.pack() | step.pack() << 16
}

/// [`Frontend::reset`].
#[unsafe(no_mangle)]
extern "C" fn mxen_frontend_reset(packed: u32) -> u32 {
    let mut frontend = Frontend::unpack(packed);
    frontend.reset();
    frontend.pack()
}

/// [`Frontend::renew`].
#[unsafe(no_mangle)]
extern "C" fn mxen_frontend_renew(packed: u32) -> u32 {
    let mut frontend = Frontend::unpack(packed);
    frontend.renew();
    frontend.pack()
}

/// [`hypercall::is_bound`].
#[unsafe(no_mangle)]
extern "C" fn mxen_frontend_is_bound(port: i64) -> bool {
    u32::try_from(port).is_ok_and(hypercall::is_bound)
}

/// [`Frontend::wrote_connected`].
#[unsafe(no_mangle)]
extern "C" fn mxen_frontend_wrote_connected(packed: u32) -> u32 {
    let mut frontend = Frontend::unpack(packed);
    frontend.wrote_connected();
    frontend.pack()
}

/// Takes a grant reference over from the program's pool, for good; 0.
#[unsafe(no_mangle)]
extern "C" fn mxen_grant_donate(reference: i64) -> i64 {
    let donated = u32::try_from(reference).is_ok_and(grants::donate);
    if donated { 0 } else { OUT_OF_RANGE }
}
