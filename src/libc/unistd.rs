// SPDX-License-Identifier: ISC
//! unistd.h and its neighbours (POSIX): descriptors, this one process, and what the system says of
//! itself. Three descriptors are open, all of them the console.

use super::errno::{
    EBADF, ECHILD, EINVAL, EMFILE, ENAMETOOLONG, ENOENT, ENOSYS, ENOTTY, EPERM, ERANGE, ESPIPE,
    ESRCH, fail, set_errno,
};
use super::files::is_standard;
use super::platform::{self, Cell, run_time};
use super::threads::wait;
use super::time::TimeVal;
use core::ptr::{null, null_mut};
use core::slice::{from_raw_parts, from_raw_parts_mut};

/// This process.
pub(super) const PID: i32 = 1;

/// POSIX's `write`: to the console.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn write(number: i32, from: *const u8, size: usize) -> isize {
    if number != 1 && number != 2 {
        return fail(EBADF) as isize;
    }
    if size != 0 {
        // SAFETY: POSIX's contract: `size` readable bytes.
        platform::write(number, unsafe { from_raw_parts(from, size) });
    }
    wait::tick();
    size as isize
}

/// POSIX's `read`: from the console, which waits for input (`platform::console_read`).
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn read(number: i32, to: *mut u8, size: usize) -> isize {
    if number != 0 {
        return fail(EBADF) as isize;
    }
    if size == 0 {
        return 0;
    }
    // SAFETY: POSIX's contract: `size` writable bytes.
    wait::console_read(unsafe { from_raw_parts_mut(to, size) }, "read") as isize
}

/// POSIX's `struct iovec`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IoVec {
    base: *mut u8,
    length: usize,
}

/// POSIX's `writev`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn writev(number: i32, parts: *const IoVec, count: i32) -> isize {
    let Ok(count) = usize::try_from(count) else {
        return fail(EINVAL) as isize;
    };
    let mut total = 0;
    // SAFETY: POSIX's contract: `count` parts, each readable.
    unsafe {
        for part in from_raw_parts(parts, count) {
            match write(number, part.base, part.length) {
                written if written < 0 => return written,
                written => total += written,
            }
        }
    }
    total
}

/// POSIX's `readv`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn readv(number: i32, parts: *const IoVec, count: i32) -> isize {
    let Ok(count) = usize::try_from(count) else {
        return fail(EINVAL) as isize;
    };
    // SAFETY: POSIX's contract: `count` parts, each writable. The first that is not empty takes what there is.
    unsafe {
        let part = from_raw_parts(parts, count)
            .iter()
            .find(|part| part.length != 0);
        part.map_or_else(
            || read(number, null_mut(), 0),
            |part| read(number, part.base, part.length),
        )
    }
}

/// POSIX's `close`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn close(number: i32) -> i32 {
    if is_standard(number) { 0 } else { fail(EBADF) }
}

/// POSIX's `lseek`: the console has no position.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lseek(number: i32, _offset: i64, _whence: i32) -> i64 {
    fail(if is_standard(number) { ESPIPE } else { EBADF }).into()
}

/// glibc's `lseek64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lseek64(number: i32, offset: i64, whence: i32) -> i64 {
    lseek(number, offset, whence)
}

/// POSIX's `pread`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pread(number: i32, _to: *mut u8, _size: usize, _offset: i64) -> isize {
    fail(if is_standard(number) { ESPIPE } else { EBADF }) as isize
}

/// glibc's `pread64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pread64(number: i32, to: *mut u8, size: usize, offset: i64) -> isize {
    pread(number, to, size, offset)
}

/// POSIX's `pwrite`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pwrite(number: i32, _from: *const u8, _size: usize, _offset: i64) -> isize {
    fail(if is_standard(number) { ESPIPE } else { EBADF }) as isize
}

/// glibc's `pwrite64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pwrite64(number: i32, from: *const u8, size: usize, offset: i64) -> isize {
    pwrite(number, from, size, offset)
}

/// POSIX's `isatty`: the console is not a terminal that could be asked for its size.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isatty(number: i32) -> i32 {
    set_errno(if is_standard(number) { ENOTTY } else { EBADF });
    0
}

