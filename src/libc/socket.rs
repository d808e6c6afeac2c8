// SPDX-License-Identifier: ISC
//! Sockets and name services (POSIX: sys/socket.h, netdb.h, arpa/inet.h), which a unikernel has in
//! OCaml and not here: no socket can be made, so nothing can be done with one.

use super::errno::{EAFNOSUPPORT, EBADF, ENOTSOCK, fail};
use super::files::is_standard;

fn refuse(descriptor: i32) -> i32 {
    fail(if is_standard(descriptor) {
        ENOTSOCK
    } else {
        EBADF
    })
}

/// POSIX's `socket`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn socket(_family: i32, _kind: i32, _protocol: i32) -> i32 {
    fail(EAFNOSUPPORT)
}

/// POSIX's `socketpair`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn socketpair(_family: i32, _kind: i32, _protocol: i32, _to: *mut i32) -> i32 {
    fail(EAFNOSUPPORT)
}

/// POSIX's `htonl`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn htonl(value: u32) -> u32 {
    value.to_be()
}

/// POSIX's `htons`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn htons(value: u16) -> u16 {
    value.to_be()
}

/// POSIX's `ntohl`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ntohl(value: u32) -> u32 {
    u32::from_be(value)
}

/// POSIX's `ntohs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ntohs(value: u16) -> u16 {
    u16::from_be(value)
}

/// POSIX's `bind`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn bind(number: i32, _address: *const u8, _size: u32) -> i32 {
    refuse(number)
}

/// POSIX's `connect`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn connect(number: i32, _address: *const u8, _size: u32) -> i32 {
    refuse(number)
}

/// POSIX's `listen`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn listen(number: i32, _backlog: i32) -> i32 {
    refuse(number)
}

/// POSIX's `accept`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn accept(number: i32, _address: *mut u8, _size: *mut u32) -> i32 {
    refuse(number)
}

/// POSIX's `accept4`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn accept4(number: i32, _address: *mut u8, _size: *mut u32, _flags: i32) -> i32 {
    refuse(number)
}

/// POSIX's `shutdown`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn shutdown(number: i32, _how: i32) -> i32 {
    refuse(number)
}

/// POSIX's `getsockname`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getsockname(number: i32, _address: *mut u8, _size: *mut u32) -> i32 {
    refuse(number)
}

/// POSIX's `getpeername`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getpeername(number: i32, _address: *mut u8, _size: *mut u32) -> i32 {
    refuse(number)
}

/// POSIX's `getsockopt`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getsockopt(
    number: i32,
    _level: i32,
    _name: i32,
    _value: *mut u8,
    _size: *mut u32,
) -> i32 {
    refuse(number)
}

/// POSIX's `setsockopt`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn setsockopt(
    number: i32,
    _level: i32,
    _name: i32,
    _value: *const u8,
    _size: u32,
) -> i32 {
    refuse(number)
}

/// POSIX's `send`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn send(number: i32, _from: *const u8, _size: usize, _flags: i32) -> isize {
    refuse(number) as isize
}

/// POSIX's `recv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn recv(number: i32, _to: *mut u8, _size: usize, _flags: i32) -> isize {
    refuse(number) as isize
}

/// POSIX's `sendto`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sendto(
    number: i32,
    _from: *const u8,
    _size: usize,
    _flags: i32,
    _address: *const u8,
    _length: u32,
) -> isize {
    refuse(number) as isize
}

/// POSIX's `recvfrom`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn recvfrom(
    number: i32,
    _to: *mut u8,
    _size: usize,
    _flags: i32,
    _address: *mut u8,
    _length: *mut u32,
) -> isize {
    refuse(number) as isize
}

/// POSIX's `sendmsg`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sendmsg(number: i32, _message: *const u8, _flags: i32) -> isize {
    refuse(number) as isize
}

/// POSIX's `recvmsg`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn recvmsg(number: i32, _message: *mut u8, _flags: i32) -> isize {
    refuse(number) as isize
}
