// SPDX-License-Identifier: ISC
//! Event channels, behind `c_stubs/mirage_evtchn.c`.

use super::domid;
use super::errors::OUT_OF_RANGE;
use crate::xen::evtchn::{self, Error};

fn port_or_code(result: Result<u32, Error>) -> i64 {
    result.map_or_else(Error::code, i64::from)
}

fn zero_or_code(result: Result<(), Error>) -> i64 {
    result.map_or_else(Error::code, |()| 0)
}

fn on_port(port: i64, f: impl FnOnce(u32) -> Result<(), Error>) -> i64 {
    port.try_into()
        .map_or(OUT_OF_RANGE, |port| zero_or_code(f(port)))
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_nr_events() -> i64 {
    evtchn::ports() as i64
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_alloc_unbound(remote: i64) -> i64 {
    domid(remote).map_or(OUT_OF_RANGE, |remote| {
        port_or_code(evtchn::alloc_unbound(remote))
    })
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_bind_interdomain(remote: i64, remote_port: i64) -> i64 {
    match (domid(remote), remote_port.try_into()) {
        (Some(remote), Ok(port)) => port_or_code(evtchn::bind_interdomain(remote, port)),
        _ => OUT_OF_RANGE,
    }
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_bind_virq(virq: i64) -> i64 {
    virq.try_into()
        .map_or(OUT_OF_RANGE, |virq| port_or_code(evtchn::bind_virq(virq)))
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_unbind(port: i64) -> i64 {
    on_port(port, evtchn::unbind)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_unmask(port: i64) -> i64 {
    on_port(port, evtchn::unmask)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_notify(port: i64) -> i64 {
    on_port(port, evtchn::notify)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_test_and_clear(port: i64) -> bool {
    port.try_into().is_ok_and(evtchn::test_and_clear)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_next_pending(port: i64) -> i64 {
    u32::try_from(port.max(0))
        .ok()
        .and_then(evtchn::next_marked)
        .map_or(-1, i64::from)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_demux() -> bool {
    evtchn::demux()
}

#[unsafe(no_mangle)]
extern "C" fn mxen_evtchn_block(deadline: i64) {
    // A deadline before the clock's start is past; the largest number stands for none.
    evtchn::block(match deadline {
        i64::MAX => u64::MAX,
        _ => deadline.max(0).unsigned_abs(),
    });
}
