// SPDX-License-Identifier: ISC
//! stdlib.h (C11 7.22) and inttypes.h (7.8) without memory, which malloc.rs has.

use super::errno::{EINVAL, ENOENT, ENOMEM, ENOSYS, ERANGE, fail, set_errno};
use super::malloc::malloc;
use super::memory::{memcpy, strlen};
use super::platform::{self, Cell, Part, crash};
use super::stdio::file::flush_all;
use super::stdio::scanf::CString;
use super::string::{bytes, strncmp};
use core::cmp::Ordering;
use core::ffi::c_void;
use core::ptr::{null, null_mut};
use libc_core::number::{self, Float, Integer, Kind, Source};
use libc_core::quick;
use libc_core::real::X87;
use libc_core::sort::{self, Elements};

/// Skips white space and returns where the number begins.
unsafe fn skip_space(text: *const u8) -> *const u8 {
    let mut at = CString(text);
    while at.peek().is_some_and(|b| matches!(b, b' ' | b'\t'..=b'\r')) {
        at.advance();
    }
    at.0
}

/// Tells C where a number ended.
unsafe fn tell(end: *mut *const u8, text: *const u8, start: *const u8, valid: usize) {
    if !end.is_null() {
        // SAFETY: C's contract: `end` is writable; `valid` bytes were read from `start`.
        unsafe { *end = if valid == 0 { text } else { start.add(valid) } };
    }
}

/// The beginning of a text with its NUL, as much of it as lies in the page: enough for nearly every numeral.
unsafe fn window<'a>(text: *const u8) -> &'a [u8] {
    // SAFETY: a text begins here, so its page is readable to the end; who looks stops at the NUL.
    unsafe { core::slice::from_raw_parts(text, 4096 - (text.addr() & 4095)) }
}

unsafe fn integer(text: *const u8, end: *mut *const u8, base: i32, binary: bool) -> Integer {
    // SAFETY: C's contract: a terminated text.
    unsafe {
        if base < 0 || base == 1 || base > 36 {
            set_errno(EINVAL);
            tell(end, text, text, 0);
            return Integer {
                magnitude: 0,
                overflow: false,
                negative: false,
                valid: 0,
                taken: 0,
            };
        }
        let start = skip_space(text);
        if base == 10
            && let Some(found) = quick::integer(window(start))
        {
            tell(end, text, start, found.length);
            return Integer {
                magnitude: found.value,
                overflow: false,
                negative: *start == b'-',
                valid: found.length,
                taken: found.length,
            };
        }
        let number = number::integer(&mut CString(start), base as u32, binary);
        tell(end, text, start, number.valid);
        number
    }
}

unsafe fn signed(text: *const u8, end: *mut *const u8, base: i32, binary: bool) -> i64 {
    // SAFETY: C's contract.
    let (value, range) = unsafe { integer(text, end, base, binary) }.signed();
    if range {
        set_errno(ERANGE);
    }
    value
}

unsafe fn unsigned(text: *const u8, end: *mut *const u8, base: i32, binary: bool) -> u64 {
    // SAFETY: C's contract.
    let (value, range) = unsafe { integer(text, end, base, binary) }.unsigned();
    if range {
        set_errno(ERANGE);
    }
    value
}

macro_rules! integers {
    ($($name:ident -> $type:ty = $reader:ident, $binary:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: `long` and `long long` are the same here.")]
            ///
            /// # Safety
            /// C's contract.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub unsafe extern "C" fn $name(text: *const u8, end: *mut *const u8, base: i32) -> $type {
                // SAFETY: C's contract.
                unsafe { $reader(text, end, base, $binary) }
            }
        )*
    };
}

integers! {
    strtol -> i64 = signed, false;
    strtoll -> i64 = signed, false;
    strtoimax -> i64 = signed, false;
    strtoq -> i64 = signed, false;
    strtoul -> u64 = unsigned, false;
    strtoull -> u64 = unsigned, false;
    strtoumax -> u64 = unsigned, false;
    strtouq -> u64 = unsigned, false;
    __isoc23_strtol -> i64 = signed, true;
    __isoc23_strtoll -> i64 = signed, true;
    __isoc23_strtoimax -> i64 = signed, true;
    __isoc23_strtoul -> u64 = unsigned, true;
    __isoc23_strtoull -> u64 = unsigned, true;
    __isoc23_strtoumax -> u64 = unsigned, true;
}

