// SPDX-License-Identifier: ISC
//! Network interfaces: `solo5_net_*` over netback.
//!
//! Interface: `xen/include/public/io/netif.h` for the names in xenstore.

use super::{DEVICES, Device, acquire, buffers, complain, place, report_broken, with};
use crate::solo5::api::Solo5Result;
use crate::solo5::options::{self, Settings};
use crate::xen::bus::{Backend, Driver, Keys, Link};
use crate::xen::channel::Channel;
use crate::xen::line::Line;
use crate::xen::net::{self, Interface, Statistics};
use crate::xen::store::{self, Store};
use crate::xen::text::Text;
use crate::xen::{events, time};
use core::ffi::c_char;
use core::ops::RangeInclusive;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use xen_proto::manifest::Kind;
use xen_proto::net::{Broken, Gso, MAX_PACKET, Offload, parse_mac};
use xen_proto::options::Level;
use xen_proto::xenbus::State;

/// `SOLO5_NET_HLEN`: bytes of an Ethernet header.
const HEADER: usize = 14;
const DEFAULT_MTU: usize = 1500;
/// Bytes that a frame may have more than its header and the MTU: a tag (802.1Q).
const TAG: usize = 4;

/// How long sending waits for room, in ns, before a packet is dropped; and how long the domain's end waits for what was sent.
const PATIENCE_ROOM: u64 = 100_000_000;
const PATIENCE_END: u64 = 200_000_000;

/// `struct solo5_net_info`.
#[repr(C)]
pub struct NetInfo {
    mac_address: [u8; 6],
    mtu: usize,
}

/// A network interface.
pub struct Net {
    link: Link,
    driver: NetDriver,
}

/// All but its place on the bus.
struct NetDriver {
    interface: Interface,
    /// Its own number, for messages.
    number: u64,
    /// The folder's values, as of the first connection.
    mac: [u8; 6],
    mtu: usize,
    takes: Takes,
    channels: Option<Channels>,
    connected: bool,
    /// The backend takes nothing: packets are dropped without waiting.
    stalled: bool,
}

/// What the backend can do with packets.
#[derive(Clone, Copy, Default)]
struct Takes {
    gso_v4: bool,
    gso_v6: bool,
    blank_v4: bool,
    blank_v6: bool,
}

impl Takes {
    fn takes(self, offload: Offload, v6: bool) -> bool {
        let gso = if v6 { self.gso_v6 } else { self.gso_v4 };
        let blank = if v6 { self.blank_v6 } else { self.blank_v4 };
        (offload.gso.is_none() || gso) && (!offload.blank || blank)
    }
}

/// One event channel for both directions, or one each.
struct Channels {
    rx: Channel,
    tx: Option<Channel>,
}

/// Pages of memory that an interface takes.
pub fn pages(settings: &Settings) -> u64 {
    (buffers::pages(settings, Kind::Net, PAGES) + size_of::<Net>().div_ceil(4096)) as u64
}

/// The least that it can do with, and its default.
const PAGES: RangeInclusive<usize> = net::LEAST_PAGES..=net::DEFAULT_PAGES;

fn make(
    store: &mut Store,
    number: u64,
    handle: usize,
) -> Result<&'static mut dyn Device, &'static str> {
    let (address, pages) = buffers::take(Kind::Net, PAGES)?;
    // SAFETY: device memory is handed out once and for ever.
    let interface = unsafe { Interface::new(address, pages) }.ok_or(buffers::NO_MEMORY)?;
    let link = Link::new::<NetDriver>(store, b"vif", number, handle as u64);
    let driver = NetDriver {
        interface,
        number,
        mac: [0; 6],
        mtu: 0,
        takes: Takes::default(),
        channels: None,
        connected: false,
        stalled: false,
    };
    let net = place(Net { link, driver }).ok_or(buffers::NO_MEMORY)?;
    Ok(net)
}

impl Driver for NetDriver {
    const WITH: State = State::Connected;

