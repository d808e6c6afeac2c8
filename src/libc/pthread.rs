// SPDX-License-Identifier: ISC
//! pthread.h and semaphore.h (POSIX) for the one thread there is. Locks keep their state, so that
//! wrong use is found; waiting for what only another thread could do ends the domain with a word.
//!
//! Layouts follow glibc where static initialisers see them: a mutex has its lock word at 0, its count
//! at 4 and its kind at 16; everything starts as zeros.

use super::errno::{EAGAIN, EBUSY, EDEADLK, EINVAL, EPERM, ERANGE, ESRCH, ETIMEDOUT};
use super::platform::{Cell, Part, crash, monotonic, sleep_until, wall};
use super::time::TimeSpec;
use core::ffi::c_void;
use core::ptr::null_mut;

/// Ends the domain: what the thread would wait for, only another one could bring about.
pub(super) fn deadlock(function: &str) -> ! {
    crash(&[
        Part::Text(function),
        Part::Text(": the only thread would wait for ever"),
    ])
}

/// glibc's `pthread_mutex_t`.
#[repr(C)]
pub struct Mutex {
    locked: i32,
    count: u32,
    owner: i32,
    users: u32,
    kind: i32,
    rest: [u32; 5],
}

const _: () = assert!(size_of::<Mutex>() == 40);

const NORMAL: i32 = 0;
const RECURSIVE: i32 = 1;
const ERROR_CHECK: i32 = 2;

impl Mutex {
    fn kind(&self) -> i32 {
        self.kind & 3
    }

    /// Takes the lock; EBUSY if that must wait, which is for ever.
    fn take(&mut self) -> i32 {
        if self.locked == 0 {
            self.locked = 1;
            0
        } else if self.kind() == RECURSIVE {
            match self.count.checked_add(1) {
                Some(count) => {
                    self.count = count;
                    0
                }
                None => EAGAIN,
            }
        } else {
            EBUSY
        }
    }
}

/// The attributes of a mutex: its kind.
#[repr(C)]
pub struct MutexAttributes(i32);

/// POSIX's `pthread_mutex_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_init(
    mutex: *mut Mutex,
    attributes: *const MutexAttributes,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        let kind = attributes.as_ref().map_or(NORMAL, |a| a.0);
        *mutex = Mutex {
            locked: 0,
            count: 0,
            owner: 0,
            users: 0,
            kind,
            rest: [0; 5],
        };
    }
    0
}

/// POSIX's `pthread_mutex_destroy`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_destroy(mutex: *mut Mutex) -> i32 {
    // SAFETY: POSIX's contract.
    if unsafe { (*mutex).locked } != 0 {
        EBUSY
    } else {
        0
    }
}

/// POSIX's `pthread_mutex_lock`, of a lock that the thread holds already: EDEADLK where it is of the kind that checks for
/// errors, a crash where POSIX has it wait for ever.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_lock(mutex: *mut Mutex) -> i32 {
    // SAFETY: POSIX's contract.
    let mutex = unsafe { &mut *mutex };
    match mutex.take() {
        EBUSY if mutex.kind() == ERROR_CHECK => EDEADLK,
        EBUSY => deadlock("pthread_mutex_lock"),
        result => result,
    }
}

/// POSIX's `pthread_mutex_trylock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_trylock(mutex: *mut Mutex) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { (*mutex).take() }
}

/// POSIX's `pthread_mutex_timedlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_timedlock(
    mutex: *mut Mutex,
    deadline: *const TimeSpec,
) -> i32 {
    // SAFETY: POSIX's contract.
    match unsafe { (*mutex).take() } {
        // SAFETY: as above.
        EBUSY => unsafe { wait_until(0, deadline) },
        result => result,
    }
}

/// POSIX's `pthread_mutex_unlock`: EPERM where it is not locked.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_unlock(mutex: *mut Mutex) -> i32 {
    // SAFETY: POSIX's contract.
    let mutex = unsafe { &mut *mutex };
    if mutex.locked == 0 {
        return EPERM;
    }
    match mutex.count.checked_sub(1) {
        Some(count) => mutex.count = count,
        None => mutex.locked = 0,
    }
    0
}

/// POSIX's `pthread_mutexattr_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutexattr_init(attributes: *mut MutexAttributes) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *attributes = MutexAttributes(NORMAL) };
    0
}

