// SPDX-License-Identifier: ISC
//! unistd.h and its neighbours (POSIX): descriptors, this one process, and what the system says of
//! itself. Three descriptors are open, all of them the console.

mod getopt;
mod io;
mod resource;
mod system;

#[cfg_attr(not(test), expect(unused_imports, reason = "for C alone"))]
pub use getopt::*;
pub use io::*;
pub use resource::*;
pub use system::*;

use super::errno::{ECHILD, EINVAL, ENOENT, ENOSYS, EPERM, ESRCH, fail, set_errno};
use super::threads::wait;
use core::ptr::null_mut;
use core::slice::from_raw_parts;

/// This process.
pub(super) const PID: i32 = 1;

/// POSIX's `getcwd`: there is no directory to be in.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getcwd(_to: *mut u8, _size: usize) -> *mut u8 {
    set_errno(ENOENT);
    null_mut()
}

/// POSIX's `chdir`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn chdir(_path: *const u8) -> i32 {
    fail(ENOENT)
}

macro_rules! constant {
    ($($name:ident = $value:expr, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name() -> i32 {
                $value
            }
        )*
    };
}

constant! {
    getpid = PID, "POSIX's `getpid`: the program is the only process.";
    getppid = 0, "POSIX's `getppid`: nobody started it from within.";
    getpgrp = PID, "POSIX's `getpgrp`.";
    gettid = PID, "GNU's `gettid`.";
    getuid = 0, "POSIX's `getuid`.";
    geteuid = 0, "POSIX's `geteuid`.";
    getgid = 0, "POSIX's `getgid`.";
    getegid = 0, "POSIX's `getegid`.";
    fork = fail(ENOSYS), "POSIX's `fork`.";
    vfork = fail(ENOSYS), "BSD's `vfork`.";
    sched_getcpu = 0, "GNU's `sched_getcpu`: there is one processor.";
}

/// POSIX's `sched_yield`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sched_yield() -> i32 {
    wait::pass();
    0
}

/// POSIX's `alarm`: no signal can be delivered later; errno says so, since the result cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn alarm(_seconds: u32) -> u32 {
    set_errno(ENOSYS);
    0
}

/// glibc's `__sched_cpucount`, behind `CPU_COUNT`.
///
/// # Safety
/// `set` must have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __sched_cpucount(size: usize, set: *const u8) -> i32 {
    // SAFETY: readable, as the caller vouches.
    let set = unsafe { from_raw_parts(set, size) };
    set.iter().map(|byte| byte.count_ones() as i32).sum()
}

/// glibc's `__libc_current_sigrtmin`, behind `SIGRTMIN`: glibc has 32 and 33 for itself.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __libc_current_sigrtmin() -> i32 {
    34
}

/// glibc's `__libc_current_sigrtmax`, behind `SIGRTMAX`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __libc_current_sigrtmax() -> i32 {
    64
}

macro_rules! refused {
    ($($name:ident($($argument:ident: $type:ty),*) = $error:expr;)*) => {
        $(
            #[doc = concat!("POSIX's `", stringify!($name), "`.")]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name($($argument: $type),*) -> i32 {
                fail($error)
            }
        )*
    };
}

refused! {
    execve(_path: *const u8, _arguments: *const *const u8, _environment: *const *const u8) = ENOSYS;
    execv(_path: *const u8, _arguments: *const *const u8) = ENOSYS;
    execvp(_path: *const u8, _arguments: *const *const u8) = ENOSYS;
    execvpe(_path: *const u8, _arguments: *const *const u8, _environment: *const *const u8) = ENOSYS;
    wait(_status: *mut i32) = ECHILD;
    wait3(_status: *mut i32, _options: i32, _usage: *mut u8) = ECHILD;
    wait4(_process: i32, _status: *mut i32, _options: i32, _usage: *mut u8) = ECHILD;
    nice(_more: i32) = EPERM;
    chroot(_path: *const u8) = ENOENT;
    sched_setaffinity(_process: i32, _size: usize, _mask: *const u8) = EINVAL;
    waitpid(_process: i32, _status: *mut i32, _options: i32) = ECHILD;
    setuid(_user: u32) = EPERM;
    setgid(_group: u32) = EPERM;
    setsid() = EPERM;
    setpgid(_process: i32, _group: i32) = EPERM;
    getpgid(_process: i32) = ESRCH;
    setitimer(_which: i32, _new: *const u8, _old: *mut u8) = ENOSYS;
    getitimer(_which: i32, _to: *mut u8) = ENOSYS;
    setrlimit(_which: i32, _limit: *const u64) = EPERM;
    setrlimit64(_which: i32, _limit: *const u64) = EPERM;
    sched_get_priority_max(_policy: i32) = ENOSYS;
    sched_get_priority_min(_policy: i32) = ENOSYS;
    sched_getaffinity(_process: i32, _size: usize, _mask: *mut u8) = ENOSYS;
}
