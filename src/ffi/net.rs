// SPDX-License-Identifier: ISC
//! Network interfaces' rings and pages, behind `c_stubs/mirage_devices.c`.

use super::devices::Table;
use super::domid;
use super::errors::{Code, OUT_OF_RANGE};
use crate::xen::net::{DEFAULT_PAGES, Interface, LEAST_PAGES, Statistics};
use crate::xen::platform::PAGE;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use xen_proto::net::{Broken, Gso, MOST_QUEUES, Offload};

static NETS: Table<Interface> = Table::new();

/// The pages that an interface has at most, fewer than the core's: OCaml has memory beside them.
const MOST_PAGES: usize = 240;
/// What that takes (ocaml/net/netif.ml) with a usual MTU: where frames are received into, and what it knows of the pages.
const BESIDE: usize = (32 + 16) << 10;

// A mebibyte an interface, all in all.
const _: () = assert!(MOST_PAGES <= DEFAULT_PAGES);
const _: () =
    assert!((MOST_PAGES + size_of::<Interface>().div_ceil(PAGE)) * PAGE + BESIDE <= 1 << 20);

/// Nothing there: no room, no packet.
const NONE: i64 = 0;
/// There is no room to send; more than any queue's number.
const NO_ROOM: i64 = 256;

fn code<T>(result: Result<T, Broken>, value: impl FnOnce(T) -> i64) -> i64 {
    result.map_or_else(Code::code, value)
}

/// What a packet leaves to the backend: bit 0 its checksum, bit 1 says that it is over IPv6, bits 16 on are the bytes of TCP payload
/// in each packet that it is to be cut into, 0 if it is not.
fn offload(word: i64) -> Offload {
    let size = (word >> 16) as u16;
    Offload {
        blank: word & 1 != 0,
        validated: false,
        gso: (size != 0).then_some(Gso {
            size,
            v6: word & 2 != 0,
        }),
    }
}

/// An interface in at most so many bytes of memory, of up to so many queues: its handle.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_take(bytes: i64, queues: i64) -> i64 {
    let pages = usize::try_from(bytes).unwrap_or(0) / PAGE;
    let pages = pages.clamp(LEAST_PAGES, MOST_PAGES);
    let Ok(queues @ 1..=MOST_QUEUES) = usize::try_from(queues) else {
        return OUT_OF_RANGE;
    };
    // SAFETY: the table hands memory out once and for ever.
    NETS.take(pages, queues, Interface::close, |address| unsafe {
        Interface::new(address, pages, queues)
    })
}

/// How many grant references such an interface uses.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_references(bytes: i64) -> i64 {
    let pages = usize::try_from(bytes).unwrap_or(0) / PAGE;
    pages.clamp(LEAST_PAGES, MOST_PAGES) as i64
}

/// Ends its grants; 1, or 0 while the backend still maps a page.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_give(handle: i64) -> i64 {
    NETS.give(handle, Interface::close)
}

/// Empties its rings for domain `peer`, which takes `offered` queues, -1 if it does not say; how many there are.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_offer(handle: i64, peer: i64, offered: i64) -> i64 {
    let Some(peer) = domid(peer) else {
        return OUT_OF_RANGE;
    };
    NETS.with(handle, |place| {
        match place.device.offer(peer, u64::try_from(offered).ok()) {
            Err(error) => error.code(),
            Ok(()) => place.device.queues() as i64,
        }
    })
}

/// The grant of a queue's ring to send on, or with `rx` of the one to receive on; 0 for a queue that there is not.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_reference(handle: i64, queue: i64, rx: bool) -> i64 {
    NETS.with(handle, |place| {
        let [tx_ring, rx_ring] = place
            .device
            .references(usize::try_from(queue).unwrap_or(MOST_QUEUES));
        i64::from(if rx { rx_ring } else { tx_ring })
    })
}

/// A page to write a packet of at most `len` bytes into, zeroed: its number and, from bit 16 on, its address; 0 while there
/// is no room.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_take_page(handle: i64, len: i64) -> i64 {
    NETS.with(handle, |place| {
        let page = place.device.take_page(usize::try_from(len).unwrap_or(0));
        code(page, |page| {
            page.map_or(NONE, |(number, address)| {
                (address as i64) << 16 | number as i64
            })
        })
    })
}