    fn offer(&mut self, store: &mut Store, backend: &Backend) -> Option<Keys> {
        let offers = |store: &mut Store, name| {
            store::read_number(store, backend.path.get(), name) == Some(1)
        };
        let split = offers(store, b"feature-split-event-channels");
        self.takes = Takes {
            gso_v4: offers(store, b"feature-gso-tcpv4"),
            gso_v6: offers(store, b"feature-gso-tcpv6"),
            blank_v4: !offers(store, b"feature-no-csum-offload"),
            blank_v6: offers(store, b"feature-ipv6-csum-offload"),
        };
        self.describe(store);
        self.channels = None;
        let offer = match self.interface.offer(backend.domid) {
            Ok(offer) => offer,
            Err(_) => {
                complain(Kind::Net, b"", buffers::NOT_GRANTED);
                return None;
            }
        };
        let rx = Channel::offer(backend.domid).ok()?;
        let keys = Keys::new()
            .number(b"tx-ring-ref", u64::from(offer.tx_reference))
            .number(b"rx-ring-ref", u64::from(offer.rx_reference))
            .number(b"request-rx-copy", 1)
            .number(b"feature-rx-notify", 1)
            .number(b"feature-sg", 1)
            .number(b"feature-gso-tcpv4", 1)
            .number(b"feature-gso-tcpv6", 1)
            .number(b"feature-ipv6-csum-offload", 1);
        let (tx, keys) = if split {
            let tx = Channel::offer(backend.domid).ok()?;
            let keys = keys
                .number(b"event-channel-tx", u64::from(tx.port()))
                .number(b"event-channel-rx", u64::from(rx.port()));
            (Some(tx), keys)
        } else {
            (None, keys.number(b"event-channel", u64::from(rx.port())))
        };
        self.channels = Some(Channels { rx, tx });
        Some(keys)
    }

    fn connect(&mut self, _store: &mut Store, _backend: &Backend) -> bool {
        if let Some(channels) = &self.channels {
            channels.rx.unmask();
            // The backend may have looked at the ring before it could be notified.
            channels.rx.notify();
        }
        self.connected = true;
        self.stalled = false;
        if options::logs(Level::Debug) {
            Line::new()
                .text("Solo5: net: vif ")
                .decimal(self.number)
                .text(" is connected")
                .log();
        }
        true
    }

    fn disconnect(&mut self) {
        self.connected = false;
        self.channels = None;
        if options::logs(Level::Debug) {
            Line::new()
                .text("Solo5: net: vif ")
                .decimal(self.number)
                .text(" is disconnected")
                .log();
        }
    }
}

impl NetDriver {
    /// Address and MTU, which do not change any more once the program knows them.
    fn describe(&mut self, store: &mut Store) {
        if self.mtu != 0 {
            return;
        }
        let folder = folder(self.number);
        let mac = store::read::<20>(store, folder.get(), b"mac");
        self.mac = mac.and_then(|mac| parse_mac(mac.get())).unwrap_or([0; 6]);
        let mtu = store::read_number(store, folder.get(), b"mtu").map(|mtu| mtu as usize);
        // What IPv4 asks for at least, and what a packet of 64 KiB has room for.
        let sane = mtu.filter(|mtu| (68..=65535 - HEADER).contains(mtu));
        self.mtu = sane.unwrap_or(DEFAULT_MTU);
    }

    fn notify_tx(&self) {
        if let Some(channels) = &self.channels {
            channels.tx.as_ref().unwrap_or(&channels.rx).notify();
        }
    }

    fn notify_rx(&self) {
        if let Some(channels) = &self.channels {
            channels.rx.notify();
        }
    }

    /// Waits a moment for room to send `len` bytes.
    fn wait_for_room(&mut self, len: usize) -> Result<bool, Broken> {
        if self.interface.has_room(len)? {
            self.stalled = false;
            return Ok(true);
        }
        let Some(channels) = self.channels.as_ref().filter(|_| !self.stalled) else {
            return Ok(false);
        };
        let channel = channels.tx.as_ref().unwrap_or(&channels.rx);
        channel.unmask();
        let deadline = time::monotonic().saturating_add(PATIENCE_ROOM);
        let mut room = Ok(false);
        events::wait_often(deadline, || {
            channel.clear();
            room = self.interface.has_room(len);
            if room == Ok(false) {
                room = match self.interface.ask_room() {
                    Ok(true) => self.interface.has_room(len),
                    other => other,
                };
            }
            room != Ok(false)
        });
        if channels.tx.is_some() {
            channel.mask();
        }
        self.stalled = room == Ok(false);
        room
    }

