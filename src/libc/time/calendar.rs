// SPDX-License-Identifier: ISC
//! Dates: broken-down times, their text, and the only zone, UTC.

use super::super::errno::{EOVERFLOW, set_errno};
use super::super::platform::Cell;
use super::super::string::bytes;
use core::ptr::null_mut;
use libc_core::format::Sink;
use libc_core::time as core_time;

/// glibc's `struct tm`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "C's names")]
pub struct Tm {
    pub tm_sec: i32,
    pub tm_min: i32,
    pub tm_hour: i32,
    pub tm_mday: i32,
    pub tm_mon: i32,
    pub tm_year: i32,
    pub tm_wday: i32,
    pub tm_yday: i32,
    pub tm_isdst: i32,
    pub tm_gmtoff: i64,
    pub tm_zone: *const u8,
}

static ZONE: [u8; 4] = *b"GMT\0";
static UTC: [u8; 4] = *b"UTC\0";

impl Tm {
    fn from_core(tm: core_time::Tm, zone: &'static [u8; 4]) -> Tm {
        Tm {
            tm_sec: tm.sec,
            tm_min: tm.min,
            tm_hour: tm.hour,
            tm_mday: tm.mday,
            tm_mon: tm.mon,
            tm_year: tm.year,
            tm_wday: tm.wday,
            tm_yday: tm.yday,
            tm_isdst: 0,
            tm_gmtoff: 0,
            tm_zone: zone.as_ptr(),
        }
    }

    fn to_core(self) -> core_time::Tm {
        core_time::Tm {
            sec: self.tm_sec,
            min: self.tm_min,
            hour: self.tm_hour,
            mday: self.tm_mday,
            mon: self.tm_mon,
            year: self.tm_year,
            wday: self.tm_wday,
            yday: self.tm_yday,
            isdst: self.tm_isdst,
        }
    }
}

unsafe fn broken_down(seconds: *const i64, to: *mut Tm, zone: &'static [u8; 4]) -> *mut Tm {
    // SAFETY: C's contract: both pointers are valid.
    unsafe {
        match core_time::Tm::from_seconds(*seconds) {
            Some(tm) => {
                *to = Tm::from_core(tm, zone);
                to
            }
            None => {
                set_errno(EOVERFLOW);
                null_mut()
            }
        }
    }
}

/// POSIX's `gmtime_r`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn gmtime_r(seconds: *const i64, to: *mut Tm) -> *mut Tm {
    // SAFETY: POSIX's contract.
    unsafe { broken_down(seconds, to, &ZONE) }
}

/// POSIX's `localtime_r`: local time is UTC.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn localtime_r(seconds: *const i64, to: *mut Tm) -> *mut Tm {
    // SAFETY: POSIX's contract.
    unsafe { broken_down(seconds, to, &UTC) }
}

static BROKEN_DOWN: Cell<Tm> = Cell::new(Tm {
    tm_sec: 0,
    tm_min: 0,
    tm_hour: 0,
    tm_mday: 0,
    tm_mon: 0,
    tm_year: 0,
    tm_wday: 0,
    tm_yday: 0,
    tm_isdst: 0,
    tm_gmtoff: 0,
    tm_zone: core::ptr::null(),
});

/// C's `gmtime`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn gmtime(seconds: *const i64) -> *mut Tm {
    // SAFETY: C's contract.
    unsafe { gmtime_r(seconds, BROKEN_DOWN.as_ptr()) }
}

/// C's `localtime`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn localtime(seconds: *const i64) -> *mut Tm {
    // SAFETY: C's contract.
    unsafe { localtime_r(seconds, BROKEN_DOWN.as_ptr()) }
}

/// C's `mktime`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mktime(tm: *mut Tm) -> i64 {
    // SAFETY: C's contract.
    unsafe {
        let seconds = (*tm).to_core().to_seconds();
        if broken_down(&raw const seconds, tm, &UTC).is_null() {
            -1
        } else {
            seconds
        }
    }
}

/// GNU's `timegm`.
///
/// # Safety
/// C's contract for `mktime`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn timegm(tm: *mut Tm) -> i64 {
    // SAFETY: the same contract.
    unsafe {
        let seconds = (*tm).to_core().to_seconds();
        if broken_down(&raw const seconds, tm, &ZONE).is_null() {
            -1
        } else {
            seconds
        }
    }
}

struct Buffer<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl Sink for Buffer<'_> {
    fn write(&mut self, bytes: &[u8]) {
        for (to, from) in self.bytes.iter_mut().skip(self.used).zip(bytes) {
            *to = *from;
        }
        self.used = self.used.saturating_add(bytes.len());
    }
}

/// C's `strftime`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strftime(
    to: *mut u8,
    size: usize,
    format: *const u8,
    tm: *const Tm,
) -> usize {
    // SAFETY: C's contract.
    unsafe {
        let mut buffer = Buffer {
            bytes: core::slice::from_raw_parts_mut(to, size),
            used: 0,
        };
        let zone = (*tm).tm_zone;
        let format = bytes(format);
        core_time::strftime(
            &mut buffer,
            format,
            &(*tm).to_core(),
            if zone.is_null() { b"GMT" } else { bytes(zone) },
        );
        let used = buffer.used;
        match buffer.bytes.get_mut(used) {
            Some(end) => {
                *end = 0;
                used
            }
            None => 0,
        }
    }
}

/// POSIX's `asctime_r`; NULL where the year has more than four digits and would not fit.
///
/// # Safety
/// POSIX's contract: 26 bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn asctime_r(tm: *const Tm, to: *mut u8) -> *mut u8 {
    // SAFETY: POSIX's contract.
    unsafe {
        if strftime(to, 26, c"%a %b %e %H:%M:%S %Y\n".as_ptr().cast(), tm) == 0 {
            set_errno(EOVERFLOW);
            return null_mut();
        }
    }
    to
}

static TEXT: Cell<[u8; 26]> = Cell::new([0; 26]);

/// C's `asctime`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn asctime(tm: *const Tm) -> *mut u8 {
    // SAFETY: C's contract.
    unsafe { asctime_r(tm, TEXT.as_ptr().cast()) }
}

/// POSIX's `ctime_r`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn ctime_r(seconds: *const i64, to: *mut u8) -> *mut u8 {
    // SAFETY: POSIX's contract.
    unsafe {
        let tm = localtime(seconds);
        if tm.is_null() {
            null_mut()
        } else {
            asctime_r(tm, to)
        }
    }
}

/// C's `ctime`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn ctime(seconds: *const i64) -> *mut u8 {
    // SAFETY: C's contract.
    unsafe { ctime_r(seconds, TEXT.as_ptr().cast()) }
}

/// POSIX's `tzset`: there is one zone.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn tzset() {}

/// POSIX's `timezone`: seconds west of UTC.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static timezone: Cell<i64> = Cell::new(0);
/// POSIX's `daylight`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static daylight: Cell<i32> = Cell::new(0);
/// POSIX's `tzname`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static tzname: Cell<[*const u8; 2]> = Cell::new([UTC.as_ptr(), UTC.as_ptr()]);
