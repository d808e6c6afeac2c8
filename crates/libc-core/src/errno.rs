// SPDX-License-Identifier: ISC
//! Error and signal numbers as Linux has them on x86-64, and their texts (C11 7.24.6.2, POSIX).
//!
//! The texts lie in one string, each with its NUL, so that they cost no pointers and C can have them
//! as they are. The file is as long as Linux' two lists.

/// Operation not permitted.
pub const EPERM: i32 = 1;
/// No such file or directory.
pub const ENOENT: i32 = 2;
/// No such process.
pub const ESRCH: i32 = 3;
/// Interrupted system call.
pub const EINTR: i32 = 4;
/// Input/output error.
pub const EIO: i32 = 5;
/// No such device or address.
pub const ENXIO: i32 = 6;
/// Argument list too long.
pub const E2BIG: i32 = 7;
/// Exec format error.
pub const ENOEXEC: i32 = 8;
/// Bad file descriptor.
pub const EBADF: i32 = 9;
/// No child processes.
pub const ECHILD: i32 = 10;
/// Resource temporarily unavailable.
pub const EAGAIN: i32 = 11;
/// Cannot allocate memory.
pub const ENOMEM: i32 = 12;
/// Permission denied.
pub const EACCES: i32 = 13;
/// Bad address.
pub const EFAULT: i32 = 14;
/// Block device required.
pub const ENOTBLK: i32 = 15;
/// Device or resource busy.
pub const EBUSY: i32 = 16;
/// File exists.
pub const EEXIST: i32 = 17;
/// Invalid cross-device link.
pub const EXDEV: i32 = 18;
/// No such device.
pub const ENODEV: i32 = 19;
/// Not a directory.
pub const ENOTDIR: i32 = 20;
/// Is a directory.
pub const EISDIR: i32 = 21;
/// Invalid argument.
pub const EINVAL: i32 = 22;
/// Too many open files in system.
pub const ENFILE: i32 = 23;
/// Too many open files.
pub const EMFILE: i32 = 24;
/// Inappropriate ioctl for device.
pub const ENOTTY: i32 = 25;
/// Text file busy.
pub const ETXTBSY: i32 = 26;
/// File too large.
pub const EFBIG: i32 = 27;
/// No space left on device.
pub const ENOSPC: i32 = 28;
/// Illegal seek.
pub const ESPIPE: i32 = 29;
/// Read-only file system.
pub const EROFS: i32 = 30;
/// Too many links.
pub const EMLINK: i32 = 31;
/// Broken pipe.
pub const EPIPE: i32 = 32;
/// Numerical argument out of domain.
pub const EDOM: i32 = 33;
/// Numerical result out of range.
pub const ERANGE: i32 = 34;
/// Resource deadlock avoided.
pub const EDEADLK: i32 = 35;
/// File name too long.
pub const ENAMETOOLONG: i32 = 36;
/// No locks available.
pub const ENOLCK: i32 = 37;
/// Function not implemented.
pub const ENOSYS: i32 = 38;
/// Directory not empty.
pub const ENOTEMPTY: i32 = 39;
/// Too many levels of symbolic links.
pub const ELOOP: i32 = 40;
/// No message of desired type.
pub const ENOMSG: i32 = 42;
/// Identifier removed.
pub const EIDRM: i32 = 43;
/// Channel number out of range.
pub const ECHRNG: i32 = 44;
/// Level 2 not synchronized.
pub const EL2NSYNC: i32 = 45;
/// Level 3 halted.
pub const EL3HLT: i32 = 46;
/// Level 3 reset.
pub const EL3RST: i32 = 47;
/// Link number out of range.
pub const ELNRNG: i32 = 48;
/// Protocol driver not attached.
pub const EUNATCH: i32 = 49;
/// No CSI structure available.
pub const ENOCSI: i32 = 50;
/// Level 2 halted.
pub const EL2HLT: i32 = 51;
/// Invalid exchange.
pub const EBADE: i32 = 52;
/// Invalid request descriptor.
pub const EBADR: i32 = 53;
/// Exchange full.
pub const EXFULL: i32 = 54;
/// No anode.
pub const ENOANO: i32 = 55;
/// Invalid request code.
pub const EBADRQC: i32 = 56;
/// Invalid slot.
pub const EBADSLT: i32 = 57;
/// Bad font file format.
pub const EBFONT: i32 = 59;
/// Device not a stream.
pub const ENOSTR: i32 = 60;
/// No data available.
pub const ENODATA: i32 = 61;
/// Timer expired.
pub const ETIME: i32 = 62;
/// Out of streams resources.
pub const ENOSR: i32 = 63;
/// Machine is not on the network.
pub const ENONET: i32 = 64;
/// Package not installed.
pub const ENOPKG: i32 = 65;
/// Object is remote.
pub const EREMOTE: i32 = 66;
/// Link has been severed.
pub const ENOLINK: i32 = 67;
/// Advertise error.
pub const EADV: i32 = 68;
/// Srmount error.
pub const ESRMNT: i32 = 69;
/// Communication error on send.
pub const ECOMM: i32 = 70;
/// Protocol error.
pub const EPROTO: i32 = 71;
/// Multihop attempted.
pub const EMULTIHOP: i32 = 72;
/// RFS specific error.
pub const EDOTDOT: i32 = 73;
/// Bad message.
pub const EBADMSG: i32 = 74;
/// Value too large for defined data type.
pub const EOVERFLOW: i32 = 75;
/// Name not unique on network.
pub const ENOTUNIQ: i32 = 76;
/// File descriptor in bad state.
pub const EBADFD: i32 = 77;
/// Remote address changed.
pub const EREMCHG: i32 = 78;
/// Can not access a needed shared library.
pub const ELIBACC: i32 = 79;
/// Accessing a corrupted shared library.
pub const ELIBBAD: i32 = 80;
/// .lib section in a.out corrupted.
pub const ELIBSCN: i32 = 81;
/// Attempting to link in too many shared libraries.
pub const ELIBMAX: i32 = 82;
/// Cannot exec a shared library directly.
pub const ELIBEXEC: i32 = 83;
/// Invalid or incomplete multibyte or wide character.
pub const EILSEQ: i32 = 84;
/// Interrupted system call should be restarted.
pub const ERESTART: i32 = 85;
/// Streams pipe error.
pub const ESTRPIPE: i32 = 86;
/// Too many users.
pub const EUSERS: i32 = 87;
/// Socket operation on non-socket.
pub const ENOTSOCK: i32 = 88;
/// Destination address required.
pub const EDESTADDRREQ: i32 = 89;
/// Message too long.
pub const EMSGSIZE: i32 = 90;
/// Protocol wrong type for socket.
pub const EPROTOTYPE: i32 = 91;
/// Protocol not available.
pub const ENOPROTOOPT: i32 = 92;
/// Protocol not supported.
pub const EPROTONOSUPPORT: i32 = 93;
/// Socket type not supported.
pub const ESOCKTNOSUPPORT: i32 = 94;
/// Operation not supported.
pub const EOPNOTSUPP: i32 = 95;
/// Protocol family not supported.
pub const EPFNOSUPPORT: i32 = 96;
/// Address family not supported by protocol.
pub const EAFNOSUPPORT: i32 = 97;
/// Address already in use.
pub const EADDRINUSE: i32 = 98;
/// Cannot assign requested address.
pub const EADDRNOTAVAIL: i32 = 99;
/// Network is down.
pub const ENETDOWN: i32 = 100;
/// Network is unreachable.
pub const ENETUNREACH: i32 = 101;
/// Network dropped connection on reset.
pub const ENETRESET: i32 = 102;
/// Software caused connection abort.
pub const ECONNABORTED: i32 = 103;
/// Connection reset by peer.
pub const ECONNRESET: i32 = 104;
/// No buffer space available.
pub const ENOBUFS: i32 = 105;
/// Transport endpoint is already connected.
pub const EISCONN: i32 = 106;
/// Transport endpoint is not connected.
pub const ENOTCONN: i32 = 107;
/// Cannot send after transport endpoint shutdown.
pub const ESHUTDOWN: i32 = 108;
/// Too many references: cannot splice.
pub const ETOOMANYREFS: i32 = 109;
/// Connection timed out.
pub const ETIMEDOUT: i32 = 110;
/// Connection refused.
pub const ECONNREFUSED: i32 = 111;
/// Host is down.
pub const EHOSTDOWN: i32 = 112;
/// No route to host.
pub const EHOSTUNREACH: i32 = 113;
/// Operation already in progress.
pub const EALREADY: i32 = 114;
/// Operation now in progress.
pub const EINPROGRESS: i32 = 115;
/// Stale file handle.
pub const ESTALE: i32 = 116;
/// Structure needs cleaning.
pub const EUCLEAN: i32 = 117;
/// Not a XENIX named type file.
pub const ENOTNAM: i32 = 118;
/// No XENIX semaphores available.
pub const ENAVAIL: i32 = 119;
/// Is a named type file.
pub const EISNAM: i32 = 120;
/// Remote I/O error.
pub const EREMOTEIO: i32 = 121;
/// Disk quota exceeded.
pub const EDQUOT: i32 = 122;
/// No medium found.
pub const ENOMEDIUM: i32 = 123;
/// Wrong medium type.
pub const EMEDIUMTYPE: i32 = 124;
/// Operation canceled.
pub const ECANCELED: i32 = 125;
/// Required key not available.
pub const ENOKEY: i32 = 126;
/// Key has expired.
pub const EKEYEXPIRED: i32 = 127;
/// Key has been revoked.
pub const EKEYREVOKED: i32 = 128;
/// Key was rejected by service.
pub const EKEYREJECTED: i32 = 129;
/// Owner died.
pub const EOWNERDEAD: i32 = 130;
/// State not recoverable.
pub const ENOTRECOVERABLE: i32 = 131;
/// Operation not possible due to RF-kill.
pub const ERFKILL: i32 = 132;

