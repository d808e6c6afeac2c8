// SPDX-License-Identifier: ISC
//! What grant table operations answer: `enum grant_status`, xen/include/public/grant_table.h.

/// Why Xen refused an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `GNTST_general_error`.
    GeneralError,
    /// `GNTST_bad_domain`.
    BadDomain,
    /// `GNTST_bad_gntref`.
    BadReference,
    /// `GNTST_bad_handle`.
    BadHandle,
    /// `GNTST_bad_virt_addr`.
    BadVirtualAddress,
    /// `GNTST_bad_dev_addr`.
    BadDeviceAddress,
    /// `GNTST_no_device_space`.
    NoDeviceSpace,
    /// `GNTST_permission_denied`.
    PermissionDenied,
    /// `GNTST_bad_page`.
    BadPage,
    /// `GNTST_bad_copy_arg`.
    BadCopyArgument,
    /// `GNTST_address_too_big`.
    AddressTooBig,
    /// `GNTST_eagain`: the page was paged out; try again.
    Again,
    /// `GNTST_no_space`.
    NoSpace,
    /// A number that the header does not have.
    Unknown(i16),
}

impl Status {
    /// Tells success, any number that is not negative, from the rest.
    ///
    /// # Errors
    ///
    /// What the negative number stands for.
    pub const fn check(status: i16) -> Result<(), Status> {
        Err(match status {
            0.. => return Ok(()),
            -1 => Status::GeneralError,
            -2 => Status::BadDomain,
            -3 => Status::BadReference,
            -4 => Status::BadHandle,
            -5 => Status::BadVirtualAddress,
            -6 => Status::BadDeviceAddress,
            -7 => Status::NoDeviceSpace,
            -8 => Status::PermissionDenied,
            -9 => Status::BadPage,
            -10 => Status::BadCopyArgument,
            -11 => Status::AddressTooBig,
            -12 => Status::Again,
            -13 => Status::NoSpace,
            _ => Status::Unknown(status),
        })
    }

    /// The status as text.
    pub const fn text(self) -> &'static str {
        match self {
            Status::GeneralError => "general error",
            Status::BadDomain => "no such domain",
            Status::BadReference => "bad grant reference",
            Status::BadHandle => "bad mapping handle",
            Status::BadVirtualAddress => "bad address to map at",
            Status::BadDeviceAddress => "bad device address",
            Status::NoDeviceSpace => "I/O MMU out of space",
            Status::PermissionDenied => "permission denied",
            Status::BadPage => "bad page",
            Status::BadCopyArgument => "copy crosses a page boundary",
            Status::AddressTooBig => "page address too big",
            Status::Again => "not now, try again",
            Status::NoSpace => "out of mapping handles or memory",
            Status::Unknown(_) => "unknown grant status",
        }
    }
}

/// Calls again for each operation whose status is `GNTST_eagain`, round by round, until there is none or `go_on` says no.
/// The others keep the status that they have.
///
/// # Errors
///
/// The first of `call`.
pub fn retry<T, E>(
    operations: &mut [T],
    status: fn(&T) -> i16,
    mut go_on: impl FnMut() -> bool,
    mut call: impl FnMut(&mut T) -> Result<(), E>,
) -> Result<(), E> {
    let again = |operation: &T| Status::check(status(operation)) == Err(Status::Again);
    while operations.iter().any(again) && go_on() {
        for operation in operations.iter_mut().filter(|operation| again(operation)) {
            call(operation)?;
        }
    }
    Ok(())
}
