// SPDX-License-Identifier: ISC
//! time.h (C11 7.27) and sys/time.h over Solo5's two clocks. The only zone is UTC.

use super::errno::{EINVAL, EOVERFLOW, EPERM, fail, set_errno};
use super::platform::{Cell, monotonic, run_time, wall};
use super::string::bytes;
use super::threads::wait::{sleep_until, tick};
use core::ptr::null_mut;
use libc_core::format::Sink;
use libc_core::time as core_time;

const BILLION: u64 = 1_000_000_000;

/// C's `struct timespec`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpec {
    /// Seconds.
    pub tv_sec: i64,
    /// Nanoseconds, 0 to 999999999.
    pub tv_nsec: i64,
}

impl TimeSpec {
    fn from_nanoseconds(value: u64) -> Self {
        TimeSpec {
            tv_sec: (value / BILLION) as i64,
            tv_nsec: (value % BILLION) as i64,
        }
    }

    /// As nanoseconds; none if it is not a valid length of time. What 64 bits do not hold is as long
    /// as they can say, 584 years.
    pub(super) fn nanoseconds(&self) -> Option<u64> {
        let fraction = u64::try_from(self.tv_nsec).ok().filter(|&n| n < BILLION)?;
        let seconds = u64::try_from(self.tv_sec).ok()?;
        Some(seconds.saturating_mul(BILLION).saturating_add(fraction))
    }
}

/// POSIX's `struct timeval`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TimeVal {
    /// Seconds.
    pub tv_sec: i64,
    /// Microseconds, 0 to 999999.
    pub tv_usec: i64,
}

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

/// C's `time`.
///
/// # Safety
/// `to` must be NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn time(to: *mut i64) -> i64 {
    tick();
    let now = (wall() / BILLION) as i64;
    if !to.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe { *to = now };
    }
    now
}

/// C's `clock`, in microseconds: the domain runs nothing else, so its processor time is the program's.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn clock() -> i64 {
    tick();
    (run_time() / 1000) as i64
}

/// C's `difftime`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn difftime(later: i64, earlier: i64) -> f64 {
    // Exact as long as the difference is, which a difference of doubles would not be.
    match later.checked_sub(earlier) {
        Some(difference) => difference as f64,
        None => later as f64 - earlier as f64,
    }
}

/// The clock of an identifier: real time, processor time, or one that only goes forward.
fn read_clock(identifier: i32) -> Option<u64> {
    match identifier {
        // CLOCK_REALTIME, _REALTIME_COARSE, _TAI's absence is an error.
        0 | 5 => Some(wall()),
        // CLOCK_MONOTONIC, _MONOTONIC_RAW, _MONOTONIC_COARSE, _BOOTTIME.
        1 | 4 | 6 | 7 => Some(monotonic()),
        // CLOCK_PROCESS_CPUTIME_ID, _THREAD_CPUTIME_ID: threads' own times are not told apart.
        2 | 3 => Some(run_time()),
        _ => None,
    }
}

/// POSIX's `clock_gettime`.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn clock_gettime(identifier: i32, to: *mut TimeSpec) -> i32 {
    tick();
    let Some(now) = read_clock(identifier) else {
        return fail(EINVAL);
    };
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = TimeSpec::from_nanoseconds(now) };
    0
}

/// POSIX's `clock_getres`: a nanosecond.
///
/// # Safety
/// `to` must be NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn clock_getres(identifier: i32, to: *mut TimeSpec) -> i32 {
    if read_clock(identifier).is_none() {
        return fail(EINVAL);
    }
    if !to.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe {
            *to = TimeSpec {
                tv_sec: 0,
                tv_nsec: 1,
            }
        };
    }
    0
}

/// POSIX's `clock_settime`: the wall clock is the host's.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn clock_settime(_identifier: i32, _time: *const TimeSpec) -> i32 {
    fail(EPERM)
}

/// POSIX's `settimeofday`: the wall clock is the host's.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn settimeofday(_time: *const TimeVal, _zone: *const u8) -> i32 {
    fail(EPERM)
}

/// C's `timespec_get`.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn timespec_get(to: *mut TimeSpec, base: i32) -> i32 {
    if base != 1 {
        return 0;
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = TimeSpec::from_nanoseconds(wall()) };
    base
}

/// POSIX's `gettimeofday`.
///
/// # Safety
/// `to` must be NULL or writable, and so `zone`, two `int`s.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn gettimeofday(to: *mut TimeVal, zone: *mut [i32; 2]) -> i32 {
    tick();
    let now = wall();
    // SAFETY: writable, as the caller vouches.
    unsafe {
        if !to.is_null() {
            *to = TimeVal {
                tv_sec: (now / BILLION) as i64,
                tv_usec: (now % BILLION / 1000) as i64,
            };
        }
        if !zone.is_null() {
            *zone = [0, 0];
        }
    }
    0
}

fn sleep_for(nanoseconds: u64) {
    sleep_until(monotonic().saturating_add(nanoseconds));
}

/// POSIX's `nanosleep`; nothing interrupts it.
///
/// # Safety
/// `length` must be readable, `left` NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn nanosleep(length: *const TimeSpec, left: *mut TimeSpec) -> i32 {
    // SAFETY: readable, as the caller vouches.
    let Some(length) = (unsafe { *length }).nanoseconds() else {
        return fail(EINVAL);
    };
    sleep_for(length);
    if !left.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe {
            *left = TimeSpec {
                tv_sec: 0,
                tv_nsec: 0,
            }
        };
    }
    0
}

/// POSIX's `clock_nanosleep`; returns an error number. Nobody sleeps on processor time: EINVAL.
///
/// # Safety
/// As for [`nanosleep`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn clock_nanosleep(
    identifier: i32,
    flags: i32,
    length: *const TimeSpec,
    _left: *mut TimeSpec,
) -> i32 {
    // CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID
    if matches!(identifier, 2 | 3) {
        return EINVAL;
    }
    // SAFETY: readable, as the caller vouches.
    let (Some(now), Some(length)) = (read_clock(identifier), unsafe { *length }.nanoseconds())
    else {
        return EINVAL;
    };
    // TIMER_ABSTIME
    sleep_for(if flags & 1 != 0 {
        length.saturating_sub(now)
    } else {
        length
    });
    0
}

/// POSIX's `usleep`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn usleep(microseconds: u32) -> i32 {
    sleep_for(u64::from(microseconds) * 1000);
    0
}

/// POSIX's `sleep`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sleep(seconds: u32) -> u32 {
    sleep_for(u64::from(seconds) * BILLION);
    0
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

/// POSIX's `struct tms`, in hundredths of a second.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Tms {
    /// The program's time.
    pub user: i64,
    /// The system's time for it: 0.
    pub system: i64,
    /// Its children's: 0.
    pub children: [i64; 2],
}

/// POSIX's `times`.
///
/// # Safety
/// `to` must be NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn times(to: *mut Tms) -> i64 {
    let ticks = (monotonic() / 10_000_000) as i64;
    if !to.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe {
            *to = Tms {
                user: (run_time() / 10_000_000) as i64,
                system: 0,
                children: [0, 0],
            }
        };
    }
    ticks
}

/// POSIX's `utimes`: there are no files.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn utimes(_path: *const u8, _times: *const TimeVal) -> i32 {
    fail(super::errno::ENOENT)
}
