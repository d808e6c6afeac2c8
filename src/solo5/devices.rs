// SPDX-License-Identifier: ISC
//! The core's devices: from names in the program's manifest to backends, and what is common to network and block.
//!
//! A name stands for a device of the domain by this rule, for each of the two kinds for itself: an option
//! `--solo5:net:NAME=NUMBER` or `--solo5:block:NAME=NUMBER` names the device by its number in xenstore (`device/vif/0`,
//! `device/vbd/51712`); without one, the manifest's first name stands for the device with the lowest number, its second name
//! for the next one, and so on.

use super::api::Solo5Result;
use super::device_hooks::{self, Hooks};
use super::options::{self, Settings};
use crate::mm::{device_memory, layout};
use crate::xen::line::Line;
use crate::xen::store::{self, Store};
use crate::xen::{events, time};
use core::ffi::c_char;
use core::ops::Range;
use spin::Mutex;
use xen_proto::manifest::{Kind, MAX_ENTRIES, Manifest};
use xen_proto::options::Level;
use xen_proto::xenbus::Link;

mod block;
mod buffers;
mod bus;
mod net;

/// A device that was acquired, or is about to be.
pub trait Device: Send {
    /// Its place on the bus.
    fn link(&mut self) -> &mut Link;

    /// Has the bus do what there is to do.
    fn advance(&mut self, store: &mut Store);

    /// Whether it can be read; if not, it raises an event when it can. Forgets the events that came. `None` where its backend broke the
    /// protocol, which the bus has to see to.
    fn is_ready(&mut self) -> Option<bool>;

    /// Gives the backend a last chance to take what was sent.
    fn finish(&mut self) {}

    /// The device as a disk.
    fn block(&mut self) -> Option<&mut block::Block> {
        None
    }

    /// The device as a network interface.
    fn net(&mut self) -> Option<&mut net::Net> {
        None
    }
}

/// The devices by handle.
struct Devices {
    slots: [Option<&'static mut dyn Device>; MAX_ENTRIES],
    /// A bit a handle: acquired.
    acquired: u64,
    /// A bit a handle: its place on the bus has still to be looked at.
    changed: u64,
    /// When unfinished ones are looked at again, in ns of monotonic time; `u64::MAX` where there is none.
    again: u64,
}

static DEVICES: Mutex<Devices> = Mutex::new(Devices {
    slots: [const { None }; MAX_ENTRIES],
    acquired: 0,
    changed: 0,
    again: u64::MAX,
});

static HOOKS: Hooks = Hooks { wait, finish };

/// Found by the boot where any of this is linked.
#[unsafe(link_section = ".device_hooks")]
static RESERVE: layout::DeviceHook = reserve;

/// Sets memory aside for the devices that the manifest names. What is wrong with it is said when one is acquired.
fn reserve(heap: Range<u64>, settings: &Settings) -> Range<u64> {
    let Ok(manifest) = Manifest::parse(layout::manifest()) else {
        return heap;
    };
    let nets = manifest.count(Kind::Net) as u64 * net::pages(settings);
    let blocks = manifest.count(Kind::Block) as u64 * block::pages(settings);
    device_memory::reserve(heap, nets + blocks)
}

fn complain(kind: Kind, name: &[u8], why: &str) {
    if !options::logs(Level::Error) {
        return;
    }
    Line::new()
        .text("Solo5: error: ")
        .text(text(kind))
        .text(" '")
        .bytes(name)
        .text("': ")
        .text(why)
        .log();
}

/// Says what a backend did, which is logged whatever the level.
fn report_broken(link: &Link, whose: &str, number: u64, why: &str) {
    Line::new()
        .text("Solo5: error: ")
        .text(whose)
        .decimal(number)
        .text(" broke the protocol: ")
        .text(why)
        .text(if link.gave_up() {
            "; it is not connected to again"
        } else {
            ""
        })
        .log();
}

const fn text(kind: Kind) -> &'static str {
    match kind {
        Kind::Block => "block",
        Kind::Net => "net",
    }
}

