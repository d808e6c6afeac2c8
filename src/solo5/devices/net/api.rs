// SPDX-License-Identifier: ISC
//! `solo5_net_*`, and what they have no name for.

use super::super::{DEVICES, Device, acquire, with};
use super::{HEADER, make};
use crate::solo5::api::Solo5Result;
use crate::xen::net::{Interface, Statistics};
use core::ffi::c_char;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use xen_proto::manifest::Kind;
use xen_proto::net::{Broken, Gso, MAX_PACKET, Offload};

/// Bytes that a frame may have more than its header and the MTU: a tag (802.1Q).
const TAG: usize = 4;

/// `struct solo5_net_info`.
#[repr(C)]
pub struct NetInfo {
    mac_address: [u8; 6],
    mtu: usize,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_net_acquire(
    name: *const c_char,
    handle: *mut u64,
    info: *mut NetInfo,
) -> Solo5Result {
    let describe = |device: &mut dyn Device| {
        if let Some(net) = device.net() {
            // SAFETY: the caller's structure.
            unsafe {
                info.write(NetInfo {
                    mac_address: net.driver.mac,
                    mtu: net.driver.mtu,
                });
            }
        }
    };
    // SAFETY: the caller's name.
    match unsafe { acquire(Kind::Net, name, make, describe) } {
        Ok(number) => {
            // SAFETY: the caller's variable.
            unsafe { handle.write(number as u64) }
            Solo5Result::Ok
        }
        Err(result) => result,
    }
}

/// Sends a packet, of at most as many bytes as `most` says by the MTU.
///
/// # Safety
/// `buffer` is the caller's, of that size.
unsafe fn write(
    handle: u64,
    buffer: *const u8,
    size: usize,
    most: impl FnOnce(usize) -> usize,
    (offload, v6): (Offload, bool),
) -> Solo5Result {
    let result = with(&mut DEVICES.lock(), handle, |device, store| {
        let net = device.net()?;
        if size < HEADER || size > most(net.driver.mtu) {
            return None;
        }
        if net.driver.refuses(size, offload, v6) {
            return Some(Solo5Result::Unspecified);
        }
        // SAFETY: the caller's buffer of that size.
        let frame = unsafe { from_raw_parts(buffer, size) };
        if let Err(broken) = net.driver.send(frame, offload) {
            net.broke(broken);
        }
        net.mend(store);
        Some(Solo5Result::Ok)
    });
    result.unwrap_or(Solo5Result::Invalid)
}

/// `SOLO5_R_EUNSPEC` for a frame of more than a page where the backend takes none.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_net_write(handle: u64, buffer: *const u8, size: usize) -> Solo5Result {
    let plain = (Offload::default(), false);
    // SAFETY: the caller's buffer.
    unsafe { write(handle, buffer, size, |mtu| mtu + HEADER, plain) }
}

/// Has `receive` receive a packet, for a caller whose buffer has `size` bytes.
fn read<T>(
    handle: u64,
    size: usize,
    receive: impl FnOnce(&mut Interface, usize) -> Result<Option<T>, Broken>,
) -> Result<T, Solo5Result> {
    let result = with(&mut DEVICES.lock(), handle, |device, store| {
        let net = device.net()?;
        let longest = net.driver.mtu + HEADER;
        if size < longest {
            return None;
        }
        let received = net
            .driver
            .receive(|interface| receive(interface, longest + TAG));
        Some(received.unwrap_or_else(|broken| {
            net.broke(broken);
            net.mend(store);
            None
        }))
    });
    result.map_or(Err(Solo5Result::Invalid), |received| {
        received.ok_or(Solo5Result::Again)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_net_read(
    handle: u64,
    buffer: *mut u8,
    size: usize,
    read_size: *mut usize,
) -> Solo5Result {
    let received = read(handle, size, |interface, most| {
        // SAFETY: the caller's buffer of that size. Any bytes it has are bytes.
        interface.receive(unsafe { from_raw_parts_mut(buffer, size) }, most)
    });
    match received {
        Ok(len) => {
            // SAFETY: the caller's variable.
            unsafe { read_size.write(len) }
            Solo5Result::Ok
        }
        Err(result) => result,
    }
}

/// [`solo5_net_read`] of a packet as it came, which may be a segment of TCP of up to 65549 bytes, and what it leaves to do.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_net_read(
    handle: u64,
    buffer: *mut u8,
    size: usize,
    read_size: *mut usize,
    offload: *mut NetOffload,
) -> Solo5Result {
    let received = read(handle, size, |interface, _| {
        // SAFETY: as above.
        interface.receive_whole(unsafe { from_raw_parts_mut(buffer, size) })
    });
    match received {
        Ok((len, leaves)) => {
            // SAFETY: the caller's variables.
            unsafe {
                read_size.write(len);
                offload.write(NetOffload {
                    blank: leaves.blank.into(),
                    v6: leaves.gso.is_some_and(|gso| gso.v6).into(),
                    gso_size: leaves.gso.map_or(0, |gso| gso.size),
                });
            }
            Solo5Result::Ok
        }
        Err(result) => result,
    }
}

/// `struct solo5__xen_net_offload`: what a packet leaves to the backend, or to whoever puts it on a wire.
#[repr(C)]
pub struct NetOffload {
    /// Not 0: TCP's or UDP's checksum holds the sum of the pseudo header only.
    blank: u8,
    /// Not 0: the packet is over IPv6.
    v6: u8,
    /// Bytes of TCP payload in each packet that this one is to be cut into; 0 if it is not.
    gso_size: u16,
}

/// [`solo5_net_write`] of a packet up to 65535 bytes long. `SOLO5_R_EUNSPEC` where the backend does not take such packets.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_net_write(
    handle: u64,
    buffer: *const u8,
    size: usize,
    offload: *const NetOffload,
) -> Solo5Result {
    // SAFETY: the caller's structure.
    let asked = unsafe { &*offload };
    let gso = (asked.gso_size != 0).then_some(Gso {
        size: asked.gso_size,
        v6: asked.v6 != 0,
    });
    let offload = Offload {
        blank: asked.blank != 0,
        validated: false,
        gso,
    };
    let most = |mtu| gso.map_or(mtu + HEADER, |_| MAX_PACKET);
    // SAFETY: the caller's buffer.
    unsafe { write(handle, buffer, size, most, (offload, asked.v6 != 0)) }
}

/// What went through an interface: `struct solo5__xen_net_statistics`.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_net_statistics(
    handle: u64,
    statistics: *mut Statistics,
) -> Solo5Result {
    let result = with(&mut DEVICES.lock(), handle, |device, _| {
        let net = device.net()?;
        // SAFETY: the caller's structure.
        unsafe { statistics.write(net.driver.interface.statistics) }
        Some(())
    });
    result.map_or(Solo5Result::Invalid, |()| Solo5Result::Ok)
}

/// Whether the interface has a backend now: 1 or 0, as a carrier on a wire.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_net_carrier(handle: u64) -> i32 {
    let result = with(&mut DEVICES.lock(), handle, |device, _| {
        Some(i32::from(device.net()?.driver.connected))
    });
    result.unwrap_or(0)
}
