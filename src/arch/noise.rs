// SPDX-License-Identifier: ISC
//! Where unpredictable bits come from: the processor's generator, and how long things take.
//!
//! Interface: Intel SDM vol. 1, 7.3.17 (RDRAND and RDSEED).

use super::cpu;
use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};
use core::sync::atomic::{AtomicU8, Ordering};
use spin::Once;

/// A word of the processor's generator, out of RDSEED rather than RDRAND where asked for and there is one; `None`
/// where there is neither, or when it stays empty. The first that asks for RDSEED leaves the guest to look for it.
pub fn processor(seed: bool) -> Option<u64> {
    if seed && has_rdseed() {
        // RDSEED runs dry when others draw on it, for a while.
        let word = (0..200).find_map(|_| rdseed());
        if word.is_some() {
            return word;
        }
    }
    cpu::rdrand()
}

fn has_rdseed() -> bool {
    static RDSEED: Once<bool> = Once::new();
    *RDSEED.call_once(|| __cpuid(0).eax >= 7 && __cpuid_count(7, 0).ebx >> 18 & 1 != 0)
}

fn rdseed() -> Option<u64> {
    let (word, carry): (u64, u8);
    // SAFETY: the processor has RDSEED.
    unsafe {
        asm!("rdseed {}", "setc {}", out(reg) word, out(reg_byte) carry, options(nomem, nostack));
    }
    core::hint::spin_loop();
    (carry != 0).then_some(word)
}

/// Times of the same small work, which differ by what the processor, the hypervisor and its other guests do meanwhile.
pub struct Jitter {
    last: u64,
    memory: [AtomicU8; 1024],
}

impl Jitter {
    /// Starts the clock.
    pub fn new() -> Self {
        Jitter {
            last: cpu::rdtsc(),
            memory: [const { AtomicU8::new(0) }; 1024],
        }
    }

    /// Ticks of the time-stamp counter since the last sample.
    pub fn sample(&mut self) -> u64 {
        let mut at = self.last as usize;
        for _ in 0..16 {
            // Two cache lines further each time, from where the last time leads.
            at = at.wrapping_add(129) % self.memory.len();
            self.memory[at].fetch_add(1, Ordering::Relaxed);
        }
        let now = cpu::rdtsc();
        let ticks = now.wrapping_sub(self.last);
        self.last = now;
        ticks
    }
}
