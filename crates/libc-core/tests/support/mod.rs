// SPDX-License-Identifier: ISC
//! What the differential tests share: random numbers, counts, and C's variable arguments in memory.
#![allow(dead_code, reason = "each test binary uses a part of this")]

#[path = "../../../../tests/support/long.rs"]
mod long;

use libc_core::format::{Machine, Sink};
use libc_core::real::X87;
use long::long;

/// How many cases a property is tried on: a hundredth of the long run, unless MIRAGE_XEN_LONG is set.
pub fn cases() -> usize {
    if long() { 1_000_000 } else { 10_000 }
}

/// SplitMix64: small, and the same on every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// A double: any bits, special values, or one that people write.
    pub fn double(&mut self) -> f64 {
        match self.below(8) {
            0..=2 => f64::from_bits(self.next()),
            3 => self.pick(&[
                0.0,
                -0.0,
                1.0,
                0.5,
                1.5,
                2.5,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NAN,
                f64::MAX,
                5e-324,
                f64::MIN_POSITIVE,
                9.5,
                99.5,
                0.1,
                1e22,
                1e23,
            ]),
            4 => self.below(100_000) as f64 / 1000.0,
            5 => (self.next() as i64) as f64,
            6 => (self.below(2_000_001) as f64 - 1e6) / 64.0,
            _ => 10f64.powi(self.below(40) as i32 - 20) * self.below(1000) as f64,
        }
    }

    pub fn x87(&mut self) -> X87 {
        if self.one_in(3) {
            // A double widened, which is how most of them come to be.
            let bits = self.double().to_bits();
            let real = libc_core::real::Real::from_f64(bits);
            if real.class == libc_core::real::Class::Finite && real.mantissa != 0 {
                let zeros = real.mantissa.leading_zeros();
                let exponent = real.exponent + 63 - zeros as i32 + 16383;
                let sign = u16::from(real.negative) << 15;
                return X87 {
                    mantissa: real.mantissa << zeros,
                    sign_exponent: sign | exponent as u16,
                };
            }
        }
        let sign = (self.below(2) as u16) << 15;
        match self.below(8) {
            0 => X87 {
                mantissa: 0,
                sign_exponent: sign,
            },
            1 => X87 {
                mantissa: 1 << 63,
                sign_exponent: sign | 0x7fff,
            },
            2 => X87 {
                mantissa: 3 << 62,
                sign_exponent: sign | 0x7fff,
            },
            3 => X87 {
                mantissa: self.next() >> 1 >> self.below(62),
                sign_exponent: sign,
            },
            4 | 5 => X87 {
                mantissa: self.next() | 1 << 63,
                sign_exponent: sign | (16383 - 80 + self.below(160)) as u16,
            },
            _ => X87 {
                mantissa: self.next() | 1 << 63,
                sign_exponent: sign | (1 + self.below(0x7ffe)) as u16,
            },
        }
    }
}

/// What `va_list` points at (System V ABI for x86-64, section 3.5.7).
#[repr(C)]
pub struct VaList {
    pub gp_offset: u32,
    pub fp_offset: u32,
    pub overflow: *mut u64,
    pub registers: *mut u8,
}

/// Arguments as a variadic caller lays them out in memory, all of them past the registers.
#[derive(Default)]
pub struct Arguments {
    pub slots: Vec<u64>,
    pub next: usize,
}

impl Arguments {
    pub fn push(&mut self, value: u64) {
        self.slots.push(value);
    }

    pub fn push_x87(&mut self, value: X87) {
        if self.slots.len() % 2 == 1 {
            self.slots.push(0xdead);
        }
        self.slots.push(value.mantissa);
        self.slots.push(u64::from(value.sign_exponent));
    }

    /// Copies them to 16-byte aligned memory and makes the list that points there.
    pub fn with<T>(&self, f: impl FnOnce(&mut VaList) -> T) -> T {
        let mut memory: Vec<u128> = vec![0; self.slots.len() / 2 + 2];
        let base = memory.as_mut_ptr().cast::<u64>();
        for (i, &slot) in self.slots.iter().enumerate() {
            // SAFETY: the vector holds two slots an element and is long enough.
            unsafe { base.add(i).write(slot) };
        }
        let mut list = VaList {
            gp_offset: 48,
            fp_offset: 304,
            overflow: base,
            registers: std::ptr::null_mut(),
        };
        f(&mut list)
    }
}

impl Machine for Arguments {
    fn integer(&mut self) -> u64 {
        self.next += 1;
        self.slots.get(self.next - 1).copied().unwrap_or(0)
    }

    fn double(&mut self) -> u64 {
        self.integer()
    }

    fn long_double(&mut self) -> X87 {
        self.next += self.next % 2;
        let mantissa = self.integer();
        X87 {
            mantissa,
            sign_exponent: self.integer() as u16,
        }
    }

    fn string(&self, address: u64, limit: usize) -> &[u8] {
        let start = address as *const u8;
        let mut length = 0;
        // SAFETY: the tests pass terminated strings.
        unsafe {
            while length < limit && *start.add(length) != 0 {
                length += 1;
            }
            std::slice::from_raw_parts(start, length)
        }
    }

    fn wide(&self, address: u64, index: usize) -> u32 {
        // SAFETY: the tests pass terminated wide strings.
        unsafe { *(address as *const u32).add(index) }
    }

    fn store(&mut self, address: u64, size: usize, value: u64) {
        // SAFETY: the tests pass pointers to 8 writable bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(value.to_le_bytes().as_ptr(), address as *mut u8, size)
        };
    }

    fn error_text(&self) -> &'static str {
        "No such file or directory"
    }
}

/// Keeps what is written.
#[derive(Default)]
pub struct Text(pub Vec<u8>);

impl Sink for Text {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}
