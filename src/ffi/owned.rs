// SPDX-License-Identifier: ISC
//! The owned values of `xen::owned` under a test's control: they are for Rust code, and a test guest is in C.

use super::domid;
use super::errors::OUT_OF_RANGE;
use crate::xen::evtchn;
use crate::xen::grants::{Error, Foreign};
use crate::xen::owned::{Channel, Mapping, SharedPage};
use core::sync::atomic::Ordering;
use spin::Mutex;

static SHARED: Mutex<Option<SharedPage>> = Mutex::new(None);

/// Shares a page that starts with 42 and keeps it; its reference.
#[unsafe(no_mangle)]
extern "C" fn mxen_owned_share(peer: i64) -> i64 {
    let Some(peer) = domid(peer) else {
        return OUT_OF_RANGE;
    };
    match SharedPage::new(peer, true) {
        Err(error) => error.code(),
        Ok(page) => {
            if let Some(first) = page.bytes().first() {
                first.store(42, Ordering::Relaxed);
            }
            let reference = page.reference();
            *SHARED.lock() = Some(page);
            i64::from(reference)
        }
    }
}

/// Drops the page.
#[unsafe(no_mangle)]
extern "C" fn mxen_owned_drop() -> i64 {
    // Not while locked: it may print.
    let page = SHARED.lock().take();
    i64::from(page.is_some())
}

/// Maps a peer's page, reads its first byte, and unmaps it by dropping it.
#[unsafe(no_mangle)]
extern "C" fn mxen_owned_peek(peer: i64, reference: i64) -> i64 {
    let (Some(domid), Ok(reference)) = (domid(peer), reference.try_into()) else {
        return OUT_OF_RANGE;
    };
    match Mapping::new(&[Foreign { domid, reference }], false) {
        Err(failure) => failure.error.code(),
        Ok(mapping) => mapping
            .bytes()
            .first()
            .map_or(Error::NotRam.code(), |byte| {
                i64::from(byte.load(Ordering::Relaxed))
            }),
    }
}

/// Connects two channels of domain `own` with each other, sends an event each way, and drops them: 3 when both came.
#[unsafe(no_mangle)]
extern "C" fn mxen_owned_channels(own: i64) -> i64 {
    let Some(own) = domid(own) else {
        return OUT_OF_RANGE;
    };
    let both = || -> Result<i64, evtchn::Error> {
        let one = Channel::offer(own)?;
        let other = Channel::connect(own, one.port())?;
        other.take_event();
        one.take_event();
        one.notify()?;
        let there = other.take_event();
        other.notify()?;
        let back = one.take_event();
        Ok(i64::from(there) + 2 * i64::from(back))
    };
    both().unwrap_or_else(evtchn::Error::code)
}
