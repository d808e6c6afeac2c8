// SPDX-License-Identifier: ISC
//! signal.h (C11 7.14, POSIX). No signal arrives from outside; a program's own `raise` and `kill`
//! are one source, and for SIGSEGV a page fault or general protection fault, where Solo5's part can
//! tell of it (`solo5__xen_set_fault_handler`): OCaml's Stack_overflow comes from there.

use super::errno::{EINVAL, ENOMEM, ENOSYS, EOPNOTSUPP, ESRCH, fail, signal_text};
use super::platform::{Cell, Part, crash};
use super::threads::wait;
use core::arch::{asm, naked_asm};
use core::ffi::c_void;
use core::ptr::null_mut;

const SIGNALS: usize = 65;
/// SIGABRT.
pub const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;
const SIGKILL: i32 = 9;
const SIGSTOP: i32 = 19;

/// The default action and ignoring, as C has them for handlers.
const DEFAULT: usize = 0;
const IGNORE: usize = 1;
const FAILED: usize = usize::MAX;

const SA_SIGINFO: i32 = 4;
const SA_ONSTACK: i32 = 0x0800_0000;
const SA_RESETHAND: u32 = 0x8000_0000;
const SA_NODEFER: i32 = 0x4000_0000;

/// glibc's `struct sigaction`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Action {
    handler: usize,
    mask: [u64; 16],
    flags: i32,
    restorer: usize,
}

/// What is kept of it.
#[derive(Clone, Copy)]
struct Kept {
    handler: usize,
    mask: u64,
    flags: i32,
}

static ACTIONS: Cell<[Kept; SIGNALS]> = Cell::new(
    [Kept {
        handler: DEFAULT,
        mask: 0,
        flags: 0,
    }; SIGNALS],
);
/// Signals that wait until they are let through, and signals that waited: bit n-1 for signal n. The first is the running
/// thread's, the second the program's.
static BLOCKED: Cell<u64> = Cell::new(0);
static PENDING: Cell<u64> = Cell::new(0);
/// Signals that wait for the running thread.
static MINE: Cell<u64> = Cell::new(0);

/// What each thread has of its own.
#[derive(Clone, Copy)]
pub(super) struct Own {
    blocked: u64,
    pending: u64,
    stack: Stack,
}

impl Own {
    pub(super) const NONE: Own = Own {
        blocked: 0,
        pending: 0,
        stack: Stack::NONE,
    };

    /// A new thread blocks what its maker does.
    pub(super) fn for_new_thread(self) -> Own {
        Own {
            blocked: self.blocked,
            ..Own::NONE
        }
    }

    /// Sends the thread a signal: false if there is no such signal.
    pub(super) fn add(&mut self, signal: i32) -> bool {
        let known = action(signal).is_some();
        if known {
            self.pending |= bit(signal);
        }
        known
    }
}

/// What the running thread has.
pub(super) fn own() -> Own {
    Own {
        blocked: BLOCKED.get(),
        pending: MINE.get(),
        stack: STACK.get(),
    }
}

/// Another thread runs.
pub(super) fn set_own(own: Own) {
    BLOCKED.set(own.blocked);
    MINE.set(own.pending);
    STACK.set(own.stack);
}

/// Does the thread run on its alternate stack, below which the core holds a fault?
pub(super) fn is_in_handler() -> bool {
    let here = 0u8;
    let stack = STACK.get();
    (stack.start..stack.start + stack.size).contains(&(&raw const here).addr())
}

/// Ends the domain if it does: whoever waits there would have the next fault overwrite this one.
pub(super) fn must_not_be_in_handler(function: &str) {
    if is_in_handler() {
        crash(&[
            Part::Text(function),
            Part::Text(": would wait in the handler of a fault"),
        ]);
    }
}

