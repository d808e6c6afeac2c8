// SPDX-License-Identifier: ISC
//! Events, as far as the core itself waits for them: its timer and its console. All else belongs to the bindings.
//!
//! Interface: `xen/include/public/event_channel.h`, the 2-level ABI; HVM_PARAM_CALLBACK_IRQ in `hvm/params.h`.

use super::shared_info::{page, vcpu};
use super::{abi, crash, hypercall, time};
use crate::arch::{cpu, descriptors};
use core::sync::atomic::{AtomicU32, Ordering};

/// An event channel of this domain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Port(pub u32);

/// HVM_PARAM_CALLBACK_IRQ's way that delivers a vector straight to the processor, without an interrupt controller.
const VIA_VECTOR: u64 = 2 << 56;

static TIMER: AtomicU32 = AtomicU32::new(0);

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
            TIMER.store(port, Ordering::Relaxed);
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
        let (word, bit) = self.word_and_bit();
        page().mask[word].fetch_and(!bit, Ordering::SeqCst);
    }

    /// Keeps the port from raising the upcall.
    pub fn mask(self) {
        let (word, bit) = self.word_and_bit();
        page().mask[word].fetch_or(bit, Ordering::SeqCst);
    }

    /// Forgets a pending event, so that the next one raises the upcall again.
    pub fn clear(self) {
        let (word, bit) = self.word_and_bit();
        page().pending[word].fetch_and(!bit, Ordering::SeqCst);
    }
}

/// Sleeps until `deadline`, in ns of monotonic time, or until `done` says so; `done` is asked after each event, and
/// clears its own port first. Other ports' bits are as they were for whoever demultiplexes them.
///
/// Xen raises an event in four steps, each of which stops it when it finds the bit set already: the port's pending
/// bit, (its mask,) its word's bit in `pending_sel`, `upcall_pending`. No wake-up is lost:
/// 1. `upcall_pending`, then `pending_sel`, then the pending bits of the timer and of `done`'s port are cleared;
/// 2. `done` looks at what the events stand for;
/// 3. an event before 1 has shown its effect to 2; one after 1 finds every bit clear and sets `upcall_pending`, with
///    which the `hlt` of 4 ends at once;
/// 4. `sti; hlt`.
pub fn wait(deadline: u64, mut done: impl FnMut() -> bool) {
    let timer = Port(TIMER.load(Ordering::Relaxed));
    let mut selected = 0;
    loop {
        vcpu().upcall_pending.store(0, Ordering::SeqCst);
        selected |= vcpu().pending_sel.swap(0, Ordering::SeqCst);
        timer.clear();
        if done() {
            break;
        }
        let Some(at) = time::timer_for(deadline) else {
            break;
        };
        if let Err(error) = hypercall::set_timer(at) {
            crash::hypercall("VCPUOP_set_singleshot_timer", error);
        }
        cpu::wait_for_interrupt();
    }
    // Others' events may be among those seen here: their wait must not sleep on them.
    if selected != 0 {
        vcpu().pending_sel.fetch_or(selected, Ordering::SeqCst);
        vcpu().upcall_pending.store(1, Ordering::SeqCst);
    }
}
