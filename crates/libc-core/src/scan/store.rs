// SPDX-License-Identifier: ISC
//! The caller's pointers, and what is stored through them.

use super::{Error, Target};
use crate::length::Length;

/// How many arguments can be numbered.
const MOST: usize = 32;

pub(super) struct Pointers<'a> {
    pub(super) target: &'a mut dyn Target,
    fetched: [u64; MOST],
    count: usize,
}

impl<'a> Pointers<'a> {
    pub(super) fn new(target: &'a mut dyn Target) -> Pointers<'a> {
        Pointers {
            target,
            fetched: [0; MOST],
            count: 0,
        }
    }

    /// The argument of that number, or the next one for 0. All are pointers, so their types need
    /// not be known before.
    pub(super) fn get(&mut self, position: usize) -> Result<u64, Error> {
        if position == 0 {
            return Ok(self.target.pointer());
        }
        if position > MOST {
            return Err(Error::BadFormat);
        }
        while self.count < position {
            self.fetched[self.count] = self.target.pointer();
            self.count += 1;
        }
        Ok(self.fetched[position - 1])
    }
}

/// Where a string conversion stores.
pub(super) struct Store<'a> {
    pub(super) target: &'a mut dyn Target,
    /// The caller's pointer, or the address of one when `block` is allocated.
    pub(super) address: u64,
    pub(super) skipped: bool,
    pub(super) allocated: bool,
    pub(super) wide: bool,
    pub(super) block: u64,
    pub(super) capacity: usize,
    pub(super) length: usize,
}

impl Store<'_> {
    pub(super) fn push(&mut self, byte: u8, terminator: bool) -> Result<(), Error> {
        if self.skipped {
            return Ok(());
        }
        if self.wide && !byte.is_ascii() {
            return Err(Error::Illegal);
        }
        let size = if self.wide { 4 } else { 1 };
        let offset = self.length * size;
        if self.allocated && offset + size > self.capacity {
            let capacity = (self.capacity * 2).max(32);
            let block = self.target.grow(self.block, capacity);
            if block == 0 {
                return Err(Error::NoMemory);
            }
            self.block = block;
            self.capacity = capacity;
            self.target.store(self.address, 0, &block.to_le_bytes());
        }
        let to = if self.allocated {
            self.block
        } else {
            self.address
        };
        self.target
            .store(to, offset, &u32::from(byte).to_le_bytes()[..size]);
        self.length += usize::from(!terminator);
        Ok(())
    }
}

pub(super) fn store_integer(target: &mut dyn Target, address: u64, length: Length, value: u64) {
    target.store(address, 0, &value.to_le_bytes()[..length.bytes()]);
}