fn action(signal: i32) -> Option<&'static mut Kept> {
    // SAFETY: the cell is valid, and borrows end within one function.
    let actions = unsafe { &mut *ACTIONS.as_ptr() };
    usize::try_from(signal)
        .ok()
        .filter(|&s| s != 0)
        .and_then(|s| actions.get_mut(s))
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// Runs a handler for a signal that the program raised; false if there is none.
pub(super) fn call_handler(signal: i32) -> bool {
    let Some(&mut Kept {
        handler,
        mask,
        flags,
    }) = action(signal)
    else {
        return false;
    };
    if handler == DEFAULT || handler == IGNORE {
        return false;
    }
    if flags as u32 & SA_RESETHAND != 0
        && let Some(kept) = action(signal)
    {
        kept.handler = DEFAULT;
    }
    let before = BLOCKED.get();
    BLOCKED.set(
        before
            | mask
            | if flags & SA_NODEFER == 0 {
                bit(signal)
            } else {
                0
            },
    );
    // SAFETY: the program installed a function of the kind that the flags say.
    unsafe {
        if flags & SA_SIGINFO != 0 {
            let handler: extern "C" fn(i32, *mut Info, *mut c_void) = core::mem::transmute(handler);
            let mut info = Info {
                signal,
                error: 0,
                code: SI_TKILL,
                pad: 0,
                fields: [0; 14],
            };
            info.fields[0] = super::unistd::PID as u64;
            handler(signal, &raw mut info, null_mut());
        } else {
            let handler: extern "C" fn(i32) = core::mem::transmute(handler);
            handler(signal);
        }
    }
    BLOCKED.set(before);
    deliver_pending();
    true
}

/// Delivers signals that waited and are let through now: was there any?
pub(super) fn deliver_pending() -> bool {
    let mut any = false;
    while let Some(signal) = take_pending(!BLOCKED.get()) {
        any = true;
        deliver(signal);
    }
    any
}

/// Takes a pending signal out of a set.
fn take_pending(set: u64) -> Option<i32> {
    let ready = (PENDING.get() | MINE.get()) & set;
    if ready == 0 {
        return None;
    }
    let signal = ready.trailing_zeros() as i32 + 1;
    PENDING.set(PENDING.get() & !bit(signal));
    MINE.set(MINE.get() & !bit(signal));
    Some(signal)
}

fn deliver(signal: i32) {
    if call_handler(signal) {
        return;
    }
    let ignored = action(signal).is_some_and(|a| a.handler == IGNORE);
    // SIGCHLD, SIGCONT, SIGURG, SIGWINCH do nothing by default; neither do those that stop a process,
    // since nobody could continue it.
    if ignored || matches!(signal, 17..=23 | 28) {
        return;
    }
    let text = signal_text(signal).unwrap_or("real-time signal\0");
    crash(&[
        Part::Text("terminated by signal "),
        Part::Decimal(signal as u64),
        Part::Text(": "),
        Part::Text(text.trim_end_matches('\0')),
    ])
}

/// C's `raise`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn raise(signal: i32) -> i32 {
    if action(signal).is_none() {
        return fail(EINVAL);
    }
    if BLOCKED.get() & bit(signal) != 0 {
        PENDING.set(PENDING.get() | bit(signal));
        wait::wake(wait::SIGNAL, usize::MAX);
    } else {
        deliver(signal);
    }
    0
}

/// POSIX's `kill`: this program is the only process.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn kill(process: i32, signal: i32) -> i32 {
    match process {
        0 | super::unistd::PID if signal == 0 => 0,
        0 | super::unistd::PID => raise(signal),
        _ => fail(ESRCH),
    }
}

/// POSIX's `sigaction`. A handler of SIGSEGV needs a Solo5 part that tells of faults: ENOTSUP else.
///
/// # Safety
/// Both pointers must be NULL or valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigaction(signal: i32, new: *const Action, old: *mut Action) -> i32 {
    let Some(kept) = action(signal) else {
        return fail(EINVAL);
    };
    let before = *kept;
    if !new.is_null() {
        if signal == SIGKILL || signal == SIGSTOP {
            return fail(EINVAL);
        }
        // SAFETY: readable, as the caller vouches.
        let new = unsafe { &*new };
        if signal == SIGSEGV && new.handler > IGNORE && !listen_for_faults() {
            return fail(EOPNOTSUPP);
        }
        *kept = Kept {
            handler: new.handler,
            mask: new.mask[0],
            flags: new.flags,
        };
    }
    if !old.is_null() {
        let mut mask = [0; 16];
        mask[0] = before.mask;
        // SAFETY: writable, as the caller vouches.
        unsafe {
            *old = Action {
                handler: before.handler,
                mask,
                flags: before.flags,
                restorer: 0,
            }
        };
    }
    0
}

