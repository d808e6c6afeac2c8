// SPDX-License-Identifier: ISC
//! pthread.h's keys of thread-specific data (POSIX, "Thread-Specific Data").

use super::super::errno::{EAGAIN, EINVAL};
use super::super::platform::Cell;
use core::ffi::c_void;
use core::ptr::null_mut;

/// How many keys there can be; POSIX asks for 128.
const KEYS: usize = 128;

/// How often destructors run that set values again: POSIX's `PTHREAD_DESTRUCTOR_ITERATIONS`.
const ITERATIONS: usize = 4;

type Destructor = extern "C" fn(*mut c_void);

#[derive(Clone, Copy)]
struct Key {
    used: bool,
    /// How many keys had this number, so that no thread has another one's value.
    generation: u32,
    destructor: Option<Destructor>,
}

static KEY_TABLE: Cell<[Key; KEYS]> = Cell::new(
    [Key {
        used: false,
        generation: 0,
        destructor: None,
    }; KEYS],
);

#[derive(Clone, Copy)]
struct Value {
    generation: u32,
    value: *mut c_void,
}

/// A thread's values; zeros are no values.
pub struct Values([Value; KEYS]);

static FIRST: Cell<Values> = Cell::new(Values(
    [Value {
        generation: 0,
        value: null_mut(),
    }; KEYS],
));

/// The running thread's.
static VALUES: Cell<*mut Values> = Cell::new(FIRST.as_ptr());

/// The running thread's values.
pub(in super::super) fn this() -> *mut Values {
    VALUES.get()
}

/// Another thread runs; null for one that has given its values back.
pub(in super::super) fn set_this(values: *mut Values) {
    VALUES.set(values);
}

fn key(number: u32) -> Option<&'static mut Key> {
    // SAFETY: the cell is valid, and no borrow outlives a call in this file.
    unsafe { &mut *KEY_TABLE.as_ptr() }
        .get_mut(number as usize)
        .filter(|k| k.used)
}

/// The running thread's value of a key, if it has set one since the key was made.
fn value(number: u32) -> Option<&'static mut Value> {
    // SAFETY: the running thread's, and no borrow outlives a call in this file.
    unsafe { VALUES.get().as_mut() }?.0.get_mut(number as usize)
}

/// Runs the destructors of what the running thread has set.
pub(in super::super) fn destroy() {
    for _ in 0..ITERATIONS {
        let mut any = false;
        for number in 0..KEYS as u32 {
            let old = pthread_getspecific(number);
            if let Some(destructor) = key(number).and_then(|key| key.destructor)
                && !old.is_null()
            {
                pthread_setspecific(number, null_mut());
                destructor(old);
                any = true;
            }
        }
        if !any {
            return;
        }
    }
}

/// POSIX's `pthread_key_create`. Destructors run when a thread ends, by returning or by `pthread_exit`, not at the end of
/// the program.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_key_create(to: *mut u32, destructor: Option<Destructor>) -> i32 {
    // SAFETY: the cell is valid.
    let table = unsafe { &mut *KEY_TABLE.as_ptr() };
    let Some(number) = table.iter().position(|k| !k.used) else {
        return EAGAIN;
    };
    table[number] = Key {
        used: true,
        generation: table[number].generation.wrapping_add(1),
        destructor,
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
    match (key(number), value(number)) {
        (Some(key), Some(value)) if value.generation == key.generation => value.value,
        _ => null_mut(),
    }
}

/// POSIX's `pthread_setspecific`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_setspecific(number: u32, new: *mut c_void) -> i32 {
    match (key(number), value(number)) {
        (Some(key), Some(value)) => {
            *value = Value {
                generation: key.generation,
                value: new,
            };
            0
        }
        _ => EINVAL,
    }
}
