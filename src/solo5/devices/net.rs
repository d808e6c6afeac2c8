// SPDX-License-Identifier: ISC
//! Network interfaces: `solo5_net_*` over netback.
//!
//! Interface: `xen/include/public/io/netif.h` for the names in xenstore.

use super::{Device, buffers, complain, place, report_broken};
use crate::solo5::options::{self, Settings};
use crate::xen::line::Line;
use crate::xen::net::{self, Interface};
use crate::xen::store::Store;
use crate::xen::{events, time};
use channels::Channels;
use core::ops::RangeInclusive;
use xen_proto::manifest::Kind;
use xen_proto::net::{Broken, MOST_QUEUES, Offload, PAGE, parse_mac};
use xen_proto::options::Level;
use xen_proto::text::Path;
use xen_proto::xenbus::{Backend, Driver, Keys, Link, State};

mod api;
mod channels;
mod traffic;

/// `SOLO5_NET_HLEN`: bytes of an Ethernet header.
const HEADER: usize = 14;
const DEFAULT_MTU: usize = 1500;

/// How long the domain's end waits for what was sent, in ns.
const PATIENCE_END: u64 = 200_000_000;

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
    /// Of the backend that the rings were offered to last; none once that is gone.
    takes: Takes,
    /// An event channel of a queue or two, while there are queues.
    channels: [Option<Channels>; MOST_QUEUES],
    /// There may be nodes of split event channels in the folder, and one that says how many queues there are.
    wrote_split: bool,
    wrote_queues: bool,
    connected: bool,
    /// The backend takes nothing: packets are dropped without waiting.
    stalled: bool,
    /// It was said that the pages cannot be granted.
    complained: bool,
}

/// What the backend can do with packets.
#[derive(Clone, Copy, Default)]
struct Takes {
    /// Packets in several slots.
    sg: bool,
    gso_v4: bool,
    gso_v6: bool,
    blank_v4: bool,
    blank_v6: bool,
}

impl Takes {
    fn takes(self, size: usize, offload: Offload, v6: bool) -> bool {
        let gso = if v6 { self.gso_v6 } else { self.gso_v4 };
        let blank = if v6 { self.blank_v6 } else { self.blank_v4 };
        // A segment's checksum is left, too, whoever asks.
        let no_gso = offload.gso.is_none();
        (size <= PAGE || self.sg) && (no_gso || gso) && (no_gso && !offload.blank || blank)
    }
}

/// Pages of memory that an interface takes.
pub fn pages(settings: &Settings) -> u64 {
    (buffers::pages(settings, Kind::Net, PAGES) + size_of::<Net>().div_ceil(4096)) as u64
}

/// The least that it can do with, and its default.
const PAGES: RangeInclusive<usize> = net::LEAST_PAGES..=net::DEFAULT_PAGES;

// A mebibyte an interface, all in all.
const _: () = assert!(*PAGES.end() * PAGE + size_of::<Net>() <= 1 << 20);

fn make(
    store: &mut Store,
    number: u64,
    handle: usize,
) -> Result<&'static mut dyn Device, &'static str> {
    let queues = options::settings().map_or(Ok(1), |settings| {
        settings.device_queues(b"net", MOST_QUEUES)
    });
    let queues = queues.map_err(|_| "the option for its queues is no number from 1 to 4")?;
    let (address, pages) = buffers::take(Kind::Net, PAGES)?;
    // SAFETY: device memory is handed out once and for ever.
    let interface = unsafe { Interface::new(address, pages, queues) }.ok_or(buffers::NO_MEMORY)?;
    let link = Link::new(store, b"vif", number, handle as u64, State::Connected);
    let driver = NetDriver {
        interface,
        number,
        mac: [0; 6],
        mtu: 0,
        takes: Takes::default(),
        channels: [const { None }; MOST_QUEUES],
        wrote_split: false,
        wrote_queues: false,
        connected: false,
        stalled: false,
        complained: false,
    };
    let net = place(Net { link, driver }).ok_or(buffers::NO_MEMORY)?;
    Ok(net)
}

impl Driver<Store> for NetDriver {
    fn offer(&mut self, store: &mut Store, backend: &Backend) -> Option<Keys> {
        let folder = backend.path.get();
        let offers = |store: &mut Store, name| store.number_at(folder, name) == Some(1);
        let split = offers(store, b"feature-split-event-channels");
        self.takes = Takes {
            sg: offers(store, b"feature-sg"),
            gso_v4: offers(store, b"feature-gso-tcpv4"),
            gso_v6: offers(store, b"feature-gso-tcpv6"),
            blank_v4: !offers(store, b"feature-no-csum-offload"),
            blank_v6: offers(store, b"feature-ipv6-csum-offload"),
        };
        let most_queues = store.number_at(folder, b"multi-queue-max-queues");
        self.describe(store);
        self.channels = [const { None }; MOST_QUEUES];
        if let Err(error) = self.interface.offer(backend.domid, most_queues) {
            // It is tried again and again.
            if !core::mem::replace(&mut self.complained, true) {
                complain(Kind::Net, b"", buffers::not_granted(error));
            }
            return None;
        }
        self.complained = false;
        let keys = Keys::new()
            .number(b"request-rx-copy", 1)
            .number(b"feature-rx-notify", 1)
            .number(b"feature-sg", 1)
            .number(b"feature-gso-tcpv4", 1)
            .number(b"feature-gso-tcpv6", 1)
            .number(b"feature-ipv6-csum-offload", 1);
        self.offer_queues(keys, backend.domid, split)
    }

    fn connect(&mut self, _store: &mut Store, _backend: &Backend) -> bool {
        for channels in self.channels.iter().flatten() {
            channels.start();
        }
        self.connected = true;
        self.stalled = false;
        self.log(" is connected");
        true
    }

    fn disconnect(&mut self) {
        self.connected = false;
        self.takes = Takes::default();
        self.channels = [const { None }; MOST_QUEUES];
        self.log(" is disconnected");
    }

    fn is_bound(&mut self) -> bool {
        let mut channels = self.channels.iter().flatten();
        channels.all(Channels::is_bound)
    }
}

impl NetDriver {
    fn log(&self, what: &str) {
        if options::logs(Level::Debug) {
            Line::new()
                .text("Solo5: net: vif ")
                .decimal(self.number)
                .text(what)
                .text(", queues: ")
                .decimal(self.interface.queues() as u64)
                .log();
        }
    }

    /// Address and MTU, which do not change any more once the program knows them.
    fn describe(&mut self, store: &mut Store) {
        if self.mtu != 0 {
            return;
        }
        let folder = folder(self.number);
        let mac = store.text_at::<20>(folder.get(), b"mac");
        self.mac = mac.and_then(|mac| parse_mac(mac.get())).unwrap_or([0; 6]);
        let mtu = store
            .number_at(folder.get(), b"mtu")
            .map(|mtu| mtu as usize);
        // What IPv4 asks for at least, and what a packet of 64 KiB has room for.
        let sane = mtu.filter(|mtu| (68..=65535 - HEADER).contains(mtu));
        self.mtu = sane.unwrap_or(DEFAULT_MTU);
    }
}

/// The frontend's folder.
fn folder(number: u64) -> Path {
    Path::of(&[b"device/vif/"]).decimal(number)
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

    fn is_ready(&mut self) -> Option<bool> {
        self.driver
            .is_ready()
            .map_err(|broken| self.broke(broken))
            .ok()
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