/// C's `signal`, with BSD's semantics as in glibc: the handler stays.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn signal(signal: i32, handler: usize) -> usize {
    let new = Action {
        handler,
        mask: [0; 16],
        flags: 0,
        restorer: 0,
    };
    let mut old = Action {
        handler: 0,
        mask: [0; 16],
        flags: 0,
        restorer: 0,
    };
    // SAFETY: both are local.
    if unsafe { sigaction(signal, &raw const new, &raw mut old) } == 0 {
        old.handler
    } else {
        FAILED
    }
}

/// POSIX's `sigprocmask`.
///
/// # Safety
/// Both pointers must be NULL or valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigprocmask(how: i32, new: *const u64, old: *mut [u64; 16]) -> i32 {
    match change_mask(how, new, old) {
        0 => 0,
        error => fail(error),
    }
}

/// POSIX's `pthread_sigmask`; returns an error number.
///
/// # Safety
/// Both pointers must be NULL or valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_sigmask(how: i32, new: *const u64, old: *mut [u64; 16]) -> i32 {
    change_mask(how, new, old)
}

fn change_mask(how: i32, new: *const u64, old: *mut [u64; 16]) -> i32 {
    let before = BLOCKED.get();
    if !new.is_null() {
        // SAFETY: readable, as the callers' callers vouch.
        let set = unsafe { *new };
        BLOCKED.set(
            match how {
                0 => before | set,
                1 => before & !set,
                2 => set,
                _ => return EINVAL,
            } & !(bit(SIGKILL) | bit(SIGSTOP)),
        );
    }
    if !old.is_null() {
        let mut mask = [0; 16];
        mask[0] = before;
        // SAFETY: writable, as the callers' callers vouch.
        unsafe { *old = mask };
    }
    deliver_pending();
    0
}

/// POSIX's `sigpending`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigpending(to: *mut [u64; 16]) -> i32 {
    let mut set = [0; 16];
    set[0] = PENDING.get() | MINE.get();
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = set };
    0
}

/// POSIX's `sigsuspend`: nothing would ever end the wait.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sigsuspend(_mask: *const u64) -> i32 {
    fail(ENOSYS)
}

/// POSIX's `pause`: nothing would ever end the wait.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pause() -> i32 {
    fail(ENOSYS)
}

/// POSIX's `sigwait`: takes a pending signal, or waits for another thread to raise one. Where there is none, ENOSYS.
///
/// # Safety
/// Both pointers must be valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigwait(set: *const u64, to: *mut i32) -> i32 {
    // SAFETY: readable, as the caller vouches.
    let set = unsafe { *set };
    let signal = loop {
        match take_pending(set) {
            Some(signal) => break signal,
            None if wait::is_alone() => return ENOSYS,
            None => wait::wait(wait::SIGNAL, wait::NEVER, "sigwait"),
        };
    };
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = signal };
    0
}

/// POSIX's `sigemptyset`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigemptyset(set: *mut [u64; 16]) -> i32 {
    // SAFETY: writable, as the caller vouches.
    unsafe { *set = [0; 16] };
    0
}

/// POSIX's `sigfillset`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigfillset(set: *mut [u64; 16]) -> i32 {
    // SAFETY: writable, as the caller vouches.
    unsafe { *set = [u64::MAX; 16] };
    0
}

/// POSIX's `sigaddset`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigaddset(set: *mut u64, signal: i32) -> i32 {
    if action(signal).is_none() {
        return fail(EINVAL);
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *set |= bit(signal) };
    0
}

