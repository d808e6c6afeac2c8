// SPDX-License-Identifier: ISC
//! The hypervisor: hypercalls, the shared page, events, time, console, and the ways a domain ends.

pub mod abi;
pub mod console;
pub mod crash;
pub mod debug_port;
pub mod events;
pub mod hypercall;
pub mod line;
pub mod shared_info;
pub mod shutdown;
pub mod time;
