// SPDX-License-Identifier: ISC
//! Network interfaces' rings and pages, behind `c_stubs/mirage_devices.c`.

use super::devices::Table;
use super::domid;
use super::errors::{Code, OUT_OF_RANGE};
use crate::xen::net::{DEFAULT_PAGES, Interface, LEAST_PAGES, Statistics};
use crate::xen::platform::PAGE;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use xen_proto::net::{Broken, Gso, Offload};

static NETS: Table<Interface> = Table::new();

/// Nothing there: no room, no packet.
const NONE: i64 = 0;

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

/// An interface in at most so many bytes of memory: its handle.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_take(bytes: i64) -> i64 {
    let pages = usize::try_from(bytes).unwrap_or(0) / PAGE;
    let pages = pages.clamp(LEAST_PAGES, DEFAULT_PAGES);
    // SAFETY: the table hands memory out once and for ever.
    NETS.take(pages, |address| unsafe { Interface::new(address, pages) })
}

/// How many grant references such an interface uses.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_references(bytes: i64) -> i64 {
    let pages = usize::try_from(bytes).unwrap_or(0) / PAGE;
    pages.clamp(LEAST_PAGES, DEFAULT_PAGES) as i64
}

/// Ends its grants; 1, or 0 while the backend still maps a page.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_give(handle: i64) -> i64 {
    NETS.give(handle, Interface::close)
}

/// Empties its rings for domain `peer`, and writes the references of the ring to send on and of the other one; 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_net_offer(handle: i64, peer: i64, references: *mut u32) -> i64 {
    let Some(peer) = domid(peer) else {
        return OUT_OF_RANGE;
    };
    NETS.with(handle, |place| match place.device.offer(peer) {
        Err(error) => error.code(),
        Ok(offer) => {
            // SAFETY: the caller's two variables.
            unsafe {
                references.write(offer.tx_reference);
                references.add(1).write(offer.rx_reference);
            }
            0
        }
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

/// Sends the packet at the start of such a page, or gives the page back when `len` is 0: 1 when the backend wants an event.
#[unsafe(no_mangle)]
extern "C" fn mxen_net_send_page(handle: i64, page: i64, len: i64, leaves: i64) -> i64 {
    let (Ok(page), Ok(len)) = (page.try_into(), usize::try_from(len)) else {
        return OUT_OF_RANGE;
    };
    NETS.with(handle, |place| {
        let sent = len != 0 && place.device.send_page(page, len, offload(leaves));
        if len == 0 {
            place.device.give_page(page);
        }
        i64::from(sent && place.device.publish_sent())
    })
}

/// Sends a packet: 1 when the backend wants an event, 0 when it does not, 2 when there is no room.
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_net_send(handle: i64, data: *const u8, len: usize, leaves: i64) -> i64 {
    // SAFETY: the caller's buffer.
    let packet = unsafe { from_raw_parts(data, len) };
    NETS.with(handle, |place| {
        let interface = &mut place.device;
        code(interface.has_room(len), |room| {
            if !room {
                return 2;
            }
            let sent = interface.send(&[packet], offload(leaves));
            code(sent, |_| i64::from(interface.publish_sent()))
        })
    })
}

/// Receives a packet, segments of TCP of more than `most` bytes cut into frames: its length, 0 when there is none. Bit 32 says that
/// the backend wants an event.
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
            let notify = place.device.publish_pages(len.is_none());
            len.unwrap_or(0) as i64 | i64::from(notify) << 32
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
