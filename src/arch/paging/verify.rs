// SPDX-License-Identifier: ISC
//! The walk over the page tables in use for pages both writable and executable.

use super::current;
use crate::arch::cpu;
use crate::mm::frames;
use crate::xen::crash;
use crate::xen::line::Line;
use core::arch::x86_64::{
    __m128d, __m256d, _mm_and_pd, _mm_castpd_si128, _mm_castsi128_pd, _mm_load_pd, _mm_movemask_pd,
    _mm_or_pd, _mm_slli_epi64, _mm256_and_pd, _mm256_castpd_si256, _mm256_load_pd,
    _mm256_movemask_pd, _mm256_or_pd, _mm256_set1_epi64x, _mm256_testz_si256,
};
use xen_proto::protection;

/// The end of the boot: no page may be both writable and executable.
pub fn verify() {
    if let Some(address) = first_writable_executable() {
        crash::with(
            Line::new()
                .text("Solo5: page tables: writable and executable: ")
                .hex(address),
        )
    }
}

fn first_writable_executable() -> Option<u64> {
    let is_mixed: unsafe fn(&Group) -> bool = if cpu::has_avx() {
        is_mixed_avx
    } else {
        is_mixed_sse2
    };
    protection::first_writable_executable(&InUse { is_mixed }, current().root)
}

/// The lowest address that is mapped both writable and executable, 0 when there is none: what the boot looks for, too.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_find_writable_code() -> u64 {
    first_writable_executable().unwrap_or(0)
}

/// The tables as the walk reads them.
struct InUse {
    is_mixed: unsafe fn(&Group) -> bool,
}

type Group = [u64; protection::GROUP];

impl protection::Tables for InUse {
    fn table(&self, frame: u64) -> Option<&protection::Table> {
        // SAFETY: the walk names only frames that the tables in use refer to, all of the pool and mapped; nothing
        // writes to them meanwhile.
        Some(unsafe { &*frames::table(frame).cast() })
    }

    fn is_mixed(&self, group: &Group) -> bool {
        // SAFETY: the function was chosen by what the processor has.
        unsafe { (self.is_mixed)(group) }
    }
}

/// Folds a group's entries, written out: at this level of optimisation a loop stays a loop.
macro_rules! fold {
    ($load:ident, $fold:ident, $group:ident, $($at:literal)*) => {{
        let mut folded = $load($group, 0);
        $(folded = $fold(folded, $load($group, $at));)*
        folded
    }};
}

/// [`protection::Tables::is_mixed`], four entries at a time.
#[target_feature(enable = "avx")]
fn is_mixed_avx(group: &Group) -> bool {
    let any = fold!(four, _mm256_or_pd, group, 4 8 12 16 20 24 28 32 36 40 44 48 52 56 60);
    let writable = _mm256_set1_epi64x(protection::WRITABLE as i64);
    if _mm256_testz_si256(_mm256_castpd_si256(any), writable) != 0 {
        return false;
    }
    // Read again rather than kept: there are not as many registers.
    let group = core::hint::black_box(group);
    let all = fold!(four, _mm256_and_pd, group, 4 8 12 16 20 24 28 32 36 40 44 48 52 56 60);
    // Signs are what keeps from executing.
    _mm256_movemask_pd(all) != 15
}

/// The same for a processor without AVX, two at a time.
#[target_feature(enable = "sse2")]
fn is_mixed_sse2(group: &Group) -> bool {
    let any = fold!(two, _mm_or_pd, group, 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34 36 38 40 42 44 46 48 50 52 54 56 58 60 62);
    // The writable bit into the sign's place.
    let writable = _mm_slli_epi64::<62>(_mm_castpd_si128(any));
    if _mm_movemask_pd(_mm_castsi128_pd(writable)) == 0 {
        return false;
    }
    let group = core::hint::black_box(group);
    let all = fold!(two, _mm_and_pd, group, 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34 36 38 40 42 44 46 48 50 52 54 56 58 60 62);
    _mm_movemask_pd(all) != 3
}

const _: () = assert!(protection::WRITABLE << 62 == 1 << 63 && protection::NO_EXECUTE == 1 << 63);

#[inline]
#[target_feature(enable = "avx")]
fn four(group: &Group, at: usize) -> __m256d {
    // SAFETY: four entries from `at` on are in the group, which is aligned as a table is.
    unsafe { _mm256_load_pd(group.as_ptr().add(at).cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn two(group: &Group, at: usize) -> __m128d {
    // SAFETY: as above, two entries.
    unsafe { _mm_load_pd(group.as_ptr().add(at).cast()) }
}