/// POSIX's `sigdelset`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigdelset(set: *mut u64, signal: i32) -> i32 {
    if action(signal).is_none() {
        return fail(EINVAL);
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *set &= !bit(signal) };
    0
}

/// POSIX's `sigismember`.
///
/// # Safety
/// The set must be readable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigismember(set: *const u64, signal: i32) -> i32 {
    if action(signal).is_none() {
        return fail(EINVAL);
    }
    // SAFETY: readable, as the caller vouches.
    i32::from(unsafe { *set } & bit(signal) != 0)
}

/// glibc's `stack_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Stack {
    start: usize,
    flags: i32,
    size: usize,
}

const SS_DISABLE: i32 = 2;
const LEAST_STACK: usize = 2048;
static STACK: Cell<Stack> = Cell::new(Stack::NONE);

impl Stack {
    const NONE: Stack = Stack {
        start: 0,
        flags: SS_DISABLE,
        size: 0,
    };
}

/// POSIX's `sigaltstack`.
///
/// # Safety
/// Both pointers must be NULL or valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigaltstack(new: *const Stack, old: *mut Stack) -> i32 {
    let before = STACK.get();
    if !new.is_null() {
        // SAFETY: readable, as the caller vouches.
        let new = unsafe { *new };
        if new.flags & !SS_DISABLE != 0 {
            return fail(EINVAL);
        }
        if new.flags == 0 && new.size < LEAST_STACK {
            return fail(ENOMEM);
        }
        STACK.set(new);
    }
    if !old.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe { *old = before };
    }
    0
}

const SI_TKILL: i32 = -6;

/// glibc's `siginfo_t`.
#[repr(C)]
struct Info {
    signal: i32,
    error: i32,
    code: i32,
    pad: i32,
    fields: [u64; 14],
}

/// glibc's `ucontext_t`.
#[repr(C)]
struct Context {
    flags: u64,
    link: u64,
    stack: Stack,
    registers: [u64; 23],
    vectors: *mut Vectors,
    reserved: [u64; 8],
    mask: [u64; 16],
    vector_memory: [u8; 512],
    shadow: [u64; 4],
}

/// What FXSAVE writes.
#[repr(C, align(16))]
struct Vectors([u8; 512]);

/// What goes onto the alternate stack.
#[repr(C, align(16))]
struct Frame {
    vectors: Vectors,
    info: Info,
    context: Context,
}

const _: () =
    assert!(size_of::<Action>() == 152 && size_of::<Info>() == 128 && size_of::<Context>() == 968);

/// The registers of `struct solo5__xen_fault` in the order of glibc's `gregs`: R8 to R15, RDI, RSI,
/// RBP, RBX, RDX, RAX, RCX, RSP, RIP, EFL.
const ORDER: [usize; 18] = [7, 8, 9, 10, 11, 12, 13, 14, 5, 4, 6, 1, 3, 0, 2, 20, 17, 19];
const FLAGS: usize = 17;
const VECTOR: usize = 15;
const ERROR: usize = 16;
const SEGMENT: usize = 18;
const STACK_POINTER: usize = 20;
/// Carry, parity, adjust, zero, sign, direction, overflow: what a handler may change of the flags.
const ARITHMETIC: u64 = 0xcd5;
const PAGE_FAULT: u64 = 14;

