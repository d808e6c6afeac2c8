// SPDX-License-Identifier: ISC
//! The queues of one disk.
//!
//! Requests have no order among each other, in one ring or in several: whoever needs one waits for an answer before asking the
//! next. A flush goes by any queue: blkback's is the device's (an empty bio with REQ_PREFLUSH), so it covers what was answered
//! by any of them.

use super::{Broken, Operation, Page, QUEUES, Queue, Segments, Status};

/// How many queues a connection has, of a frontend that wants `wanted`, at most [`QUEUES`], with a backend that offers `offered`
/// (`multi-queue-max-queues`). One that offers none, or what is no number, has one, as every backend does.
pub fn count(offered: Option<u64>, wanted: usize) -> usize {
    let offered = offered.map_or(1, |offered| usize::try_from(offered).unwrap_or(QUEUES));
    offered.min(wanted).clamp(1, QUEUES)
}

/// The queues of a connection.
pub struct Queues<'a>([Option<Queue<'a>>; QUEUES]);

impl<'a> Queues<'a> {
    /// Empty rings in the pages that `page` gives for numbers from 0 on, of virtual device `handle`.
    pub fn new(page: impl Fn(usize) -> Option<&'a Page>, handle: u16) -> Self {
        Queues(core::array::from_fn(|number| {
            page(number).map(|page| Queue::new(page, handle))
        }))
    }

    fn all(&self) -> impl Iterator<Item = &Queue<'a>> {
        self.0.iter().flatten()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all().count()
    }

    /// Requests without a response.
    pub fn in_flight(&self) -> usize {
        self.all().map(Queue::in_flight).sum()
    }

    /// Whether a request can be put.
    pub fn has_room(&self) -> bool {
        self.all().any(|queue| queue.room() != 0)
    }

    /// [`Queue::put`], by the queue with the fewest requests, the first of those. So what is asked one by one goes by one queue,
    /// which has its pages mapped already. The id is in no queue.
    pub fn put(
        &mut self,
        id: usize,
        operation: Operation,
        sector: u64,
        count: u64,
        segments: Segments<'_>,
    ) -> bool {
        let queue = self
            .0
            .iter_mut()
            .flatten()
            .min_by_key(|queue| queue.in_flight());
        queue.is_some_and(|queue| queue.put(id, operation, sector, count, segments))
    }

    /// Shows the backend what was put: a bit for each queue, from bit 0 on, of which it wants an event for that.
    #[must_use]
    pub fn publish(&mut self) -> u32 {
        let mut events = 0;
        for (number, queue) in self.0.iter_mut().enumerate() {
            if queue.as_mut().is_some_and(Queue::publish) {
                events |= 1 << number;
            }
        }
        events
    }

    /// [`Queue::take`], of any queue.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn take(&mut self) -> Result<Option<(usize, Status)>, Broken> {
        for queue in self.0.iter_mut().flatten() {
            if let Some(answer) = queue.take()? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// Asks for an event before or when there are `more` further responses: each queue raises one after its share of them, and so
    /// many cannot come without one queue's share being full. True when one is full already.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn ask_event(&mut self, more: usize) -> Result<bool, Broken> {
        let all = self.in_flight();
        let more = more.clamp(1, all.max(1));
        for queue in self.0.iter_mut().flatten() {
            let own = queue.in_flight();
            let share = match own {
                0 => continue,
                own if own == all => more,
                own => (more * own).div_ceil(all),
            };
            if queue.ask_event(share)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether there is a response.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn has_response(&self) -> Result<bool, Broken> {
        for queue in self.all() {
            if queue.has_response()? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
