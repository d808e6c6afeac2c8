// SPDX-License-Identifier: ISC
//! Events, as far as the core itself waits for them: its timer and its console. All else belongs to the bindings.
//!
//! Interface: `xen/include/public/event_channel.h`, the 2-level ABI; HVM_PARAM_CALLBACK_IRQ in `hvm/params.h`. Bindings
//! that switch the domain to the FIFO ABI, where the 2-level bits mean nothing, register [`Ops`] to be used instead.

use super::shared_info::{page, vcpu};
use super::{abi, console, crash, hypercall, time, watchdog};
use crate::arch::{cpu, descriptors, per_cpu};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};
use xen_proto::evtchn::{TwoLevel, Wait};

/// An event channel of this domain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Port(pub u32);

/// HVM_PARAM_CALLBACK_IRQ's way that delivers a vector straight to the processor, without an interrupt controller.
const VIA_VECTOR: u64 = 2 << 56;

/// Xen lets timers go off before they are due, by its `timer_slop`, 50 us by default: one so close may have gone off.
const EARLY: u64 = 10_000_000;

/// What bindings that have switched to the FIFO ABI do for the core; `struct solo5__xen_event_ops`.
#[repr(C)]
pub struct Ops {
    /// Takes all events from Xen, so that the next one raises the upcall, and keeps them for the application.
    demux: extern "C" fn(),
    /// Keeps a port from raising the upcall.
    mask: extern "C" fn(u32),
    /// Lets a port raise the upcall.
    unmask: extern "C" fn(u32),
}

static OPS: AtomicPtr<Ops> = AtomicPtr::new(null_mut());

/// Hands events over to the bindings.
pub fn set_ops(ops: &'static Ops) {
    OPS.store(core::ptr::from_ref(ops).cast_mut(), Ordering::Release);
}

fn ops() -> Option<&'static Ops> {
    // SAFETY: null, or a reference that `set_ops` was given.
    unsafe { OPS.load(Ordering::Acquire).as_ref() }
}

fn two_level() -> TwoLevel<'static> {
    TwoLevel {
        upcall_pending: &vcpu().upcall_pending,
        selector: &vcpu().pending_sel,
        pending: &page().pending,
        mask: &page().mask,
    }
}

/// The timer's port.
pub fn timer_port() -> u32 {
    per_cpu::current().timer.load(Ordering::Relaxed)
}

/// Masks every port, so that what is pending from before says nothing, and asks for the upcall.
pub fn init() {
    for word in &page().mask {
        word.store(!0, Ordering::Relaxed);
    }
    let via = VIA_VECTOR | u64::from(descriptors::UPCALL_VECTOR);
    if let Err(error) = hypercall::set_param(abi::HVM_PARAM_CALLBACK_IRQ, via) {
        crash::hypercall("HVMOP_set_param(CALLBACK_IRQ)", error);
    }
    match hypercall::bind_virq(abi::VIRQ_TIMER) {
        Ok(port) => {
            per_cpu::current().timer.store(port, Ordering::Relaxed);
            Port(port).unmask();
        }
        Err(error) => crash::hypercall("EVTCHNOP_bind_virq(VIRQ_TIMER)", error),
    }
}

impl Port {
    fn word_and_bit(self) -> (usize, u64) {
        // Ports of the 2-level ABI lie below 4096; Xen gave us this one.
        (
            (self.0 / 64) as usize % super::shared_info::EVENT_WORDS,
            1 << (self.0 % 64),
        )
    }

    /// Lets the port raise the upcall. What is pending already does not: look at what it stands for afterwards.
    pub fn unmask(self) {
        if let Some(ops) = ops() {
            return (ops.unmask)(self.0);
        }
        let (word, bit) = self.word_and_bit();
        page().mask[word].fetch_and(!bit, Ordering::SeqCst);
    }

    /// Keeps the port from raising the upcall.
    pub fn mask(self) {
        if let Some(ops) = ops() {
            return (ops.mask)(self.0);
        }
        let (word, bit) = self.word_and_bit();
        page().mask[word].fetch_or(bit, Ordering::SeqCst);
    }

