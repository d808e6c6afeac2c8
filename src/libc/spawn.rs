// SPDX-License-Identifier: ISC
//! spawn.h (POSIX): no process can be started. A list of actions can be made, since nothing comes of it.

use core::ffi::c_void;
use libc_core::errno::ENOSYS;

macro_rules! constant {
    ($($name:ident($($type:ty),*) = $value:expr;)*) => {
        $(
            #[doc = concat!("POSIX's `", stringify!($name), "`; returns an error number.")]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name($(_: $type),*) -> i32 {
                $value
            }
        )*
    };
}

type Actions = *mut c_void;
type Texts = *const *mut u8;

constant! {
    posix_spawn(*mut i32, *const u8, *const c_void, *const c_void, Texts, Texts) = ENOSYS;
    posix_spawnp(*mut i32, *const u8, *const c_void, *const c_void, Texts, Texts) = ENOSYS;
    posix_spawn_file_actions_init(Actions) = 0;
    posix_spawn_file_actions_destroy(Actions) = 0;
    posix_spawn_file_actions_addclose(Actions, i32) = 0;
    posix_spawn_file_actions_adddup2(Actions, i32, i32) = 0;
}
