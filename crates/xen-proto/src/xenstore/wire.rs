// SPDX-License-Identifier: ISC
//! The wire format: a header of four 32-bit numbers, then a payload of zero-ended strings.

use crate::bytes::u32_at;

/// Bytes of `struct xsd_sockmsg`.
pub const HEADER_SIZE: usize = 16;
/// `XENSTORE_PAYLOAD_MAX`: bytes that may follow a header.
pub const PAYLOAD_MAX: usize = 4096;
/// `XENSTORE_ABS_PATH_MAX`: bytes of a path that starts with a slash.
pub const ABS_PATH_MAX: usize = 3072;
/// `XENSTORE_REL_PATH_MAX`: bytes of any other path.
pub const REL_PATH_MAX: usize = 2048;

/// What a message is: `enum xsd_sockmsg_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub u32);

#[expect(missing_docs, reason = "each is the XS_ constant of the same name")]
impl Kind {
    pub const CONTROL: Kind = Kind(0);
    pub const DIRECTORY: Kind = Kind(1);
    pub const READ: Kind = Kind(2);
    pub const GET_PERMS: Kind = Kind(3);
    pub const WATCH: Kind = Kind(4);
    pub const UNWATCH: Kind = Kind(5);
    pub const TRANSACTION_START: Kind = Kind(6);
    pub const TRANSACTION_END: Kind = Kind(7);
    pub const INTRODUCE: Kind = Kind(8);
    pub const RELEASE: Kind = Kind(9);
    pub const GET_DOMAIN_PATH: Kind = Kind(10);
    pub const WRITE: Kind = Kind(11);
    pub const MKDIR: Kind = Kind(12);
    pub const RM: Kind = Kind(13);
    pub const SET_PERMS: Kind = Kind(14);
    pub const WATCH_EVENT: Kind = Kind(15);
    pub const ERROR: Kind = Kind(16);
    pub const IS_DOMAIN_INTRODUCED: Kind = Kind(17);
    pub const RESUME: Kind = Kind(18);
    pub const SET_TARGET: Kind = Kind(19);
    pub const RESET_WATCHES: Kind = Kind(21);
    pub const DIRECTORY_PART: Kind = Kind(22);
}

/// `struct xsd_sockmsg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the message is.
    pub kind: Kind,
    /// Which request it is or answers; 0 for watch events.
    pub request: u32,
    /// Which transaction it belongs to; 0 for none.
    pub transaction: u32,
    /// Bytes of the payload that follows.
    pub len: u32,
}

impl Header {
    /// The header as it goes into the ring.
    pub fn to_bytes(self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        let fields = [self.kind.0, self.request, self.transaction, self.len];
        let (words, _) = bytes.as_chunks_mut::<4>();
        for (word, field) in words.iter_mut().zip(fields) {
            *word = field.to_le_bytes();
        }
        bytes
    }

    /// The header at the start of `bytes`; `None` when they are too few.
    pub fn from_bytes(bytes: &[u8]) -> Option<Header> {
        Some(Header {
            kind: Kind(u32_at(bytes, 0)?),
            request: u32_at(bytes, 4)?,
            transaction: u32_at(bytes, 8)?,
            len: u32_at(bytes, 12)?,
        })
    }
}

macro_rules! errno {
    ($($name:ident $text:literal $meaning:literal,)*) => {
        /// What xenstored answers in place of a result: one of the header's `xsd_errors`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Errno {
            $(#[doc = $meaning] $name,)*
            /// A name that the header does not have.
            Other,
        }

        impl Errno {
            /// The error's name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Errno::$name => $text,)*
                    Errno::Other => "unknown xenstore error",
                }
            }

            /// The error that the payload of an [`Kind::ERROR`] message names.
            pub fn from_payload(payload: &[u8]) -> Errno {
                let name = payload.strip_suffix(&[0]).unwrap_or(payload);
                const ALL: &[Errno] = &[$(Errno::$name),*];
                let known = ALL.iter().find(|errno| errno.name().as_bytes() == name);
                known.copied().unwrap_or(Errno::Other)
            }
        }
    };
}

errno! {
    Inval "EINVAL" "The request makes no sense.",
    Acces "EACCES" "The domain may not.",
    Exist "EEXIST" "There is such a thing already.",
    IsDir "EISDIR" "It is a directory.",
    NoEnt "ENOENT" "There is no such thing.",
    NoMem "ENOMEM" "xenstored has no memory left.",
    NoSpc "ENOSPC" "The domain has used up its quota.",
    Io "EIO" "xenstored failed.",
    NotEmpty "ENOTEMPTY" "The directory is not empty.",
    NoSys "ENOSYS" "xenstored does not know the request.",
    RoFs "EROFS" "The store is read-only.",
    Busy "EBUSY" "Too many transactions at once.",
    Again "EAGAIN" "The transaction conflicts with another: do it again.",
    IsConn "EISCONN" "The domain is connected already.",
    TooBig "E2BIG" "The answer does not fit a message.",
    Perm "EPERM" "The operation is not permitted.",
}

/// The strings of a payload, each ended by a zero byte; what follows the last zero is left out.
pub fn strings(payload: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let end = payload.iter().rposition(|&byte| byte == 0).unwrap_or(0);
    let whole = payload.get(..end);
    whole
        .filter(|_| payload.contains(&0))
        .into_iter()
        .flat_map(|whole| whole.split(|&byte| byte == 0))
}

/// The number that `digits` are, in decimal; `None` for anything else.
pub fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = digit.wrapping_sub(b'0');
        let number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
        (digit < 10).then_some(number)
    })
}

/// `number` in decimal digits, in the end of `buffer`.
pub(super) fn decimal(mut number: usize, buffer: &mut [u8; 20]) -> &[u8] {
    let mut start = buffer.len();
    for (at, byte) in buffer.iter_mut().enumerate().rev() {
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
        start = at;
        if number == 0 {
            break;
        }
    }
    buffer.get(start..).unwrap_or(&[])
}
