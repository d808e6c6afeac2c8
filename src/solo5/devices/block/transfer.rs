// SPDX-License-Identifier: ISC
//! Transfers of any number of sectors, in as many requests as that takes, over restarts of the backend.

use super::super::{DEVICES, Devices, complain, with};
use super::BlockDriver;
use crate::solo5::api::Solo5Result;
use crate::xen::disk::{Disk, Refused};
use crate::xen::{events, time};
use xen_proto::block::{Broken, Operation, Part, REQUESTS, SECTOR, Status, parts};
use xen_proto::manifest::Kind;

/// How long a transfer waits without any answer, in ns: long enough for a backend to be started anew. A new connection within
/// that time gives it as much again, so often: a backend that comes and goes for ever does not hold it up for ever.
const PATIENCE: u64 = 30_000_000_000;
const RENEWALS: u64 = 4;

/// The caller's memory.
pub enum Buffer<'a> {
    /// To write from.
    From(&'a [u8]),
    /// To read into.
    To(&'a mut [u8]),
    /// None, of so many bytes of the disk.
    None(usize),
}

impl Buffer<'_> {
    fn len(&self) -> usize {
        match self {
            Buffer::From(bytes) => bytes.len(),
            Buffer::To(bytes) => bytes.len(),
            Buffer::None(len) => *len,
        }
    }
}

/// A transfer of which parts are under way.
struct Transfer<'a> {
    operation: Operation,
    /// The first one.
    sector: u64,
    buffer: Buffer<'a>,
    /// A bit a request, by its id: of this transfer, and without an answer.
    pending: u128,
    failed: bool,
}

impl Transfer<'_> {
    /// A part that has to be asked for again, since its request's pages went with an old backend.
    fn take_lacking(&mut self, disk: &mut Disk) -> Option<Part> {
        let lacking = |id| Some((id, disk.take_lacking(id)?));
        let (id, (sector, len)) = ids(self.pending).find_map(lacking)?;
        self.pending &= !(1 << id);
        let start = ((sector - self.sector) * SECTOR) as usize;
        Some(Part { sector, start, len })
    }

    /// Asks for as many parts as there is room for; the part for which there was none. For none after one has failed.
    fn start(
        &mut self,
        driver: &mut BlockDriver,
        next: Option<Part>,
        rest: &mut impl Iterator<Item = Part>,
    ) -> Option<Part> {
        let mut next = next.or_else(|| self.take_lacking(&mut driver.disk));
        while let Some(part) = next.filter(|_| !self.failed) {
            let data = match &self.buffer {
                Buffer::From(bytes) => bytes.get(part.start..part.start + part.len),
                _ => None,
            };
            match driver.disk.start(self.operation, part, data) {
                Ok(id) => self.pending |= 1 << id,
                Err(Refused::NoRoom) => break,
                Err(Refused::TooLong) => self.failed = true,
            }
            next = self.take_lacking(&mut driver.disk).or_else(|| rest.next());
        }
        driver.publish();
        if self.failed {
            while self.take_lacking(&mut driver.disk).is_some() {}
            next = None;
        }
        next
    }

    /// Takes in what was answered; whether there was anything.
    fn finish(&mut self, driver: &mut BlockDriver) -> Result<bool, Broken> {
        // One that answers before it is connected has not said yet what it is.
        if driver.connected {
            driver.disk.poll()?;
        }
        let before = self.pending;
        for id in ids(before) {
            let first = self.sector;
            let all = match &mut self.buffer {
                Buffer::To(bytes) => Some(&mut **bytes),
                _ => None,
            };
            let buffer = move |sector: u64, len: usize| {
                let start = ((sector - first) * SECTOR) as usize;
                all?.get_mut(start..start + len)
            };
            if let Some(status) = driver.disk.finish(id, buffer) {
                self.pending &= !(1 << id);
                self.failed |= status != Status::Done;
                if status == Status::Lost {
                    complain(
                        Kind::Block,
                        b"",
                        "a flush failed: the domain that had what was written before it is gone",
                    );
                }
            }
        }
        Ok(self.pending != before)
    }

    /// How many requests have no answer.
    fn count(&self) -> usize {
        ids(self.pending).count()
    }
}