/// POSIX's `pthread_mutexattr_settype`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutexattr_settype(
    attributes: *mut MutexAttributes,
    kind: i32,
) -> i32 {
    if !(0..=3).contains(&kind) {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { *attributes = MutexAttributes(kind) };
    0
}

/// POSIX's `pthread_mutexattr_gettype`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutexattr_gettype(
    attributes: *const MutexAttributes,
    kind: *mut i32,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *kind = (*attributes).0 };
    0
}

/// glibc's `pthread_cond_t`, of which the first word is the clock.
#[repr(C)]
pub struct Condition {
    clock: i32,
    rest: [u32; 11],
}

/// Waits until an absolute time of a clock; then ETIMEDOUT.
unsafe fn wait_until(clock: i32, deadline: *const TimeSpec) -> i32 {
    // SAFETY: POSIX's contract: a readable time.
    let Some(deadline) = (unsafe { (*deadline).nanoseconds() }) else {
        return EINVAL;
    };
    let now = if clock == 1 { monotonic() } else { wall() };
    sleep_until(monotonic().saturating_add(deadline.saturating_sub(now)));
    ETIMEDOUT
}

/// POSIX's `pthread_cond_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_cond_init(
    condition: *mut Condition,
    attributes: *const i32,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        *condition = Condition {
            clock: attributes.as_ref().copied().unwrap_or(0),
            rest: [0; 11],
        }
    };
    0
}

/// POSIX's `pthread_cond_wait`: nobody else could ever signal it.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_cond_wait(_condition: *mut Condition, _mutex: *mut Mutex) -> i32 {
    deadlock("pthread_cond_wait")
}

/// POSIX's `pthread_cond_timedwait`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_cond_timedwait(
    condition: *mut Condition,
    _mutex: *mut Mutex,
    deadline: *const TimeSpec,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { wait_until((*condition).clock, deadline) }
}

/// POSIX's `pthread_condattr_setclock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_condattr_setclock(attributes: *mut i32, clock: i32) -> i32 {
    if clock != 0 && clock != 1 {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { *attributes = clock };
    0
}

macro_rules! nothing_to_do {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            #[doc = concat!("POSIX's `", stringify!($name), "`: with one thread there is nothing to do.")]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name($($argument: $type),*) -> i32 {
                0
            }
        )*
    };
}

nothing_to_do! {
    pthread_cond_destroy(_condition: *mut Condition);
    pthread_cond_signal(_condition: *mut Condition);
    pthread_cond_broadcast(_condition: *mut Condition);
    pthread_condattr_destroy(_attributes: *mut i32);
    pthread_mutexattr_destroy(_attributes: *mut MutexAttributes);
    pthread_rwlockattr_init(_attributes: *mut u64);
    pthread_rwlockattr_destroy(_attributes: *mut u64);
    pthread_attr_destroy(_attributes: *mut Attributes);
    pthread_atfork(_prepare: usize, _parent: usize, _child: usize);
}

/// POSIX's `pthread_condattr_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_condattr_init(attributes: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *attributes = 0 };
    0
}

/// A read-write lock: the number of readers, or -1 for a writer.
#[repr(C)]
pub struct RwLock {
    holders: i32,
    rest: [u32; 13],
}

/// POSIX's `pthread_rwlock_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_init(lock: *mut RwLock, _attributes: *const u64) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        *lock = RwLock {
            holders: 0,
            rest: [0; 13],
        }
    };
    0
}

/// POSIX's `pthread_rwlock_destroy`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_destroy(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    if unsafe { (*lock).holders } != 0 {
        EBUSY
    } else {
        0
    }
}

unsafe fn read_lock(lock: *mut RwLock, otherwise: i32) -> i32 {
    // SAFETY: POSIX's contract.
    let lock = unsafe { &mut *lock };
    if lock.holders < 0 {
        return otherwise;
    }
    match lock.holders.checked_add(1) {
        Some(holders) => {
            lock.holders = holders;
            0
        }
        None => EAGAIN,
    }
}

unsafe fn write_lock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    let lock = unsafe { &mut *lock };
    if lock.holders != 0 {
        return EBUSY;
    }
    lock.holders = -1;
    0
}

/// POSIX's `pthread_rwlock_rdlock`: EDEADLK where the thread writes.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_rdlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { read_lock(lock, EDEADLK) }
}

/// POSIX's `pthread_rwlock_tryrdlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_tryrdlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { read_lock(lock, EBUSY) }
}

/// POSIX's `pthread_rwlock_wrlock`: EDEADLK where the thread writes already, a crash where it reads and so would wait for
/// itself.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_wrlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    match unsafe { write_lock(lock) } {
        // SAFETY: as above.
        EBUSY if unsafe { (*lock).holders } < 0 => EDEADLK,
        EBUSY => deadlock("pthread_rwlock_wrlock"),
        result => result,
    }
}