/// glibc's `__strtol_internal`, which old inlined code calls.
///
/// # Safety
/// C's contract for `strtol`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __strtol_internal(
    text: *const u8,
    end: *mut *const u8,
    base: i32,
    _group: i32,
) -> i64 {
    // SAFETY: the same contract.
    unsafe { strtol(text, end, base) }
}

/// C's `atoi`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atoi(text: *const u8) -> i32 {
    // SAFETY: C's contract.
    unsafe { strtol(text, null_mut(), 10) as i32 }
}

/// C's `atol`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atol(text: *const u8) -> i64 {
    // SAFETY: C's contract.
    unsafe { strtol(text, null_mut(), 10) }
}

/// C's `atoll`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atoll(text: *const u8) -> i64 {
    // SAFETY: C's contract.
    unsafe { strtol(text, null_mut(), 10) }
}

unsafe fn float(text: *const u8, end: *mut *const u8, kind: Kind) -> Float {
    // SAFETY: C's contract: a terminated text.
    unsafe {
        let start = skip_space(text);
        let number = number::float(&mut CString(start), kind);
        tell(end, text, start, number.valid);
        if number.value.range {
            set_errno(ERANGE);
        }
        number
    }
}

/// C's `strtod`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strtod(text: *const u8, end: *mut *const u8) -> f64 {
    // SAFETY: C's contract: a terminated text.
    unsafe {
        let start = skip_space(text);
        if let Some(found) = quick::double(window(start)) {
            tell(end, text, start, found.length);
            if found.value.range {
                set_errno(ERANGE);
            }
            return f64::from_bits(found.value.to_f64(*start == b'-'));
        }
    }
    // SAFETY: C's contract.
    let number = unsafe { float(text, end, Kind::Double) };
    f64::from_bits(number.value.to_f64(number.negative && number.valid != 0))
}

/// C's `strtof`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strtof(text: *const u8, end: *mut *const u8) -> f32 {
    // SAFETY: C's contract.
    let number = unsafe { float(text, end, Kind::Single) };
    f32::from_bits(number.value.to_f32(number.negative && number.valid != 0))
}

/// What `strtold` computes, before x87.rs puts it into a register of the right kind.
pub(super) unsafe extern "C" fn strtold_fields(to: *mut X87, text: *const u8, end: *mut *const u8) {
    // SAFETY: C's contract; `to` is x87.rs's.
    unsafe {
        let number = float(text, end, Kind::Extended);
        *to = number.value.to_x87(number.negative && number.valid != 0);
    }
}

/// C's `atof`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atof(text: *const u8) -> f64 {
    // SAFETY: C's contract.
    unsafe { strtod(text, null_mut()) }
}

/// A comparison as `qsort_r` takes it.
type Compare = unsafe extern "C" fn(*const u8, *const u8, *mut c_void) -> i32;

struct Array {
    base: *mut u8,
    size: usize,
    compare: Compare,
    context: *mut c_void,
}

impl Elements for Array {
    fn compare(&mut self, a: usize, b: usize) -> Ordering {
        // SAFETY: the engine's indices are below the length that C gave.
        unsafe {
            (self.compare)(
                self.base.add(a * self.size),
                self.base.add(b * self.size),
                self.context,
            )
        }
        .cmp(&0)
    }

    fn swap(&mut self, a: usize, b: usize) {
        // SAFETY: as above; pieces of up to 8 bytes go through a register.
        unsafe {
            let (mut a, mut b) = (self.base.add(a * self.size), self.base.add(b * self.size));
            let mut left = self.size;
            while left >= 8 {
                let word = a.cast::<u64>().read_unaligned();
                a.cast::<u64>()
                    .write_unaligned(b.cast::<u64>().read_unaligned());
                b.cast::<u64>().write_unaligned(word);
                (a, b) = (a.add(8), b.add(8));
                left -= 8;
            }
            for at in 0..left {
                let byte = *a.add(at);
                *a.add(at) = *b.add(at);
                *b.add(at) = byte;
            }
        }
    }
}

