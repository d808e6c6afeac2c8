// SPDX-License-Identifier: ISC
//! Linux's descriptors for events (sys/epoll.h, sys/eventfd.h, sys/signalfd.h, sys/timerfd.h, sys/inotify.h), shared memory
//! (sys/shm.h) and system calls by number: a domain has none. Programs that can do without ask for ENOSYS.

use super::errno::{EBADF, ENOSYS, fail};
use super::random::getrandom;
use core::ffi::c_void;

macro_rules! refused {
    ($($name:ident($($type:ty),*) = $error:expr;)*) => {
        $(
            #[doc = concat!("Linux's `", stringify!($name), "`.")]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name($(_: $type),*) -> i32 {
                fail($error)
            }
        )*
    };
}

refused! {
    epoll_create(i32) = ENOSYS;
    epoll_create1(i32) = ENOSYS;
    epoll_ctl(i32, i32, i32, *mut c_void) = EBADF;
    epoll_wait(i32, *mut c_void, i32, i32) = EBADF;
    eventfd(u32, i32) = ENOSYS;
    signalfd(i32, *const c_void, i32) = ENOSYS;
    timerfd_create(i32, i32) = ENOSYS;
    timerfd_settime(i32, i32, *const c_void, *mut c_void) = EBADF;
    inotify_init() = ENOSYS;
    inotify_init1(i32) = ENOSYS;
    inotify_add_watch(i32, *const u8, u32) = EBADF;
    inotify_rm_watch(i32, i32) = EBADF;
    memfd_create(*const u8, u32) = ENOSYS;
    shmget(i32, usize, i32) = ENOSYS;
    shmdt(*const c_void) = ENOSYS;
}

/// POSIX's `shmat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn shmat(_segment: i32, _at: *const c_void, _flags: i32) -> *mut c_void {
    fail(ENOSYS) as isize as *mut c_void
}

/// `SYS_getrandom` in asm/unistd_64.h.
const SYS_GETRANDOM: i64 = 318;

/// Linux's `syscall`: cryptographic libraries ask for random bytes so. All other calls fail with ENOSYS.
///
/// # Safety
/// The call's own contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn syscall(number: i64, buffer: *mut u8, size: usize, flags: u32) -> i64 {
    if number == SYS_GETRANDOM {
        // SAFETY: getrandom's arguments, as the caller promises.
        return unsafe { getrandom(buffer, size, flags) } as i64;
    }
    fail(ENOSYS).into()
}