/// POSIX's `pthread_rwlock_trywrlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_trywrlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { write_lock(lock) }
}

/// POSIX's `pthread_rwlock_unlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_unlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    let lock = unsafe { &mut *lock };
    match lock.holders {
        0 => return EPERM,
        -1 => lock.holders = 0,
        _ => lock.holders -= 1,
    }
    0
}

/// POSIX's `pthread_spin_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_spin_init(lock: *mut i32, _shared: i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *lock = 0 };
    0
}

/// POSIX's `pthread_spin_destroy`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_spin_destroy(_lock: *mut i32) -> i32 {
    0
}

/// POSIX's `pthread_spin_lock`: of a lock that the thread holds, where others would spin for ever, a crash.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_spin_lock(lock: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    if unsafe { core::mem::replace(&mut *lock, 1) } != 0 {
        deadlock("pthread_spin_lock");
    }
    0
}

/// POSIX's `pthread_spin_trylock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_spin_trylock(lock: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    if unsafe { core::mem::replace(&mut *lock, 1) } != 0 {
        EBUSY
    } else {
        0
    }
}

/// POSIX's `pthread_spin_unlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_spin_unlock(lock: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *lock = 0 };
    0
}

/// POSIX's `pthread_once`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_once(control: *mut i32, function: unsafe extern "C" fn()) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        if *control == 0 {
            *control = 1;
            function();
        }
    }
    0
}

/// How many keys there can be; POSIX asks for 128.
const KEYS: usize = 128;

#[derive(Clone, Copy)]
struct Key {
    used: bool,
    value: *mut c_void,
}

static KEY_TABLE: Cell<[Key; KEYS]> = Cell::new(
    [Key {
        used: false,
        value: null_mut(),
    }; KEYS],
);

fn key(number: u32) -> Option<&'static mut Key> {
    // SAFETY: the cell is valid, and no borrow outlives a call in this file.
    unsafe { &mut *KEY_TABLE.as_ptr() }
        .get_mut(number as usize)
        .filter(|k| k.used)
}

/// POSIX's `pthread_key_create`. Destructors run at `pthread_exit`, which for the only thread is the
/// end of the program, so none ever does.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_key_create(to: *mut u32, _destructor: usize) -> i32 {
    // SAFETY: the cell is valid.
    let table = unsafe { &mut *KEY_TABLE.as_ptr() };
    let Some(number) = table.iter().position(|k| !k.used) else {
        return EAGAIN;
    };
    table[number] = Key {
        used: true,
        value: null_mut(),
    };
    // SAFETY: POSIX's contract.
    unsafe { *to = number as u32 };
    0
}

/// POSIX's `pthread_key_delete`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_key_delete(number: u32) -> i32 {
    match key(number) {
        Some(key) => {
            key.used = false;
            0
        }
        None => EINVAL,
    }
}

/// POSIX's `pthread_getspecific`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_getspecific(number: u32) -> *mut c_void {
    key(number).map_or(null_mut(), |key| key.value)
}

/// POSIX's `pthread_setspecific`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_setspecific(number: u32, value: *mut c_void) -> i32 {
    match key(number) {
        Some(key) => {
            key.value = value;
            0
        }
        None => EINVAL,
    }
}

/// The only thread.
const SELF: u64 = 1;

/// POSIX's `pthread_self`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_self() -> u64 {
    SELF
}

/// POSIX's `pthread_equal`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_equal(a: u64, b: u64) -> i32 {
    i32::from(a == b)
}

/// POSIX's `pthread_create`: no more threads can be had.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_create(
    _to: *mut u64,
    _attributes: *const Attributes,
    _start: usize,
    _arg: *mut c_void,
) -> i32 {
    EAGAIN
}

/// POSIX's `pthread_join`: the only thread cannot join itself.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_join(thread: u64, _result: *mut *mut c_void) -> i32 {
    if thread == SELF { EDEADLK } else { ESRCH }
}

/// POSIX's `pthread_detach`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_detach(thread: u64) -> i32 {
    if thread == SELF { 0 } else { ESRCH }
}

/// POSIX's `pthread_exit`: when the last thread ends, the program ends with status 0.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_exit(_result: *mut c_void) -> ! {
    super::stdlib::exit(0)
}