/// POSIX's `ioctl`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ioctl(number: i32, _request: u64, _argument: u64) -> i32 {
    fail(if is_standard(number) { ENOTTY } else { EBADF })
}

/// POSIX's `dup`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dup(number: i32) -> i32 {
    fail(if is_standard(number) { EMFILE } else { EBADF })
}

/// POSIX's `dup2`: a descriptor onto itself, or the console onto the console.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dup2(from: i32, to: i32) -> i32 {
    let same = is_standard(from) && (from == to || matches!((from, to), (1 | 2, 1 | 2)));
    if same { to } else { fail(EBADF) }
}

/// GNU's `dup3`, which refuses a descriptor onto itself.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dup3(from: i32, to: i32, _flags: i32) -> i32 {
    if from == to {
        fail(EINVAL)
    } else {
        dup2(from, to)
    }
}

/// POSIX's `pipe`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pipe(_to: *mut i32) -> i32 {
    fail(EMFILE)
}

/// GNU's `pipe2`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pipe2(_to: *mut i32, _flags: i32) -> i32 {
    fail(EMFILE)
}

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

/// POSIX's `gethostname`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn gethostname(to: *mut u8, size: usize) -> i32 {
    if size < HOST.len() {
        return fail(ENAMETOOLONG);
    }
    // SAFETY: POSIX's contract: `size` writable bytes.
    unsafe { super::memory::memcpy(to, HOST.as_ptr(), HOST.len()) };
    0
}

static HOST: [u8; 7] = *b"mirage\0";

/// glibc's `struct utsname`.
#[repr(C)]
pub struct UtsName {
    fields: [[u8; 65]; 6],
}

/// POSIX's `uname`.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn uname(to: *mut UtsName) -> i32 {
    let values: [&[u8]; 6] = [b"MirageOS", b"mirage", b"", b"Xen PVH", b"x86_64", b""];
    let mut name = UtsName {
        fields: [[0; 65]; 6],
    };
    for (field, value) in name.fields.iter_mut().zip(values) {
        for (to, from) in field.iter_mut().zip(value) {
            *to = *from;
        }
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = name };
    0
}

/// POSIX's `sysconf`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sysconf(name: i32) -> i64 {
    let pages = |bytes: usize| (bytes / 4096) as i64;
    match name {
        0 => 131_072,                                                             // _SC_ARG_MAX
        2 => 100,                                                                 // _SC_CLK_TCK
        4 => 3,                                                                   // _SC_OPEN_MAX
        30 => 4096,                                                               // _SC_PAGESIZE
        83 | 84 => 1,                      // _SC_NPROCESSORS_CONF, _ONLN
        85 => pages(super::heap::total()), // _SC_PHYS_PAGES
        86 => pages(super::heap::total() - super::malloc::malloc_memory_usage()), // _SC_AVPHYS_PAGES
        75 => 16_384, // _SC_THREAD_STACK_MIN
        _ => fail(EINVAL).into(),
    }
}

/// BSD's `getpagesize`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getpagesize() -> i32 {
    4096
}

/// GNU's `get_nprocs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn get_nprocs() -> i32 {
    1
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

/// glibc's `getauxval` (sys/auxv.h): the page size, and that no privileges are to be guarded; ENOENT for the rest.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getauxval(which: u64) -> u64 {
    match which {
        // AT_PAGESZ, AT_CLKTCK, AT_SECURE
        6 => 4096,
        17 => 100,
        23 => 0,
        _ => {
            set_errno(ENOENT);
            0
        }
    }
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

/// The stack's bounds, as far as they are known.
static STACK: Cell<(usize, usize)> = Cell::new((0, 0));

/// Remembers where the stack lies.
pub(super) fn set_stack(low: usize, high: usize) {
    STACK.set((low, high));
}

/// Where it lies.
pub(super) fn stack() -> (usize, usize) {
    STACK.get()
}