/// GNU's `qsort_r`.
///
/// # Safety
/// C's contract for `qsort`; the comparison may be inconsistent.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn qsort_r(
    base: *mut u8,
    count: usize,
    size: usize,
    compare: Compare,
    context: *mut c_void,
) {
    if count > 1 && size > 0 {
        sort::sort(
            &mut Array {
                base,
                size,
                compare,
                context,
            },
            count,
        );
    }
}

/// C's `qsort`.
///
/// # Safety
/// C's contract; the comparison may be inconsistent.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn qsort(
    base: *mut u8,
    count: usize,
    size: usize,
    compare: unsafe extern "C" fn(*const u8, *const u8) -> i32,
) {
    // SAFETY: a third argument in a register that the comparison does not look at.
    unsafe {
        let compare = core::mem::transmute::<
            unsafe extern "C" fn(*const u8, *const u8) -> i32,
            Compare,
        >(compare);
        qsort_r(base, count, size, compare, null_mut());
    }
}

/// C's `bsearch`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bsearch(
    key: *const u8,
    base: *const u8,
    count: usize,
    size: usize,
    compare: unsafe extern "C" fn(*const u8, *const u8) -> i32,
) -> *const u8 {
    // SAFETY: C's contract; the index is below `count`.
    unsafe {
        let found = sort::search(count, &mut |index| {
            compare(key, base.add(index * size)).cmp(&0)
        });
        found.map_or(null(), |index| base.add(index * size))
    }
}

/// C's `abs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn abs(value: i32) -> i32 {
    value.wrapping_abs()
}

/// C's `labs`, `llabs` and `imaxabs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn labs(value: i64) -> i64 {
    value.wrapping_abs()
}

/// C's `llabs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn llabs(value: i64) -> i64 {
    value.wrapping_abs()
}

/// C's `imaxabs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn imaxabs(value: i64) -> i64 {
    value.wrapping_abs()
}

/// C's `div_t`.
#[repr(C)]
#[derive(Debug, PartialEq, Eq)]
pub struct Division<T> {
    /// The quotient, rounded towards zero.
    pub quot: T,
    /// The remainder, with the sign of the dividend.
    pub rem: T,
}

/// C's `div`. Dividing by zero traps, as everywhere in C on this processor.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn div(a: i32, b: i32) -> Division<i32> {
    Division {
        quot: a.wrapping_div(b),
        rem: a.wrapping_rem(b),
    }
}

/// C's `ldiv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ldiv(a: i64, b: i64) -> Division<i64> {
    Division {
        quot: a.wrapping_div(b),
        rem: a.wrapping_rem(b),
    }
}

/// C's `lldiv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lldiv(a: i64, b: i64) -> Division<i64> {
    ldiv(a, b)
}

/// C's `imaxdiv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn imaxdiv(a: i64, b: i64) -> Division<i64> {
    ldiv(a, b)
}

/// A function to call at exit.
#[derive(Clone, Copy)]
enum Handler {
    None,
    Plain(unsafe extern "C" fn()),
    WithArgument(unsafe extern "C" fn(*mut c_void), *mut c_void),
    WithStatus(unsafe extern "C" fn(i32, *mut c_void), *mut c_void),
}

/// How many handlers there can be; C asks for 32.
const HANDLERS: usize = 64;

struct Handlers {
    list: [Handler; HANDLERS],
    count: usize,
}

static AT_EXIT: Cell<Handlers> = Cell::new(Handlers {
    list: [Handler::None; HANDLERS],
    count: 0,
});
static AT_QUICK_EXIT: Cell<Handlers> = Cell::new(Handlers {
    list: [Handler::None; HANDLERS],
    count: 0,
});

fn register(handlers: &Cell<Handlers>, handler: Handler) -> i32 {
    // SAFETY: the cell is valid, and the borrow ends here.
    let handlers = unsafe { &mut *handlers.as_ptr() };
    let Some(free) = handlers.list.get_mut(handlers.count) else {
        set_errno(ENOMEM);
        return -1;
    };
    *free = handler;
    handlers.count += 1;
    0
}

