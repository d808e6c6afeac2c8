// SPDX-License-Identifier: ISC
//! sys/prctl.h (Linux): the running thread's name, which OCaml's threads library sets from 5.4 on.

use super::errno::{EINVAL, fail};
use super::pthread::{pthread_getname_np, pthread_self};
use super::threads::{NAME_SIZE, find};

const PR_SET_NAME: i32 = 15;
const PR_GET_NAME: i32 = 16;

/// Linux's `prctl`: PR_SET_NAME, of which 15 bytes are kept, and PR_GET_NAME; EINVAL for all else.
///
/// # Safety
/// `name` is a terminated name, or has 16 bytes to write to.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn prctl(option: i32, name: *mut u8) -> i32 {
    match option {
        PR_SET_NAME => {
            // SAFETY: terminated, as the caller vouches.
            let name = unsafe { super::string::bytes(name) };
            let size = name.len().min(NAME_SIZE - 1);
            if let Some(thread) = find(pthread_self()) {
                thread.name = [0; NAME_SIZE];
                thread.name[..size].copy_from_slice(&name[..size]);
            }
            0
        }
        PR_GET_NAME => {
            // SAFETY: writable, as the caller vouches.
            unsafe { pthread_getname_np(pthread_self(), name, NAME_SIZE) }
        }
        _ => fail(EINVAL),
    }
}