/// POSIX's `getrlimit`: the stack's size, what the heap can hold, three descriptors; no other limits.
///
/// # Safety
/// `to` must be two writable words.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getrlimit(which: i32, to: *mut [u64; 2]) -> i32 {
    let (low, high) = STACK.get();
    let limit = match which {
        // RLIMIT_CPU, _FSIZE, _CORE
        0 | 1 => u64::MAX,
        4 => 0,
        // RLIMIT_DATA, _RSS, _AS
        2 | 5 | 9 => super::heap::total() as u64,
        3 if high > low => (high - low) as u64,
        3 => u64::MAX,
        // RLIMIT_NPROC, _NOFILE
        6 => 1,
        7 => 3,
        8 | 10..=15 => u64::MAX,
        _ => return fail(EINVAL),
    };
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = [limit; 2] };
    0
}

/// glibc's `getrlimit64`.
///
/// # Safety
/// As for [`getrlimit`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getrlimit64(which: i32, to: *mut [u64; 2]) -> i32 {
    // SAFETY: the same contract.
    unsafe { getrlimit(which, to) }
}

/// glibc's `struct rusage`.
#[repr(C)]
pub struct Usage {
    user: TimeVal,
    system: TimeVal,
    rest: [i64; 14],
}

/// POSIX's `getrusage`: the domain's processor time, and the heap's footprint as the resident set.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getrusage(who: i32, to: *mut Usage) -> i32 {
    let zero = TimeVal {
        tv_sec: 0,
        tv_usec: 0,
    };
    let mut usage = Usage {
        user: zero,
        system: zero,
        rest: [0; 14],
    };
    match who {
        // RUSAGE_SELF, RUSAGE_THREAD
        0 | 1 => {
            let microseconds = run_time() / 1000;
            usage.user = TimeVal {
                tv_sec: (microseconds / 1_000_000) as i64,
                tv_usec: (microseconds % 1_000_000) as i64,
            };
            usage.rest[0] = (super::heap::handed_out() / 1024) as i64;
        }
        // RUSAGE_CHILDREN
        -1 => {}
        _ => return fail(EINVAL),
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = usage };
    0
}

/// POSIX's `optarg`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static optarg: Cell<*const u8> = Cell::new(null());
/// POSIX's `optind`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static optind: Cell<i32> = Cell::new(1);
/// POSIX's `opterr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static opterr: Cell<i32> = Cell::new(1);
/// POSIX's `optopt`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static optopt: Cell<i32> = Cell::new(0);
/// Where in a group of letters `getopt` stands.
static LETTER: Cell<usize> = Cell::new(0);

/// POSIX's `getopt`, without the messages and without reordering.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getopt(
    count: i32,
    arguments: *const *const u8,
    options: *const u8,
) -> i32 {
    // SAFETY: POSIX's contract: `count` terminated strings, and a terminated list of options.
    unsafe {
        if optind.get() >= count {
            return -1;
        }
        let argument = *arguments.add(optind.get() as usize);
        let text = super::string::bytes(argument);
        if LETTER.get() == 0 {
            if text.len() < 2 || text[0] != b'-' {
                return -1;
            }
            if text == b"--" {
                optind.set(optind.get() + 1);
                return -1;
            }
            LETTER.set(1);
        }
        let letter = text[LETTER.get()];
        let last = LETTER.get() + 1 == text.len();
        let options = super::string::bytes(options);
        let known = options.iter().position(|&o| o == letter && o != b':');
        optopt.set(letter.into());
        let takes = known.is_some_and(|at| options.get(at + 1) == Some(&b':'));
        if takes {
            let inline = argument.add(LETTER.get() + 1);
            LETTER.set(0);
            optind.set(optind.get() + 1);
            if !last {
                optarg.set(inline);
            } else if optind.get() < count {
                optarg.set(*arguments.add(optind.get() as usize));
                optind.set(optind.get() + 1);
            } else {
                return i32::from(if options.first() == Some(&b':') {
                    b':'
                } else {
                    b'?'
                });
            }
            return letter.into();
        }
        if last {
            LETTER.set(0);
            optind.set(optind.get() + 1);
        } else {
            LETTER.set(LETTER.get() + 1);
        }
        if known.is_some() {
            letter.into()
        } else {
            b'?'.into()
        }
    }
}

/// GNU's `getdomainname`: there is none.
///
/// # Safety
/// `to` must have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getdomainname(to: *mut u8, size: usize) -> i32 {
    if size == 0 {
        return fail(ERANGE);
    }
    // SAFETY: there is one byte at least.
    unsafe { *to = 0 };
    0
}