/// Sends the packet at the start of such a page, or gives the page back when `len` is 0: [`sent`].
#[unsafe(no_mangle)]
extern "C" fn mxen_net_send_page(handle: i64, page: i64, len: i64, leaves: i64) -> i64 {
    let (Ok(page), Ok(len)) = (page.try_into(), usize::try_from(len)) else {
        return OUT_OF_RANGE;
    };
    NETS.with(handle, |place| {
        if len == 0 {
            place.device.give_page(page);
            return NONE;
        }
        let queue = place.device.send_page(page, len, offload(leaves));
        queue.map_or(NONE, |queue| sent(place.device, queue))
    })
}

/// Shows the backend what was sent on a queue: 0, or the queue's number and 1 more where it wants an event for that.
fn sent(interface: &mut Interface, queue: usize) -> i64 {
    if interface.publish_sent(queue) {
        queue as i64 + 1
    } else {
        NONE
    }
}

/// Sends a packet: [`sent`], or [`NO_ROOM`].
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_net_send(handle: i64, data: *const u8, len: usize, leaves: i64) -> i64 {
    // SAFETY: the caller's buffer.
    let packet = unsafe { from_raw_parts(data, len) };
    NETS.with(handle, |place| {
        let interface = &mut place.device;
        let queue = interface.queue_of(packet);
        code(interface.has_room(queue, len), |room| {
            if !room {
                return NO_ROOM;
            }
            let put = interface.send(queue, packet, offload(leaves));
            code(put, |_| sent(interface, queue))
        })
    })
}

/// Receives a packet, segments of TCP of more than `most` bytes cut into frames: its length, 0 when there is none. From bit 32 on a bit
/// for each queue says that the backend wants an event.
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_net_receive(
    handle: i64,
    buffer: *mut u8,
    size: usize,
    most: usize,
) -> i64 {
    // SAFETY: the caller's buffer. Any bytes it has are bytes.
    let buffer = unsafe { from_raw_parts_mut(buffer, size) };
    NETS.with(handle, |place| {
        let received = place.device.receive(buffer, most);
        code(received, |len| {
            let events = place.device.publish_pages(len.is_none());
            len.unwrap_or(0) as i64 | i64::from(events) << 32
        })
    })
}

/// The same of a packet as it came. Bit 40 says that its checksum is blank, bit 41 that it need not be looked at; from bit 42 on are
/// the bytes of TCP payload in each packet that it stands for, 0 if it is one.
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_net_receive_whole(handle: i64, buffer: *mut u8, size: usize) -> i64 {
    // SAFETY: the caller's buffer. Any bytes it has are bytes.
    let buffer = unsafe { from_raw_parts_mut(buffer, size) };
    NETS.with(handle, |place| {
        let received = place.device.receive_whole(buffer);
        code(received, |packet| {
            let events = place.device.publish_pages(packet.is_none());
            let (len, leaves) = packet.unwrap_or_default();
            let size = leaves.gso.map_or(0, |gso| gso.size);
            len as i64
                | i64::from(events) << 32
                | i64::from(leaves.blank) << 40
                | i64::from(leaves.validated) << 41
                | i64::from(size) << 42
        })
    })
}

/// 1 when there is a packet; if there is none, the next one raises an event.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_ask_packet(handle: i64) -> i64 {
    NETS.with(handle, |place| code(place.device.ask_packet(), i64::from))
}

/// 1 when there may be room to send; if not, room raises an event.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_ask_room(handle: i64) -> i64 {
    NETS.with(handle, |place| code(place.device.ask_room(), i64::from))
}

/// How many pages the backend has to send from.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_in_flight(handle: i64) -> i64 {
    NETS.with(handle, |place| {
        code(place.device.in_flight(), |pages| pages as i64)
    })
}

/// What went through it; 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_net_statistics(handle: i64, statistics: *mut Statistics) -> i64 {
    NETS.with(handle, |place| {
        // SAFETY: the caller's structure.
        unsafe { statistics.write(place.device.statistics) }
        0
    })
}