const ERRORS: &str = "\
    Success\0\
    Operation not permitted\0\
    No such file or directory\0\
    No such process\0\
    Interrupted system call\0\
    Input/output error\0\
    No such device or address\0\
    Argument list too long\0\
    Exec format error\0\
    Bad file descriptor\0\
    No child processes\0\
    Resource temporarily unavailable\0\
    Cannot allocate memory\0\
    Permission denied\0\
    Bad address\0\
    Block device required\0\
    Device or resource busy\0\
    File exists\0\
    Invalid cross-device link\0\
    No such device\0\
    Not a directory\0\
    Is a directory\0\
    Invalid argument\0\
    Too many open files in system\0\
    Too many open files\0\
    Inappropriate ioctl for device\0\
    Text file busy\0\
    File too large\0\
    No space left on device\0\
    Illegal seek\0\
    Read-only file system\0\
    Too many links\0\
    Broken pipe\0\
    Numerical argument out of domain\0\
    Numerical result out of range\0\
    Resource deadlock avoided\0\
    File name too long\0\
    No locks available\0\
    Function not implemented\0\
    Directory not empty\0\
    Too many levels of symbolic links\0\
    \0\
    No message of desired type\0\
    Identifier removed\0\
    Channel number out of range\0\
    Level 2 not synchronized\0\
    Level 3 halted\0\
    Level 3 reset\0\
    Link number out of range\0\
    Protocol driver not attached\0\
    No CSI structure available\0\
    Level 2 halted\0\
    Invalid exchange\0\
    Invalid request descriptor\0\
    Exchange full\0\
    No anode\0\
    Invalid request code\0\
    Invalid slot\0\
    \0\
    Bad font file format\0\
    Device not a stream\0\
    No data available\0\
    Timer expired\0\
    Out of streams resources\0\
    Machine is not on the network\0\
    Package not installed\0\
    Object is remote\0\
    Link has been severed\0\
    Advertise error\0\
    Srmount error\0\
    Communication error on send\0\
    Protocol error\0\
    Multihop attempted\0\
    RFS specific error\0\
    Bad message\0\
    Value too large for defined data type\0\
    Name not unique on network\0\
    File descriptor in bad state\0\
    Remote address changed\0\
    Can not access a needed shared library\0\
    Accessing a corrupted shared library\0\
    .lib section in a.out corrupted\0\
    Attempting to link in too many shared libraries\0\
    Cannot exec a shared library directly\0\
    Invalid or incomplete multibyte or wide character\0\
    Interrupted system call should be restarted\0\
    Streams pipe error\0\
    Too many users\0\
    Socket operation on non-socket\0\
    Destination address required\0\
    Message too long\0\
    Protocol wrong type for socket\0\
    Protocol not available\0\
    Protocol not supported\0\
    Socket type not supported\0\
    Operation not supported\0\
    Protocol family not supported\0\
    Address family not supported by protocol\0\
    Address already in use\0\
    Cannot assign requested address\0\
    Network is down\0\
    Network is unreachable\0\
    Network dropped connection on reset\0\
    Software caused connection abort\0\
    Connection reset by peer\0\
    No buffer space available\0\
    Transport endpoint is already connected\0\
    Transport endpoint is not connected\0\
    Cannot send after transport endpoint shutdown\0\
    Too many references: cannot splice\0\
    Connection timed out\0\
    Connection refused\0\
    Host is down\0\
    No route to host\0\
    Operation already in progress\0\
    Operation now in progress\0\
    Stale file handle\0\
    Structure needs cleaning\0\
    Not a XENIX named type file\0\
    No XENIX semaphores available\0\
    Is a named type file\0\
    Remote I/O error\0\
    Disk quota exceeded\0\
    No medium found\0\
    Wrong medium type\0\
    Operation canceled\0\
    Required key not available\0\
    Key has expired\0\
    Key has been revoked\0\
    Key was rejected by service\0\
    Owner died\0\
    State not recoverable\0\
    Operation not possible due to RF-kill\0\
    Memory page has hardware error\0\
";

