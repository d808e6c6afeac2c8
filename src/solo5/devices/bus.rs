// SPDX-License-Identifier: ISC
//! The devices' bus, xenstore: connecting a device, and looking after those whose backends have changed something there.

use super::{Device, Devices, text};
use crate::solo5::options;
use crate::xen::store::{self, Store};
use crate::xen::{events, time};
use xen_proto::manifest::{self, Kind};
use xen_proto::xenstore::{number, strings};

/// How long acquiring waits for a backend, in ns.
const PATIENCE: u64 = 30_000_000_000;

/// After how many ns devices that could not be connected are looked at again without an event.
const AGAIN: u64 = 1_000_000_000;

/// How often in one go the bus looks at what has changed while it looked.
const ROUNDS: usize = 3;

impl Devices {
    /// Connects a declared device, and waits for its backend.
    pub(super) fn connect(
        &mut self,
        declared: &manifest::Device<'_>,
        make: fn(&mut Store, u64, usize) -> Result<&'static mut dyn Device, &'static str>,
    ) -> Result<(), &'static str> {
        let store = store::get().ok_or("the domain has no xenstore")?;
        let slot = self.slots.get_mut(declared.handle).ok_or("bad handle")?;
        if slot.is_none() {
            let kind = text(declared.kind).as_bytes();
            if options::settings().is_some_and(|settings| settings.device_memory(kind).is_err()) {
                return Err("the option for its memory is no size");
            }
            let mut store = store.lock();
            let number = find_number(&mut store, declared)?;
            *slot = Some(make(&mut store, number, declared.handle)?);
        } else if let Some(device) = slot
            && device.link().is_unwatched()
        {
            device.link().watch_again(&mut store.lock());
        }
        let deadline = time::monotonic().saturating_add(PATIENCE);
        self.advance(1 << declared.handle);
        let unwatched = |slot: &mut Option<&'static mut dyn Device>| {
            slot.as_mut()
                .is_some_and(|device| device.link().is_unwatched())
        };
        if self.slots.get_mut(declared.handle).is_some_and(unwatched) {
            return Err("xenstored lets the domain watch no more of its nodes");
        }
        loop {
            let up = |slot: &mut Option<&'static mut dyn Device>| {
                slot.as_mut()
                    .is_some_and(|device| device.link().is_connected())
            };
            if self.slots.get_mut(declared.handle).is_some_and(up) {
                return Ok(());
            }
            events::wait(deadline.min(self.again), || self.is_pending());
            if time::monotonic() >= deadline {
                return Err("its backend does not connect");
            }
            self.serve_store();
        }
    }

    /// Has the bus look after the devices whose bits are set, and those of which it hears meanwhile. A backend that changes its
    /// state without end is looked at again when the program waits next: others have their turn.
    pub(super) fn advance(&mut self, devices: u64) {
        let Some(store) = store::get() else {
            return;
        };
        let store = &mut *store.lock();
        self.changed |= devices;
        for _ in 0..ROUNDS {
            let changed = core::mem::take(&mut self.changed);
            for (handle, slot) in self.slots.iter_mut().enumerate() {
                if changed & 1 << handle != 0
                    && let Some(device) = slot
                {
                    device.advance(store);
                }
            }
            self.changed = store.link().take_changed();
            if self.changed == 0 {
                break;
            }
        }
        self.again = if self.unfinished() == 0 {
            u64::MAX
        } else {
            time::monotonic().saturating_add(AGAIN)
        };
    }

    /// The handles of devices that are to be looked at again without an event.
    pub(super) fn unfinished(&mut self) -> u64 {
        let mut handles = 0;
        for (handle, slot) in self.slots.iter_mut().enumerate() {
            if slot
                .as_mut()
                .is_some_and(|device| device.link().is_unfinished())
            {
                handles |= 1 << handle;
            }
        }
        handles
    }

    /// Whether the bus has something to do. To be asked again when it is time for [`again`](Self::again).
    pub(super) fn is_pending(&mut self) -> bool {
        if self.again != u64::MAX && time::monotonic() >= self.again {
            self.again = u64::MAX;
            self.changed |= self.unfinished();
        }
        self.changed != 0 || store::get().is_some_and(|store| store::is_pending(&mut store.lock()))
    }

    /// Takes in what xenstored says.
    pub(super) fn serve_store(&mut self) {
        let Some(store) = store::get() else {
            return;
        };
        let changed = {
            let store = &mut *store.lock();
            // Where xenstored broke the protocol and cannot connect anew, nothing is heard of the devices any more; what they
            // do goes on.
            let _ = store.tend();
            if store.link().take_unwatched() {
                for device in self.slots.iter_mut().flatten() {
                    device.link().watch_again(store);
                }
            }
            store.link().take_changed()
        };
        self.advance(changed);
    }

    /// The handles that can be read.
    pub(super) fn ready(&mut self) -> u64 {
        let mut ready = 0;
        let mut rest = self.acquired;
        while rest != 0 {
            let handle = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            if let Some(Some(device)) = self.slots.get_mut(handle) {
                match device.is_ready() {
                    Some(true) => ready |= 1 << handle,
                    Some(false) => {}
                    // Nobody else may do anything with it but wait.
                    None => self.changed |= 1 << handle,
                }
            }
        }
        ready
    }
}

/// The number in xenstore of the device that a name stands for.
fn find_number(store: &mut Store, declared: &manifest::Device<'_>) -> Result<u64, &'static str> {
    let kind = text(declared.kind).as_bytes();
    if let Some(digits) =
        options::settings().and_then(|settings| settings.device(kind, declared.name))
    {
        return number(digits).ok_or("the option for it names no number");
    }
    let folder: &[u8] = match declared.kind {
        Kind::Block => b"device/vbd",
        Kind::Net => b"device/vif",
    };
    let mut names = [0; 1024];
    let names = store.directory(0, folder, &mut names).unwrap_or(&[]);
    // The one above which there are as many as come before it: sorted without a place to sort in.
    let numbers = || strings(names).filter_map(number);
    numbers()
        .find(|&number| numbers().filter(|&other| other < number).count() == declared.order)
        .ok_or("the domain has no such device: see its configuration")
}
