// SPDX-License-Identifier: ISC
//! The hypervisor: hypercalls and the shared page, for the core and for the bindings; the core's own events, time,
//! console and ends of a domain; the bindings' event channels and grants.

pub mod abi;
pub mod hypercall;
pub mod shared_info;

#[cfg(feature = "solo5")]
pub mod console;
#[cfg(feature = "solo5")]
pub mod crash;
#[cfg(feature = "solo5")]
pub mod debug_port;
#[cfg(feature = "solo5")]
pub mod events;
#[cfg(feature = "solo5")]
pub mod line;
#[cfg(feature = "solo5")]
pub mod shutdown;
#[cfg(feature = "solo5")]
pub mod time;
#[cfg(feature = "solo5")]
pub mod watchdog;

#[cfg(feature = "bindings")]
pub mod evtchn;
#[cfg(feature = "bindings")]
pub mod grants;
#[cfg(feature = "bindings")]
pub mod owned;
#[cfg(feature = "bindings")]
pub mod platform;