/// The ids whose bits are set.
fn ids(mut bits: u128) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let id = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (id < REQUESTS).then_some(id)
    })
}

/// Does a transfer, over restarts of the backend, and waits for its end.
pub fn transfer(handle: u64, operation: Operation, offset: u64, buffer: Buffer<'_>) -> Solo5Result {
    let len = buffer.len();
    let mut devices = DEVICES.lock();
    let most = with(&mut devices, handle, |device, _| {
        let driver = &mut device.block()?.driver;
        let geometry = driver.geometry?;
        let fits = geometry.holds(offset, len as u64);
        let refused = match operation {
            Operation::Read => false,
            Operation::Write => geometry.read_only,
            // A backend without a cache has nothing to flush.
            Operation::Flush => !driver.flush,
            Operation::Discard => geometry.read_only || !driver.discard,
        };
        let most = if operation == Operation::Discard {
            usize::MAX / 4096
        } else {
            driver.disk.most_pages()
        };
        fits.then_some((most, refused))
    });
    let Some((most, refused)) = most else {
        return Solo5Result::Invalid;
    };
    if refused {
        return Solo5Result::Unspecified;
    }
    let sector = offset / SECTOR;
    let mut rest = parts(sector, len, most);
    let flush = Part {
        sector: 0,
        start: 0,
        len: 0,
    };
    let mut next = if operation == Operation::Flush {
        Some(flush)
    } else {
        rest.next()
    };
    let mut transfer = Transfer {
        operation,
        sector,
        buffer,
        pending: 0,
        failed: false,
    };
    let mut deadline = time::monotonic().saturating_add(PATIENCE);
    let (mut connections, mut renewals) = (None, RENEWALS);
    loop {
        let mut renewed = false;
        let progress = with(&mut devices, handle, |device, store| {
            let block = device.block()?;
            let progress = transfer.finish(&mut block.driver).unwrap_or_else(|broken| {
                block.broke(broken);
                block.link.advance(store, &mut block.driver);
                false
            });
            let before = transfer.count();
            next = transfer.start(&mut block.driver, next, &mut rest);
            let now = block.driver.disk.connections;
            renewed = connections.replace(now).is_some_and(|old| old != now);
            Some(progress || transfer.count() > before)
        });
        let progress = progress.unwrap_or(false);
        if next.is_none() && transfer.pending == 0 {
            break;
        }
        if progress || renewed && renewals > 0 {
            renewals -= u64::from(!progress);
            deadline = time::monotonic().saturating_add(PATIENCE);
        }
        let more = if next.is_none() {
            transfer.count()
        } else {
            transfer.count() / 2
        };
        if !devices.wait_for_disk(handle, more, deadline) {
            complain(Kind::Block, b"", "its backend does not answer");
            with(&mut devices, handle, |device, _| {
                let disk = &mut device.block()?.driver.disk;
                ids(transfer.pending).for_each(|id| disk.abandon(id));
                Some(())
            });
            return Solo5Result::Unspecified;
        }
    }
    if transfer.failed {
        Solo5Result::Unspecified
    } else {
        Solo5Result::Ok
    }
}

impl Devices {
    /// Waits until a disk has an answer, or its connection has changed; false when the deadline, in ns of monotonic time, has
    /// come.
    fn wait_for_disk(&mut self, handle: u64, more: usize, deadline: u64) -> bool {
        let (mut answered, mut pending) = (Ok(false), false);
        events::wait_often(deadline.min(self.again), || {
            pending = self.is_pending();
            let block = self.slots.get_mut(handle as usize).and_then(Option::as_mut);
            let block = block.and_then(|device| device.block());
            answered = block.map_or(Ok(false), |block| block.driver.is_answered(more));
            answered != Ok(false) || pending
        });
        if pending {
            self.serve_store();
        }
        let gave_up = match self.slots.get_mut(handle as usize) {
            Some(Some(device)) => device.link().gave_up(),
            _ => true,
        };
        // A broken protocol is found again when answers are taken. It is no progress, however often it happens.
        answered == Ok(true) || !gave_up && time::monotonic() < deadline
    }
}