    fn send(&mut self, frame: &[u8], offload: Offload) -> Result<(), Broken> {
        if !self.connected || !self.wait_for_room(frame.len())? {
            self.interface.statistics.sent_dropped += 1;
            return Ok(());
        }
        self.interface.send(&[frame], offload)?;
        if self.interface.publish_sent() {
            self.notify_tx();
        }
        Ok(())
    }

    /// Receives by `receive`, of the interface.
    fn receive<T>(
        &mut self,
        receive: impl FnOnce(&mut Interface) -> Result<Option<T>, Broken>,
    ) -> Result<Option<T>, Broken> {
        if !self.connected {
            return Ok(None);
        }
        let received = receive(&mut self.interface)?;
        if self.interface.publish_pages(received.is_none()) {
            self.notify_rx();
        }
        Ok(received)
    }

    fn is_ready(&mut self) -> Result<bool, Broken> {
        let Some(channels) = self.channels.as_ref().filter(|_| self.connected) else {
            return Ok(false);
        };
        channels.rx.clear();
        if self.interface.publish_pages(true) {
            channels.rx.notify();
        }
        self.interface.ask_packet()
    }
}

/// The frontend's folder.
fn folder(number: u64) -> Text<192> {
    Text::of(&[b"device/vif/"]).decimal(number)
}

impl Net {
    /// A backend that broke the protocol gets a new connection. Until then the interface is as good as unplugged.
    fn broke(&mut self, broken: Broken) {
        self.driver.disconnect();
        self.link.reset();
        report_broken(
            &self.link,
            "net: the backend of vif ",
            self.driver.number,
            broken.text(),
        );
    }

    /// Makes a new connection where that is due.
    fn mend(&mut self, store: &mut Store) {
        if self.link.is_connected() && !self.driver.connected {
            self.link.advance(store, &mut self.driver);
        }
    }
}

impl Device for Net {
    fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    fn advance(&mut self, store: &mut Store) {
        self.link.advance(store, &mut self.driver);
    }

    fn is_ready(&mut self) -> bool {
        match self.driver.is_ready() {
            Ok(ready) => ready,
            Err(broken) => {
                self.broke(broken);
                false
            }
        }
    }

    fn finish(&mut self) {
        let deadline = time::monotonic().saturating_add(PATIENCE_END);
        while self.driver.connected
            && self
                .driver
                .interface
                .in_flight()
                .is_ok_and(|pages| pages != 0)
        {
            let before = time::monotonic();
            if before >= deadline {
                return;
            }
            events::wait_often(before.saturating_add(500_000).min(deadline), || false);
        }
    }

