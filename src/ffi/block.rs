// SPDX-License-Identifier: ISC
//! Disks' rings and pages, behind `c_stubs/mirage_devices.c`.

use super::devices::Table;
use super::domid;
use super::errors::{Code, OUT_OF_RANGE};
use crate::xen::disk::{self, Disk, Refused, SEGMENTS};
use crate::xen::platform::PAGE;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use xen_proto::block::{Broken, Operation, Part, QUEUES, Status};

static DISKS: Table<Disk> = Table::new();

fn code<T>(result: Result<T, Broken>, value: impl FnOnce(T) -> i64) -> i64 {
    result.map_or_else(Code::code, value)
}

/// Pages and queues of a disk that is to have so many bytes and queues.
fn size(bytes: i64, queues: i64) -> (usize, usize) {
    let queues = usize::try_from(queues).unwrap_or(1).clamp(1, QUEUES);
    let possible = disk::pages(queues);
    let pages = usize::try_from(bytes).unwrap_or(0) / PAGE;
    (pages.clamp(*possible.start(), *possible.end()), queues)
}

/// A disk in at most so many bytes of memory that wants so many queues: its handle.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_take(bytes: i64, queues: i64, number: i64) -> i64 {
    let (pages, queues) = size(bytes, queues);
    // SAFETY: the table hands memory out once and for ever. The ring has 16 bits of the number, and nobody looks at them.
    DISKS.take(pages, queues, Disk::close, |address| unsafe {
        Disk::new(address, pages, number as u16, queues)
    })
}

/// How many grant references such a disk uses.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_references(bytes: i64, queues: i64) -> i64 {
    size(bytes, queues).0 as i64
}

/// Ends its grants; 1, or 0 while the backend still maps a page.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_give(handle: i64) -> i64 {
    DISKS.give(handle, Disk::close)
}

/// Empties its rings for domain `peer`, which takes so many segments in a page of them and offers so many queues: how many there are.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_offer(handle: i64, peer: i64, most_segments: i64, offered: i64) -> i64 {
    let Some(peer) = domid(peer) else {
        return OUT_OF_RANGE;
    };
    let indirect = most_segments >= SEGMENTS as i64;
    DISKS.with(handle, |place| {
        let offered = u64::try_from(offered).ok();
        let offer = place.device.offer(peer, indirect, offered);
        offer.map_or_else(|error| error.code(), |count| count as i64)
    })
}

/// The reference of the ring of queue `number`.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_ring(handle: i64, number: i64) -> i64 {
    let number = usize::try_from(number).unwrap_or(QUEUES);
    DISKS.with(handle, |place| i64::from(place.device.ring(number)))
}

/// The backend is gone; 0.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_disconnect(handle: i64) -> i64 {
    DISKS.with(handle, |place| {
        place.device.disconnect();
        0
    })
}

/// The most bytes of a request.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_most(handle: i64) -> i64 {
    DISKS.with(handle, |place| (place.device.most_pages() * PAGE) as i64)
}

/// A backend in domain `peer` is connected, which keeps writes back until a flush, or does not; 0.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_connected(handle: i64, peer: i64, keeps: bool) -> i64 {
    let Some(peer) = domid(peer) else {
        return OUT_OF_RANGE;
    };
    DISKS.with(handle, |place| {
        place.device.unflushed.connected(peer, keeps);
        0
    })
}

/// 1 when writes may be lost of which no flush has told yet; it counts as told then.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_take_loss(handle: i64) -> i64 {
    DISKS.with(handle, |place| {
        i64::from(place.device.unflushed.take_loss())
    })
}

/// Asks for a transfer: its number, or -1 while there are too many. The operations have blkif's numbers.
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_block_start(
    handle: i64,
    operation: i64,
    sector: i64,
    data: *const u8,
    len: usize,
) -> i64 {
    let (operation, data) = match operation {
        0 => (Operation::Read, None),
        // SAFETY: the caller's buffer.
        1 => (Operation::Write, Some(unsafe { from_raw_parts(data, len) })),
        3 => (Operation::Flush, None),
        5 => (Operation::Discard, None),
        _ => return OUT_OF_RANGE,
    };
    let Ok(sector) = sector.try_into() else {
        return OUT_OF_RANGE;
    };
    let part = Part {
        sector,
        start: 0,
        len,
    };
    DISKS.with(handle, |place| {
        match place.device.start(operation, part, data) {
            Ok(id) => id as i64,
            Err(Refused::NoRoom) => -1,
            Err(Refused::TooLong) => OUT_OF_RANGE,
        }
    })
}

/// Shows the backend what was asked: a bit for each queue, from bit 0 on, of which it wants an event.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_publish(handle: i64) -> i64 {
    DISKS.with(handle, |place| i64::from(place.device.publish()))
}

/// Takes answers in, and asks for what waited for them, which is to be published; how many there were.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_poll(handle: i64) -> i64 {
    DISKS.with(handle, |place| {
        code(place.device.poll(), |answers| answers as i64)
    })
}

/// What became of a transfer: 1 done, 2 failed, 3 not supported by this backend, 4 a flush before which writes may have been lost;
/// 5 one to be asked for anew, since its pages went with an old backend; 0 while that is not known. What was read is copied to the
/// buffer.
#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_block_finish(handle: i64, id: i64, buffer: *mut u8, size: usize) -> i64 {
    let Ok(id) = id.try_into() else {
        return OUT_OF_RANGE;
    };
    // SAFETY: the caller's buffer. Any bytes it has are bytes.
    let buffer = (size != 0).then(|| unsafe { from_raw_parts_mut(buffer, size) });
    DISKS.with(handle, |place| {
        match place.device.finish(id, |_, _| buffer) {
            None if place.device.take_lacking(id).is_some() => 5,
            None => 0,
            Some(Status::Done) => 1,
            Some(Status::Failed) => 2,
            Some(Status::Unsupported) => 3,
            Some(Status::Lost) => 4,
        }
    })
}

/// Waits for a transfer no longer; its pages stay the backend's until it has answered. 0.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_abandon(handle: i64, id: i64) -> i64 {
    DISKS.with(handle, |place| {
        place
            .device
            .abandon(usize::try_from(id).unwrap_or(usize::MAX));
        0
    })
}

/// 1 when there is an answer; if there is none, the `more`th one raises an event.
#[unsafe(no_mangle)]
extern "C" fn mxen_block_ask(handle: i64, more: i64) -> i64 {
    let more = usize::try_from(more).unwrap_or(1);
    DISKS.with(handle, |place| {
        code(place.device.ask_event(more), i64::from)
    })
}