/// Calls the handlers, the last one registered first; they may register more.
fn run(handlers: &Cell<Handlers>, status: i32) {
    loop {
        // SAFETY: the cell is valid, and the borrow ends before the handler runs.
        let handler = unsafe {
            let handlers = &mut *handlers.as_ptr();
            let Some(last) = handlers.count.checked_sub(1) else {
                return;
            };
            handlers.count = last;
            handlers.list[last]
        };
        // SAFETY: C's contract: functions that can be called until the program ends.
        unsafe {
            match handler {
                Handler::None => {}
                Handler::Plain(function) => function(),
                Handler::WithArgument(function, argument) => function(argument),
                Handler::WithStatus(function, argument) => function(status, argument),
            }
        }
    }
}

/// C's `atexit`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atexit(function: unsafe extern "C" fn()) -> i32 {
    register(&AT_EXIT, Handler::Plain(function))
}

/// The C++ ABI's `__cxa_atexit`, which compilers use for `atexit` too.
///
/// # Safety
/// The function must be callable until the program ends.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __cxa_atexit(
    function: unsafe extern "C" fn(*mut c_void),
    argument: *mut c_void,
    _object: *mut c_void,
) -> i32 {
    register(&AT_EXIT, Handler::WithArgument(function, argument))
}

/// The C++ ABI's `__cxa_finalize`: no object is ever unloaded.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __cxa_finalize(_object: *mut c_void) {}

/// The C++ ABI's handle of the program itself.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub static __dso_handle: usize = 0;

/// GNU's `on_exit`.
///
/// # Safety
/// The function must be callable until the program ends.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn on_exit(
    function: unsafe extern "C" fn(i32, *mut c_void),
    argument: *mut c_void,
) -> i32 {
    register(&AT_EXIT, Handler::WithStatus(function, argument))
}

/// C's `at_quick_exit`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn at_quick_exit(function: unsafe extern "C" fn()) -> i32 {
    register(&AT_QUICK_EXIT, Handler::Plain(function))
}

/// C's `exit`. Of the status the low eight bits count, as for a process.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn exit(status: i32) -> ! {
    run(&AT_EXIT, status);
    flush_all();
    platform::exit(status & 0xff)
}

/// C's `quick_exit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn quick_exit(status: i32) -> ! {
    run(&AT_QUICK_EXIT, status);
    platform::exit(status & 0xff)
}

/// C's `_Exit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn _Exit(status: i32) -> ! {
    platform::exit(status & 0xff)
}

/// POSIX's `_exit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn _exit(status: i32) -> ! {
    platform::exit(status & 0xff)
}

/// C's `abort`: a handler of SIGABRT runs first, then the domain crashes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn abort() -> ! {
    super::signal::call_handler(super::signal::SIGABRT);
    flush_all();
    crash(&[Part::Text("abort() called")])
}

/// C's `system`: there is no command processor.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn system(command: *const u8) -> i32 {
    if command.is_null() { 0 } else { fail(ENOSYS) }
}

/// How many variables the environment can have.
const VARIABLES: usize = 128;
static VARIABLE_TABLE: Cell<[*mut u8; VARIABLES + 1]> = Cell::new([null_mut(); VARIABLES + 1]);

/// POSIX's `environ`: empty at first.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static environ: Cell<*mut *mut u8> = Cell::new(VARIABLE_TABLE.as_ptr().cast());

/// Where the variable of that name stands.
unsafe fn find(name: *const u8, length: usize) -> Option<*mut *mut u8> {
    let mut at = environ.get();
    if at.is_null() {
        return None;
    }
    // SAFETY: `environ` is an array of terminated strings that ends in NULL.
    unsafe {
        while !(*at).is_null() {
            if strncmp(*at, name, length) == 0 && *(*at).add(length) == b'=' {
                return Some(at);
            }
            at = at.add(1);
        }
    }
    None
}

/// C's `getenv`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getenv(name: *const u8) -> *const u8 {
    // SAFETY: C's contract: a terminated name.
    unsafe {
        let length = strlen(name);
        find(name, length).map_or(null(), |at| (*at).add(length + 1).cast_const())
    }
}