/// POSIX's `pthread_kill`; returns an error number.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_kill(thread: u64, signal: i32) -> i32 {
    if thread != SELF {
        return ESRCH;
    }
    if signal != 0 && super::signal::raise(signal) != 0 {
        EINVAL
    } else {
        0
    }
}

/// POSIX's `pthread_cancel`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_cancel(_thread: u64) -> i32 {
    ESRCH
}

/// POSIX's `pthread_setcancelstate`: nobody can cancel.
///
/// # Safety
/// `old` must be NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_setcancelstate(state: i32, old: *mut i32) -> i32 {
    static STATE: Cell<i32> = Cell::new(0);
    if !(0..=1).contains(&state) {
        return EINVAL;
    }
    if !old.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe { *old = STATE.get() };
    }
    STATE.set(state);
    0
}

static NAME: Cell<[u8; 16]> = Cell::new(*b"mirage\0\0\0\0\0\0\0\0\0\0");

/// GNU's `pthread_setname_np`: at most 15 bytes.
///
/// # Safety
/// A terminated name.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_setname_np(_thread: u64, name: *const u8) -> i32 {
    // SAFETY: terminated, as the caller vouches.
    let name = unsafe { super::string::bytes(name) };
    let mut kept = [0; 16];
    match kept[..15].get_mut(..name.len()) {
        Some(to) => to.copy_from_slice(name),
        None => return ERANGE,
    }
    NAME.set(kept);
    0
}

/// GNU's `pthread_getname_np`.
///
/// # Safety
/// `to` must have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_getname_np(_thread: u64, to: *mut u8, size: usize) -> i32 {
    let name = NAME.get();
    if size < name.len() {
        return ERANGE;
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { super::memory::memcpy(to, name.as_ptr(), name.len()) };
    0
}

/// A thread's attributes.
#[repr(C)]
pub struct Attributes {
    stack_size: usize,
    detached: i32,
    rest: [u32; 11],
}

const _: () = assert!(size_of::<Attributes>() == 56);

/// POSIX's `pthread_attr_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_init(attributes: *mut Attributes) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        *attributes = Attributes {
            stack_size: 1 << 20,
            detached: 0,
            rest: [0; 11],
        }
    };
    0
}

/// POSIX's `pthread_attr_setstacksize`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_setstacksize(
    attributes: *mut Attributes,
    size: usize,
) -> i32 {
    if size < 16_384 {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { (*attributes).stack_size = size };
    0
}

/// POSIX's `pthread_attr_getstacksize`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_getstacksize(
    attributes: *const Attributes,
    to: *mut usize,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *to = (*attributes).stack_size };
    0
}

/// POSIX's `pthread_attr_setdetachstate`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_setdetachstate(
    attributes: *mut Attributes,
    state: i32,
) -> i32 {
    if !(0..=1).contains(&state) {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { (*attributes).detached = state };
    0
}

/// POSIX's `pthread_attr_getdetachstate`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_getdetachstate(
    attributes: *const Attributes,
    to: *mut i32,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *to = (*attributes).detached };
    0
}

/// POSIX's `sem_init`: the first word of glibc's `sem_t` is the value.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_init(semaphore: *mut u32, _shared: i32, value: u32) -> i32 {
    if value > i32::MAX as u32 {
        return super::errno::fail(EINVAL);
    }
    // SAFETY: POSIX's contract.
    unsafe { *semaphore = value };
    0
}

/// POSIX's `sem_destroy`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sem_destroy(_semaphore: *mut u32) -> i32 {
    0
}

/// POSIX's `sem_post`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_post(semaphore: *mut u32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        if *semaphore >= i32::MAX as u32 {
            return super::errno::fail(super::errno::EOVERFLOW);
        }
        *semaphore += 1;
    }
    0
}

/// POSIX's `sem_trywait`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_trywait(semaphore: *mut u32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        match (*semaphore).checked_sub(1) {
            Some(value) => *semaphore = value,
            None => return super::errno::fail(EAGAIN),
        }
    }
    0
}

/// POSIX's `sem_wait`: nobody else could ever post.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_wait(semaphore: *mut u32) -> i32 {
    // SAFETY: POSIX's contract.
    if unsafe { sem_trywait(semaphore) } != 0 {
        deadlock("sem_wait");
    }
    0
}

/// POSIX's `sem_getvalue`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_getvalue(semaphore: *const u32, to: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *to = *semaphore as i32 };
    0
}

/// glibc's `__libc_single_threaded`, by which libstdc++ leaves out atomic operations.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "glibc's name")]
pub static __libc_single_threaded: u8 = 1;
