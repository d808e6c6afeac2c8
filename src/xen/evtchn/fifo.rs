// SPDX-License-Identifier: ISC
//! The FIFO interface: its control block, its event array, which grows by a page for each 1024 ports, and the switch to
//! it.

use super::Error;
use crate::xen::hypercall;
use crate::xen::platform::{self, EventOps, PAGE};
use xen_proto::evtchn::{
    self, ControlBlock, EventPage, FIFO_PORTS, Fifo, Marks, PAGE_PORTS, SWITCH_PAGES, TwoLevel,
};

/// Pages of a full event array.
const PAGES: usize = FIFO_PORTS as usize / PAGE_PORTS;

/// The control block must not cross a page; 128 bytes are the next power of two.
#[repr(C, align(128))]
struct Aligned(ControlBlock);

static CONTROL: Aligned = Aligned(ControlBlock::new());

static OPS: EventOps = EventOps {
    demux: super::demux_for_core,
    mask: mask_for_core,
    unmask: unmask_for_core,
};

extern "C" fn mask_for_core(port: u32) {
    super::mask(port);
}

extern "C" fn unmask_for_core(port: u32) {
    // The core unmasks its timer and its console, whose ports exist.
    let _ = super::unmask(port);
}

/// The queues of this domain's one processor.
pub struct Queues {
    fifo: Fifo<'static>,
    /// The first `count` are Xen's; the rest repeat the first.
    pages: [&'static EventPage; PAGES],
    count: usize,
}

/// Switches to the FIFO interface; `None` when Xen does not offer it or there is no memory for it, and then the 2-level
/// bits stay in force. Each port stays masked or not as it was, and no event is lost: see [`evtchn::switch`].
pub fn switch(bits: TwoLevel<'_>) -> Option<Queues> {
    let first = event_page()?;
    let mut pages = [first; SWITCH_PAGES];
    for page in pages.iter_mut().skip(1) {
        *page = event_page()?;
    }
    let mut queues = Queues {
        fifo: Fifo::new(&CONTROL.0),
        pages: [first; PAGES],
        count: 0,
    };
    let control = &raw const CONTROL as usize;
    let (frame, offset) = ((control / PAGE) as u64, (control % PAGE) as u32);
    // Ports of a page that Xen has no memory for are dead, and unmasking one says so.
    let switched = evtchn::switch(
        bits,
        pages,
        || hypercall::init_control(frame, offset).is_ok(),
        |page| queues.append(page).is_ok(),
    );
    if !switched {
        return None;
    }
    platform::set_event_ops(&OPS);
    Some(queues)
}

/// A page of ports that are all masked.
fn event_page() -> Option<&'static EventPage> {
    let page: &EventPage = platform::for_ever()?;
    page.reset();
    Some(page)
}

/// The guest frame of a page of ours: memory is mapped at its own address.
fn frame(page: &'static EventPage) -> u64 {
    (core::ptr::from_ref(page) as usize / PAGE) as u64
}

impl Queues {
    /// Extends the event array so that it has a word for `port`.
    pub fn grow(&mut self, port: u32) -> Result<(), Error> {
        if port >= FIFO_PORTS {
            return Err(Error::NoSuchPort);
        }
        while port as usize >= self.count * PAGE_PORTS {
            self.append(event_page().ok_or(Error::NoMemory)?)?;
        }
        Ok(())
    }

    fn append(&mut self, page: &'static EventPage) -> Result<(), Error> {
        let place = self.pages.get_mut(self.count).ok_or(Error::NoSuchPort)?;
        hypercall::expand_array(frame(page))?;
        *place = page;
        self.count += 1;
        Ok(())
    }

    fn pages(&self) -> &[&'static EventPage] {
        self.pages.get(..self.count).unwrap_or_default()
    }

    /// Moves events into `marks`; whether there was any.
    pub fn demux(&mut self, marks: Marks<'_>) -> bool {
        let pages = self.pages.get(..self.count).unwrap_or_default();
        self.fifo.demux(pages, marks)
    }

    /// Holds a port's events back.
    pub fn mask(&self, port: u32) {
        Fifo::mask(self.pages(), port);
    }

    /// Lets a port's events through; true when `EVTCHNOP_unmask` must be asked to raise one that came before.
    #[must_use]
    pub fn unmask(&self, port: u32) -> bool {
        Fifo::unmask(self.pages(), port)
    }

    /// Drops a closed port's event.
    pub fn forget(&self, port: u32) {
        Fifo::test_and_clear(self.pages(), port);
    }
}