    fn net(&mut self) -> Option<&mut Net> {
        Some(self)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_net_acquire(
    name: *const c_char,
    handle: *mut u64,
    info: *mut NetInfo,
) -> Solo5Result {
    let describe = |device: &mut dyn Device| {
        if let Some(net) = device.net() {
            // SAFETY: the caller's structure.
            unsafe {
                info.write(NetInfo {
                    mac_address: net.driver.mac,
                    mtu: net.driver.mtu,
                });
            }
        }
    };
    // SAFETY: the caller's name.
    match unsafe { acquire(Kind::Net, name, make, describe) } {
        Ok(number) => {
            // SAFETY: the caller's variable.
            unsafe { handle.write(number as u64) }
            Solo5Result::Ok
        }
        Err(result) => result,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_net_write(handle: u64, buffer: *const u8, size: usize) -> Solo5Result {
    let result = with(&mut DEVICES.lock(), handle, |device, store| {
        let net = device.net()?;
        if size < HEADER || size > net.driver.mtu + HEADER {
            return None;
        }
        // SAFETY: the caller's buffer of that size.
        let frame = unsafe { from_raw_parts(buffer, size) };
        if let Err(broken) = net.driver.send(frame, Offload::default()) {
            net.broke(broken);
        }
        net.mend(store);
        Some(())
    });
    result.map_or(Solo5Result::Invalid, |()| Solo5Result::Ok)
}

/// Has `receive` receive a packet, for a caller whose buffer has `size` bytes.
fn read<T>(
    handle: u64,
    size: usize,
    receive: impl FnOnce(&mut Interface, usize) -> Result<Option<T>, Broken>,
) -> Result<T, Solo5Result> {
    let result = with(&mut DEVICES.lock(), handle, |device, store| {
        let net = device.net()?;
        let longest = net.driver.mtu + HEADER;
        if size < longest {
            return None;
        }
        let received = net
            .driver
            .receive(|interface| receive(interface, longest + TAG));
        Some(received.unwrap_or_else(|broken| {
            net.broke(broken);
            net.mend(store);
            None
        }))
    });
    result.map_or(Err(Solo5Result::Invalid), |received| {
        received.ok_or(Solo5Result::Again)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_net_read(
    handle: u64,
    buffer: *mut u8,
    size: usize,
    read_size: *mut usize,
) -> Solo5Result {
    let received = read(handle, size, |interface, most| {
        // SAFETY: the caller's buffer of that size. Any bytes it has are bytes.
        interface.receive(unsafe { from_raw_parts_mut(buffer, size) }, most)
    });
    match received {
        Ok(len) => {
            // SAFETY: the caller's variable.
            unsafe { read_size.write(len) }
            Solo5Result::Ok
        }
        Err(result) => result,
    }
}

/// [`solo5_net_read`] of a packet as it came, which may be a segment of TCP of up to 65549 bytes, and what it leaves to do.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_net_read(
    handle: u64,
    buffer: *mut u8,
    size: usize,
    read_size: *mut usize,
    offload: *mut NetOffload,
) -> Solo5Result {
    let received = read(handle, size, |interface, _| {
        // SAFETY: as above.
        interface.receive_whole(unsafe { from_raw_parts_mut(buffer, size) })
    });
    match received {
        Ok((len, leaves)) => {
            // SAFETY: the caller's variables.
            unsafe {
                read_size.write(len);
                offload.write(NetOffload {
                    blank: leaves.blank.into(),
                    v6: leaves.gso.is_some_and(|gso| gso.v6).into(),
                    gso_size: leaves.gso.map_or(0, |gso| gso.size),
                });
            }
            Solo5Result::Ok
        }
        Err(result) => result,
    }
}

/// `struct solo5__xen_net_offload`: what a packet leaves to the backend, or to whoever puts it on a wire.
#[repr(C)]
pub struct NetOffload {
    /// Not 0: TCP's or UDP's checksum holds the sum of the pseudo header only.
    blank: u8,
    /// Not 0: the packet is over IPv6.
    v6: u8,
    /// Bytes of TCP payload in each packet that this one is to be cut into; 0 if it is not.
    gso_size: u16,
}

/// [`solo5_net_write`] of a packet up to 65535 bytes long. `SOLO5_R_EUNSPEC` where the backend does not take such packets.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_net_write(
    handle: u64,
    buffer: *const u8,
    size: usize,
    offload: *const NetOffload,
) -> Solo5Result {
    let result = with(&mut DEVICES.lock(), handle, |device, store| {
        let net = device.net()?;
        // SAFETY: the caller's structure.
        let asked = unsafe { &*offload };
        let most = if asked.gso_size == 0 {
            net.driver.mtu + HEADER
        } else {
            MAX_PACKET
        };
        if size < HEADER || size > most {
            return None;
        }
        let gso = (asked.gso_size != 0).then_some(Gso {
            size: asked.gso_size,
            v6: asked.v6 != 0,
        });
        let offload = Offload {
            blank: asked.blank != 0,
            validated: false,
            gso,
        };
        if !net.driver.takes.takes(offload, asked.v6 != 0) {
            return Some(Solo5Result::Unspecified);
        }
        // SAFETY: the caller's buffer of that size.
        let frame = unsafe { from_raw_parts(buffer, size) };
        if let Err(broken) = net.driver.send(frame, offload) {
            net.broke(broken);
        }
        net.mend(store);
        Some(Solo5Result::Ok)
    });
    result.unwrap_or(Solo5Result::Invalid)
}

/// What went through an interface: `struct solo5__xen_net_statistics`.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_net_statistics(
    handle: u64,
    statistics: *mut Statistics,
) -> Solo5Result {
    let result = with(&mut DEVICES.lock(), handle, |device, _| {
        let net = device.net()?;
        // SAFETY: the caller's structure.
        unsafe { statistics.write(net.driver.interface.statistics) }
        Some(())
    });
    result.map_or(Solo5Result::Invalid, |()| Solo5Result::Ok)
}

/// Whether the interface has a backend now: 1 or 0, as a carrier on a wire.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_net_carrier(handle: u64) -> i32 {
    let result = with(&mut DEVICES.lock(), handle, |device, _| {
        Some(i32::from(device.net()?.driver.connected))
    });
    result.unwrap_or(0)
}
