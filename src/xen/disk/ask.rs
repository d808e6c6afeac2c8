// SPDX-License-Identifier: ISC
//! Requests into rings, in pieces where a backend takes fewer pages at once than a request has.
//!
//! The pieces of a request go one after the other, under its id. So a backend that takes less than the last one is asked the same
//! requests, and whoever waits for them sees nothing of it.

use super::request::State;
use super::{Disk, SEGMENTS};
use crate::xen::platform::PAGE;
use xen_proto::block::{DIRECT, Operation, SECTOR, Segment, Segments, Status};

impl Disk {
    /// Asks for what waits, as far as there is room. What cannot be asked any more has failed.
    pub(super) fn ask_waiting(&mut self) {
        for id in 0..self.limit {
            if self.waiting == 0 || !self.queues.has_room() {
                return;
            }
            let waits = |request: &super::Request| request.state == State::Waiting;
            if !self.requests.get(id).is_some_and(waits) {
                continue;
            }
            self.ask(id);
        }
    }

    /// Asks for the next piece of a request that waits, for which there is room.
    pub(super) fn ask(&mut self, id: usize) {
        let asked = self.put(id);
        self.waiting -= 1;
        if let Some(request) = self.requests.get_mut(id) {
            request.state = if asked {
                State::Asked
            } else {
                State::Answered(Status::Failed)
            };
        }
    }

    /// Puts it into a ring; false when it has a page that is not granted.
    fn put(&mut self, id: usize) -> bool {
        let Some(request) = self.requests.get(id) else {
            return false;
        };
        let list = request.list.map(usize::from).filter(|_| self.indirect);
        let list = list.and_then(|list| Some((self.pages.page(list)?, self.pages.reference(list))));
        let most = if list.is_some() { SEGMENTS } else { DIRECT };
        let done = usize::from(request.done);
        let rest = request.pages().get(done..).unwrap_or_default();
        let pages = rest.get(..most).unwrap_or(rest);
        let mut segments = [Segment::default(); SEGMENTS];
        for (index, (segment, &page)) in segments.iter_mut().zip(pages).enumerate() {
            let reference = self.pages.reference(usize::from(page));
            if reference == 0 {
                return false;
            }
            let sectors = (request.len - (done + index) * PAGE).min(PAGE) / SECTOR as usize;
            *segment = Segment {
                reference,
                first: 0,
                last: (sectors - 1) as u8,
            };
        }
        let used = segments.get(..pages.len()).unwrap_or_default();
        let segments = match list {
            Some((page, reference)) if used.len() > DIRECT => {
                for (index, segment) in used.iter().enumerate() {
                    let [low, high] = segment.words();
                    let word = u64::from(low) | u64::from(high) << 32;
                    page.put(index * 8, &word.to_le_bytes());
                }
                Segments::Indirect(used.len(), reference)
            }
            _ => Segments::Direct(used),
        };
        let sector = request.sector + (done * PAGE) as u64 / SECTOR;
        let (operation, count, asked) = (request.operation, request.count, used.len() as u8);
        if let Some(request) = self.requests.get_mut(id) {
            request.asked = asked;
        }
        self.queues.put(id, operation, sector, count, segments)
    }

    /// Takes in an answer to a request's last piece.
    pub(super) fn answered(&mut self, id: usize, status: Status) {
        let Some(request) = self.requests.get_mut(id) else {
            return;
        };
        let goes_on = status == Status::Done && request.goes_on();
        request.state = match request.state {
            State::Abandoned => State::Free,
            _ if goes_on => {
                self.waiting += 1;
                State::Waiting
            }
            _ => State::Answered(match request.operation {
                Operation::Flush => self.unflushed.answered(request.count, status),
                Operation::Write if status == Status::Done => {
                    self.unflushed.wrote();
                    status
                }
                _ => status,
            }),
        };
    }
}