const SIGNALS: &str = "\
    \0\
    Hangup\0\
    Interrupt\0\
    Quit\0\
    Illegal instruction\0\
    Trace/breakpoint trap\0\
    Aborted\0\
    Bus error\0\
    Floating point exception\0\
    Killed\0\
    User defined signal 1\0\
    Segmentation fault\0\
    User defined signal 2\0\
    Broken pipe\0\
    Alarm clock\0\
    Terminated\0\
    Stack fault\0\
    Child exited\0\
    Continued\0\
    Stopped (signal)\0\
    Stopped\0\
    Stopped (tty input)\0\
    Stopped (tty output)\0\
    Urgent I/O condition\0\
    CPU time limit exceeded\0\
    File size limit exceeded\0\
    Virtual timer expired\0\
    Profiling timer expired\0\
    Window changed\0\
    I/O possible\0\
    Power failure\0\
    Bad system call\0\
";

/// The `index`-th text of a table, its NUL included; none past the end or where the text is empty.
fn nth(table: &'static str, index: usize) -> Option<&'static str> {
    table
        .split_inclusive('\0')
        .nth(index)
        .filter(|text| text.len() > 1)
}

/// The text of an error number with a NUL behind it; none for numbers without a meaning.
#[must_use]
pub fn error_text(number: i32) -> Option<&'static str> {
    nth(ERRORS, usize::try_from(number).ok()?)
}

/// The text of a signal number with a NUL behind it; none for numbers without a meaning.
#[must_use]
pub fn signal_text(number: i32) -> Option<&'static str> {
    nth(SIGNALS, usize::try_from(number).ok()?)
}