    /// Lets the port raise the upcall for as long as the core waits for it; whether someone else waits for it, too, which
    /// goes to [`give_back`](Self::give_back).
    pub fn unmask_for_a_while(self) -> bool {
        let (word, bit) = self.word_and_bit();
        // In the FIFO ABI, whose bits are the bindings' to know, taken for granted: it costs no more than waking up.
        let others = ops().is_some() || page().mask[word].load(Ordering::SeqCst) & bit == 0;
        self.unmask();
        others
    }

    /// After a wait: masks the port, or, where someone else waits for it, shows them an event, since theirs may be among
    /// those that the core has cleared.
    pub fn give_back(self, others: bool) {
        if !others {
            return self.mask();
        }
        if ops().is_none() {
            let (word, bit) = self.word_and_bit();
            page().pending[word].fetch_or(bit, Ordering::SeqCst);
            vcpu().pending_sel.fetch_or(1 << word, Ordering::SeqCst);
            vcpu().upcall_pending.store(1, Ordering::SeqCst);
        }
    }

    /// Forgets a pending event, so that the next one raises the upcall again.
    pub fn clear(self) {
        if ops().is_some() {
            // Their demux has.
            return;
        }
        let (word, bit) = self.word_and_bit();
        page().pending[word].fetch_and(!bit, Ordering::SeqCst);
    }
}

/// Sleeps until `deadline`, in ns of monotonic time, or until `done` says so; `done` is asked after each event, and
/// clears its own port first. Other ports' bits are as they were for whoever demultiplexes them.
///
/// No wake-up is lost: an event before `done` looked has shown its effect to it, and one after that sets
/// `upcall_pending`, with which the `sti; hlt` ends at once. What can go wrong with that is told, and tested, in
/// `xen_proto::evtchn::wait`.
pub fn wait(deadline: u64, done: impl FnMut() -> bool) {
    wait_with(deadline, done, |deadline| {
        let at = time::timer_for(deadline);
        at.map(arm).is_some()
    });
}

/// [`wait`], for callers whose program leaves the timer to the core: it is set only where it has to be.
pub fn wait_often(deadline: u64, done: impl FnMut() -> bool) {
    wait_with(deadline, done, arm_for);
}

fn wait_with(deadline: u64, mut done: impl FnMut() -> bool, arm_by: fn(u64) -> bool) {
    let mut bits = Wait::new(two_level());
    loop {
        console::flush();
        match ops() {
            Some(ops) => (ops.demux)(),
            None => bits.clear([timer_port()]),
        }
        if done() {
            break;
        }
        if !arm_by(watchdog::before_sleep(deadline)) {
            if time::timer_for(deadline).is_none() {
                break;
            }
            continue;
        }
        cpu::wait_for_interrupt();
    }
    bits.give_back();
}

/// Sleeps until some event is pending or `deadline`, in ns of monotonic time, has come; `u64::MAX` for no deadline. May
/// return early. For bindings that take events themselves: nothing is cleared here.
pub fn sleep(deadline: u64) {
    console::flush();
    if !arm_for(watchdog::before_sleep(deadline)) {
        return;
    }
    // With interrupts off, an event after this look is delivered in the halt, which it ends.
    if vcpu().upcall_pending.load(Ordering::SeqCst) == 0 {
        cpu::wait_for_interrupt();
    }
}

/// Sees to it that the timer goes off when `deadline`, in ns of monotonic time, has come, or before; false when it has come
/// already. `u64::MAX` needs no timer.
///
/// Setting the timer costs as much as being woken; a main loop whose next deadline is far sets it once instead of at each
/// sleep. An early timer ends the sleep early, and then the loop looks again. Bindings other than ours set it by themselves,
/// but then nobody calls this.
fn arm_for(deadline: u64) -> bool {
    if deadline == u64::MAX {
        return true;
    }
    let Some(at) = time::timer_for(deadline) else {
        return false;
    };
    let armed = per_cpu::current().armed.load(Ordering::Relaxed);
    if armed > at || armed <= time::system_time().saturating_add(EARLY) {
        arm(at);
    }
    true
}

/// Sets the timer, to ns of system time.
fn arm(at: u64) {
    if let Err(error) = hypercall::set_timer(at) {
        crash::hypercall("VCPUOP_set_singleshot_timer", error);
    }
    per_cpu::current().armed.store(at, Ordering::Relaxed);
}
