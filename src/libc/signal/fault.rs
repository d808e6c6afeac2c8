// SPDX-License-Identifier: ISC
//! A fault that Solo5's part tells of becomes SIGSEGV: the handler sees glibc's `siginfo_t` and `ucontext_t`, and what it
//! leaves in the registers is what goes on.

use super::super::platform::Cell;
use super::super::weak::weak;
use super::stack::{STACK, Stack};
use super::{Action, BLOCKED, IGNORE, Kept, SA_ONSTACK, SIGSEGV, action, sets};
use core::arch::{asm, naked_asm};
use core::ptr::null_mut;

/// glibc's `siginfo_t`.
#[repr(C)]
pub(super) struct Info {
    signal: i32,
    error: i32,
    code: i32,
    pad: i32,
    fields: [u64; 14],
}

impl Info {
    /// What a signal of a kind tells: the address of a fault, or the process that sent it.
    pub(super) fn new(signal: i32, code: i32, of: u64) -> Info {
        let mut fields = [0; 14];
        fields[0] = of;
        Info {
            signal,
            error: 0,
            code,
            pad: 0,
            fields,
        }
    }
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
pub(super) fn listen_for_faults() -> bool {
    type Handler = unsafe extern "C" fn(*mut [u64; 22], usize) -> i32;
    // SAFETY: the symbol's documented type.
    let register = unsafe { weak!("solo5__xen_set_fault_handler" as extern "C" fn(Handler)) };
    if let Some(register) = register {
        register(fault);
    }
    register.is_some()
}

static ON_FAULT: Cell<Option<fn(usize)>> = Cell::new(None);

/// Tells `then` the address of each fault from now on, where Solo5's part can tell of them.
pub(in super::super) fn on_fault(then: fn(usize)) {
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
    let stack = STACK.get();
    // A fault within the handler: its frame would be overwritten.
    if stack.contains(registers[STACK_POINTER] as usize) {
        return 0;
    }
    let mut frame = Frame {
        vectors: Vectors([0; 512]),
        // SEGV_MAPERR, SEGV_ACCERR
        info: Info::new(SIGSEGV, if missing { 1 } else { 2 }, address as u64),
        context: Context {
            flags: 0,
            link: 0,
            stack,
            registers: gregs,
            vectors: null_mut(),
            reserved: [0; 8],
            mask: sets::of(BLOCKED.get()),
            vector_memory: [0; 512],
            shadow: [0; 4],
        },
    };
    let alternate = stack.end().filter(|_| flags & SA_ONSTACK != 0);
    let place = if let Some(end) = alternate {
        let top = end & !15;
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
        let below = if alternate.is_some() {
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