/// Asks Solo5's part to tell of faults, if it can.
fn listen_for_faults() -> bool {
    let register: usize;
    // SAFETY: reads the address of a weak symbol; 0 if nobody defines it.
    unsafe {
        asm!(
            ".weak solo5__xen_set_fault_handler",
            "mov {}, qword ptr [rip + solo5__xen_set_fault_handler@GOTPCREL]",
            out(reg) register,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    if register == 0 {
        return false;
    }
    // SAFETY: the symbol's documented type.
    unsafe {
        let register: extern "C" fn(unsafe extern "C" fn(*mut [u64; 22], usize) -> i32) =
            core::mem::transmute(register);
        register(fault);
    }
    true
}

static ON_FAULT: Cell<Option<fn(usize)>> = Cell::new(None);

/// Tells `then` the address of each fault from now on, where Solo5's part can tell of them.
pub(super) fn on_fault(then: fn(usize)) {
    // As in `threads::wait`: whoever has no threads is not to have what this names.
    ON_FAULT.set(Some(core::hint::black_box(then)));
    listen_for_faults();
}

/// Called by Solo5's part on a fault: 1 to continue the context, which the handler may have changed.
unsafe extern "C" fn fault(context: *mut [u64; 22], address: usize) -> i32 {
    if let Some(then) = ON_FAULT.get() {
        then(address);
    }
    let Some(&mut Kept { handler, flags, .. }) = action(SIGSEGV) else {
        return 0;
    };
    if handler <= IGNORE {
        return 0;
    }
    // SAFETY: the context is valid for the length of the call.
    let registers = unsafe { &mut *context };
    let mut gregs = [0; 23];
    for (to, from) in gregs.iter_mut().zip(ORDER) {
        *to = registers[from];
    }
    let missing = registers[VECTOR] == PAGE_FAULT && registers[ERROR] & 1 == 0;
    gregs[18] = registers[SEGMENT];
    gregs[19] = registers[ERROR];
    gregs[20] = registers[VECTOR];
    gregs[22] = address as u64;
    let mut info = Info {
        signal: SIGSEGV,
        error: 0,
        code: if missing { 1 } else { 2 },
        pad: 0,
        fields: [0; 14],
    };
    info.fields[0] = address as u64;
    let mut mask = [0; 16];
    mask[0] = BLOCKED.get();
    let stack = STACK.get();
    // A fault within the handler: its frame would be overwritten.
    if (stack.start..stack.start + stack.size).contains(&(registers[STACK_POINTER] as usize)) {
        return 0;
    }
    let mut frame = Frame {
        vectors: Vectors([0; 512]),
        info,
        context: Context {
            flags: 0,
            link: 0,
            stack,
            registers: gregs,
            vectors: null_mut(),
            reserved: [0; 8],
            mask,
            vector_memory: [0; 512],
            shadow: [0; 4],
        },
    };
    let alternate = flags & SA_ONSTACK != 0 && stack.flags & SS_DISABLE == 0 && stack.size != 0;
    let place = if alternate {
        let top = (stack.start + stack.size) & !15;
        let place = core::ptr::with_exposed_provenance_mut::<Frame>(top - size_of::<Frame>());
        // SAFETY: the program gave this stack for handlers, and none is running on it.
        unsafe { place.write(frame) };
        place
    } else {
        &raw mut frame
    };
    // SAFETY: the frame stays until the handler has returned; what is read back is what it left.
    unsafe {
        (*place).context.vectors = &raw mut (*place).vectors;
        let vectors = &raw mut (*place).vectors;
        asm!("fxsave64 [{}]", in(reg) vectors, options(nostack, preserves_flags));
        let below = if alternate {
            (place.addr() - 256) & !15
        } else {
            0
        };
        call_on(
            handler,
            &raw mut (*place).info,
            &raw mut (*place).context,
            below,
        );
        asm!("fxrstor64 [{}]", in(reg) vectors, options(nostack, preserves_flags));
        for (from, to) in ORDER.into_iter().enumerate() {
            let value = (*place).context.registers[from];
            registers[to] = match from {
                FLAGS => registers[to] & !ARITHMETIC | value & ARITHMETIC,
                _ => value,
            };
        }
    }
    1
}

/// Calls a handler of three arguments on the stack that ends at `stack`, or on this one for 0.
#[unsafe(naked)]
unsafe extern "C" fn call_on(handler: usize, info: *mut Info, context: *mut Context, stack: usize) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "mov rax, rdi",
        "mov edi, {signal}",
        "test rcx, rcx",
        "cmovnz rsp, rcx",
        "call rax",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
        signal = const SIGSEGV,
    )
}