/// Moves `value` to device memory, for ever.
fn place<T>(value: T) -> Option<&'static mut T> {
    const { assert!(align_of::<T>() <= layout::PAGE as usize) };
    let address = device_memory::take(size_of::<T>().div_ceil(layout::PAGE as usize))?;
    let place = address as *mut T;
    // SAFETY: page-aligned memory of that size that is nobody else's.
    unsafe {
        place.write(value);
        Some(&mut *place)
    }
}

/// The string at `name`, or so much of it that it is longer than any name in a manifest.
///
/// # Safety
/// It ends with a zero byte.
unsafe fn text_at(name: *const c_char) -> &'static [u8] {
    let name = name.cast::<u8>();
    let mut len = 0;
    // SAFETY: no byte after the zero is looked at. libc's strlen is not there, so the loop must not become a call of it.
    unsafe {
        while len < 68 && name.add(len).read_volatile() != 0 {
            len += 1;
        }
        core::slice::from_raw_parts(name, len)
    }
}

/// Acquires the device of that kind and name: its handle. `make` makes it, for its number in xenstore and its handle.
///
/// # Safety
/// `name` is null or a string that ends with a zero byte.
unsafe fn acquire(
    kind: Kind,
    name: *const c_char,
    make: fn(&mut Store, u64, usize) -> Result<&'static mut dyn Device, &'static str>,
    describe: impl FnOnce(&mut dyn Device),
) -> Result<usize, Solo5Result> {
    // SAFETY: a plain load. Without it the linker would take the hook for unused.
    unsafe { core::ptr::read_volatile(&RESERVE) };
    if name.is_null() {
        return Err(Solo5Result::Invalid);
    }
    // SAFETY: the caller's promise.
    let name = unsafe { text_at(name) };
    let manifest = match Manifest::parse(layout::manifest()) {
        Ok(manifest) => manifest,
        Err(error) => {
            complain(kind, name, error.text());
            return Err(Solo5Result::Invalid);
        }
    };
    let Some(declared) = manifest.find(kind, name) else {
        return Err(Solo5Result::Invalid);
    };
    let mut devices = DEVICES.lock();
    if devices.acquired & 1 << declared.handle != 0 {
        return Err(Solo5Result::Invalid);
    }
    match devices.connect(&declared, make) {
        Ok(()) => {}
        Err(why) => {
            complain(kind, name, why);
            return Err(Solo5Result::Unspecified);
        }
    }
    devices.acquired |= 1 << declared.handle;
    if let Some(Some(device)) = devices.slots.get_mut(declared.handle) {
        describe(*device);
    }
    device_hooks::set(&HOOKS);
    Ok(declared.handle)
}

fn wait(deadline: u64) -> u64 {
    let mut devices = DEVICES.lock();
    loop {
        let (mut ready, mut pending) = (0, false);
        events::wait_often(deadline.min(devices.again), || {
            ready = devices.ready();
            pending = devices.is_pending();
            ready != 0 || pending
        });
        if pending {
            devices.serve_store();
        }
        if ready != 0 || time::monotonic() >= deadline {
            return ready;
        }
    }
}

fn finish() {
    if let Some(mut devices) = DEVICES.try_lock() {
        for device in devices.slots.iter_mut().flatten() {
            device.finish();
        }
    }
}

/// Runs `operation` on an acquired device.
fn with<T>(
    devices: &mut Devices,
    handle: u64,
    operation: impl FnOnce(&mut dyn Device, &mut Store) -> Option<T>,
) -> Option<T> {
    let Devices {
        slots, acquired, ..
    } = devices;
    let known = handle < MAX_ENTRIES as u64 && *acquired & 1 << handle != 0;
    let device = slots.get_mut(handle as usize).filter(|_| known)?.as_mut()?;
    operation(&mut **device, &mut store::get()?.lock())
}
