// SPDX-License-Identifier: ISC
//! The hypervisor: hypercalls, the shared page, the grant table and the devices' rings, for the core and for the bindings;
//! the core's own events, time, console, xenstore and ends of a domain; the bindings' event channels and grants.

pub mod abi;
pub mod grants;
pub mod hypercall;
pub mod shared_info;

pub mod disk;
pub mod lent;
pub mod net;
pub mod shared_page;

#[cfg(feature = "solo5")]
pub mod channel;
#[cfg(feature = "solo5")]
#[path = "core_platform.rs"]
pub mod platform;
#[cfg(feature = "solo5")]
pub mod store;

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
pub mod owned;
#[cfg(feature = "bindings")]
pub mod platform;
#[cfg(feature = "bindings")]
pub mod store_client;
