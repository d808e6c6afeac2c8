// SPDX-License-Identifier: ISC
//! The Solo5 API (`solo5.h`) and the private symbols that other parts use: the C face of the core.

mod api;
pub mod app;
mod device_hooks;
mod devices;
pub mod entropy;
mod event_hooks;
pub mod fault;
mod grant_window;
pub mod options;
pub mod private;
mod reservations;
pub mod ssp;
mod store_hooks;
pub mod tls;
