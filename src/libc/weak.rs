// SPDX-License-Identifier: ISC
//! Names that need not be there: what another part, or the program, may define.

/// What a weak symbol names: its address, 0 if nobody defines it, or, `as` the type of a function, that function or none.
///
/// As a function it is unsafe: the symbol must be one of that type.
macro_rules! weak {
    ($name:literal) => {{
        let address: usize;
        // SAFETY: reads the address of a weak symbol.
        #[allow(unused_unsafe, reason = "some callers are in such a block already")]
        unsafe {
            core::arch::asm!(
                concat!(".weak ", $name),
                concat!("mov {}, qword ptr [rip + ", $name, "@GOTPCREL]"),
                out(reg) address,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        address
    }};
    ($name:literal as $type:ty) => {
        core::mem::transmute::<usize, Option<$type>>(weak!($name))
    };
}

pub(crate) use weak;
