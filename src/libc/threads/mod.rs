// SPDX-License-Identifier: ISC
//! Threads on the one processor there is: they take turns, and a turn ends where a thread waits, yields, ends, or asks
//! libc for something after its time slice is over. Nothing interrupts a thread in between.
//!
//! A program that never calls `pthread_create` has [`wait`] alone: the rest is reached from there through a variable that
//! `pthread_create` sets, so that the linker leaves it out.
//!
//! Which thread is next is [`libc_core::schedule`]'s. A wait is for a key, mostly the address of what is waited for, whose
//! state lies in the program's own memory; who changes that state wakes the key. No switch can come between a thread's look
//! at the state and its wait, so no wake-up is lost.

pub(super) mod life;
mod report;
mod scheduler;
mod stack;
mod switch;
mod table;
pub(super) mod wait;

pub(super) use life::{create, detach, end, join, kill};
pub(super) use stack::{LEAST as LEAST_STACK, bounds_of, default_size};
pub(super) use table::{NAME_SIZE, find};