/// GNU's `secure_getenv`: there are no privileges to guard.
///
/// # Safety
/// C's contract for `getenv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn secure_getenv(name: *const u8) -> *const u8 {
    // SAFETY: the same contract.
    unsafe { getenv(name) }
}

/// POSIX's `putenv`: the string itself becomes part of the environment.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn putenv(entry: *mut u8) -> i32 {
    // SAFETY: POSIX's contract: a terminated string that stays.
    unsafe {
        let Some(length) = bytes(entry).iter().position(|&b| b == b'=') else {
            return unsetenv(entry);
        };
        if let Some(at) = find(entry, length) {
            *at = entry;
            return 0;
        }
        let mut table = environ.get();
        if table.is_null() {
            table = VARIABLE_TABLE.as_ptr().cast();
            *table = null_mut();
            environ.set(table);
        }
        let used = (0..).take_while(|&i| !(*table.add(i)).is_null()).count();
        if used >= VARIABLES || table != VARIABLE_TABLE.as_ptr().cast() {
            return fail(ENOMEM);
        }
        *table.add(used + 1) = null_mut();
        *table.add(used) = entry;
    }
    0
}

/// POSIX's `setenv`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn setenv(name: *const u8, value: *const u8, overwrite: i32) -> i32 {
    // SAFETY: POSIX's contract: terminated strings.
    unsafe {
        let (length, size) = (strlen(name), strlen(value) + 1);
        if length == 0 || bytes(name).contains(&b'=') {
            return fail(EINVAL);
        }
        if overwrite == 0 && find(name, length).is_some() {
            return 0;
        }
        let entry = malloc(length + 1 + size);
        if entry.is_null() {
            return -1;
        }
        memcpy(entry, name, length);
        *entry.add(length) = b'=';
        memcpy(entry.add(length + 1), value, size);
        putenv(entry)
    }
}

/// POSIX's `unsetenv`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn unsetenv(name: *const u8) -> i32 {
    // SAFETY: POSIX's contract: a terminated name; the table ends in NULL.
    unsafe {
        let length = strlen(name);
        if length == 0 || bytes(name).contains(&b'=') {
            return fail(EINVAL);
        }
        while let Some(mut at) = find(name, length) {
            while !(*at).is_null() {
                *at = *at.add(1);
                at = at.add(1);
            }
        }
    }
    0
}

/// GNU's `clearenv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn clearenv() -> i32 {
    environ.set(null_mut());
    0
}

/// C's `rand`, by Knuth's linear congruence; not for secrets.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn rand() -> i32 {
    let next = RAND
        .get()
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    RAND.set(next);
    (next >> 33) as i32
}

static RAND: Cell<u64> = Cell::new(1);

/// C's `srand`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn srand(seed: u32) {
    RAND.set(seed.into());
}

/// POSIX's `rand_r`.
///
/// # Safety
/// The seed must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rand_r(seed: *mut u32) -> i32 {
    // SAFETY: writable, as the caller vouches.
    unsafe {
        *seed = (*seed).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Of a power-of-two congruence only the upper bits are any good; this spreads them.
        let mixed = (*seed ^ *seed >> 15).wrapping_mul(0x2c1b_3c6d);
        ((mixed ^ mixed >> 12) >> 1) as i32
    }
}

/// POSIX's `random`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn random() -> i64 {
    rand().into()
}

/// POSIX's `srandom`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn srandom(seed: u32) {
    srand(seed);
}

/// C's `mblen`: in the "C" locale a character is a byte.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mblen(text: *const u8, size: usize) -> i32 {
    // SAFETY: C's contract.
    unsafe { super::wchar::mbtowc(null_mut(), text, size) }
}

/// POSIX's `getloadavg`: not known.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getloadavg(_to: *mut f64, _count: i32) -> i32 {
    -1
}

/// POSIX's `mkstemp`: there is nowhere to create a file.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mkstemp(_name: *mut u8) -> i32 {
    fail(ENOENT)
}

/// POSIX's `mkdtemp`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mkdtemp(_name: *mut u8) -> *mut u8 {
    set_errno(ENOENT);
    null_mut()
}
