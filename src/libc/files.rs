// SPDX-License-Identifier: ISC
//! Files and directories (POSIX: sys/stat.h, dirent.h, fcntl.h, unistd.h's part). There is no file
//! system: names are not found, and the three standard descriptors are a character device. The file is
//! long because POSIX's list is: one short function for each name.

use super::errno::{EBADF, EINVAL, EMFILE, ENOENT, ENOSYS, EROFS, ESPIPE, fail, set_errno};
use core::ptr::null_mut;

fn none<T>(number: i32) -> *mut T {
    set_errno(number);
    null_mut()
}

/// Is it standard input, output or error?
pub(super) fn is_standard(number: i32) -> bool {
    (0..=2).contains(&number)
}

/// Fails with EBADF for a descriptor that is not open, with `number` for a standard one.
fn refuse(descriptor: i32, number: i32) -> i32 {
    fail(if is_standard(descriptor) {
        number
    } else {
        EBADF
    })
}

/// glibc's `struct stat`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
#[allow(missing_docs, reason = "POSIX's names")]
pub struct Stat {
    pub st_dev: u64,
    pub st_ino: u64,
    pub st_nlink: u64,
    pub st_mode: u32,
    pub st_uid: u32,
    pub st_gid: u32,
    pad: u32,
    pub st_rdev: u64,
    pub st_size: i64,
    pub st_blksize: i64,
    pub st_blocks: i64,
    pub st_times: [i64; 6],
    reserved: [i64; 3],
}

const _: () = assert!(size_of::<Stat>() == 144);

/// A character device that can be read and written.
const MODE: u32 = 0o020_620;

/// POSIX's `fstat`: the standard descriptors are a character device.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fstat(number: i32, to: *mut Stat) -> i32 {
    if !is_standard(number) {
        return fail(EBADF);
    }
    // SAFETY: writable, as the caller vouches.
    unsafe {
        *to = Stat {
            st_mode: MODE,
            st_nlink: 1,
            st_blksize: 1024,
            st_rdev: 0x500,
            ..Stat::default()
        }
    };
    0
}

/// glibc's `fstat64`.
///
/// # Safety
/// As for [`fstat`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fstat64(number: i32, to: *mut Stat) -> i32 {
    // SAFETY: the same contract.
    unsafe { fstat(number, to) }
}

/// `fstat` as glibc before 2.33 compiled it in.
///
/// # Safety
/// As for [`fstat`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __fxstat(_version: i32, number: i32, to: *mut Stat) -> i32 {
    // SAFETY: the same contract.
    unsafe { fstat(number, to) }
}

/// `fstat64` as glibc before 2.33 compiled it in.
///
/// # Safety
/// As for [`fstat`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __fxstat64(_version: i32, number: i32, to: *mut Stat) -> i32 {
    // SAFETY: the same contract.
    unsafe { fstat(number, to) }
}

/// POSIX's `fcntl`: flags of the standard descriptors can be read and set; nothing else can be done.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fcntl(number: i32, command: i32, _argument: i64) -> i32 {
    match command {
        _ if !is_standard(number) => fail(EBADF),
        // F_DUPFD, F_DUPFD_CLOEXEC
        0 | 1030 => fail(EMFILE),
        // F_GETFD: none; F_SETFD: nothing is ever executed.
        1 | 2 => 0,
        // F_GETFL: O_RDWR
        3 => 2,
        _ => fail(EINVAL),
    }
}

/// glibc's `fcntl64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fcntl64(number: i32, command: i32, argument: i64) -> i32 {
    fcntl(number, command, argument)
}

const O_CREAT: i32 = 0o100;

/// POSIX's `open`: finds nothing, and can create nothing.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn open(_path: *const u8, flags: i32, _mode: u32) -> i32 {
    fail(if flags & O_CREAT != 0 { EROFS } else { ENOENT })
}

/// glibc's `open64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn open64(path: *const u8, flags: i32, mode: u32) -> i32 {
    open(path, flags, mode)
}

/// glibc's `__open_2`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __open_2(path: *const u8, flags: i32) -> i32 {
    open(path, flags, 0)
}

/// glibc's `__open64_2`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __open64_2(path: *const u8, flags: i32) -> i32 {
    open(path, flags, 0)
}

/// POSIX's `openat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn openat(_at: i32, path: *const u8, flags: i32, mode: u32) -> i32 {
    open(path, flags, mode)
}

/// glibc's `openat64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn openat64(_at: i32, path: *const u8, flags: i32, mode: u32) -> i32 {
    open(path, flags, mode)
}

/// POSIX's `creat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn creat(_path: *const u8, _mode: u32) -> i32 {
    fail(EROFS)
}

/// `stat`: no file is there.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn stat(_path: *const u8, _to: *mut Stat) -> i32 {
    fail(ENOENT)
}

/// `lstat`: no file is there.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lstat(_path: *const u8, _to: *mut Stat) -> i32 {
    fail(ENOENT)
}

/// `stat64`: no file is there.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn stat64(_path: *const u8, _to: *mut Stat) -> i32 {
    fail(ENOENT)
}

/// `lstat64`: no file is there.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lstat64(_path: *const u8, _to: *mut Stat) -> i32 {
    fail(ENOENT)
}

/// `__xstat`, as glibc before 2.33 compiled it in.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __xstat(_version: i32, _path: *const u8, _to: *mut Stat) -> i32 {
    fail(ENOENT)
}

/// `__lxstat`, as glibc before 2.33 compiled it in.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __lxstat(_version: i32, _path: *const u8, _to: *mut Stat) -> i32 {
    fail(ENOENT)
}

/// `__xstat64`, as glibc before 2.33 compiled it in.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __xstat64(_version: i32, _path: *const u8, _to: *mut Stat) -> i32 {
    fail(ENOENT)
}

/// `__lxstat64`, as glibc before 2.33 compiled it in.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __lxstat64(_version: i32, _path: *const u8, _to: *mut Stat) -> i32 {
    fail(ENOENT)
}

/// POSIX's `fstatat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fstatat(_at: i32, _path: *const u8, _to: *mut Stat, _flags: i32) -> i32 {
    fail(ENOENT)
}

/// glibc's `fstatat64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fstatat64(_at: i32, _path: *const u8, _to: *mut Stat, _flags: i32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `access`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn access(_path: *const u8, _mode: i32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `faccessat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn faccessat(_at: i32, _path: *const u8, _mode: i32, _flags: i32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `chmod`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn chmod(_path: *const u8, _mode: u32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `chown`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn chown(_path: *const u8, _user: u32, _group: u32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `lchown`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lchown(_path: *const u8, _user: u32, _group: u32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `mkdir`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mkdir(_path: *const u8, _mode: u32) -> i32 {
    fail(EROFS)
}

/// POSIX's `mkfifo`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mkfifo(_path: *const u8, _mode: u32) -> i32 {
    fail(EROFS)
}

/// POSIX's `mknod`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mknod(_path: *const u8, _mode: u32, _device: u64) -> i32 {
    fail(EROFS)
}

/// POSIX's `rmdir`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn rmdir(_path: *const u8) -> i32 {
    fail(ENOENT)
}

/// POSIX's `unlink`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn unlink(_path: *const u8) -> i32 {
    fail(ENOENT)
}

/// POSIX's `unlinkat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn unlinkat(_at: i32, _path: *const u8, _flags: i32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `link`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn link(_from: *const u8, _to: *const u8) -> i32 {
    fail(ENOENT)
}

/// POSIX's `symlink`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn symlink(_from: *const u8, _to: *const u8) -> i32 {
    fail(EROFS)
}

/// POSIX's `renameat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn renameat(_at: i32, _from: *const u8, _to_at: i32, _to: *const u8) -> i32 {
    fail(ENOENT)
}

/// POSIX's `truncate`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn truncate(_path: *const u8, _size: i64) -> i32 {
    fail(ENOENT)
}

/// glibc's `truncate64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn truncate64(_path: *const u8, _size: i64) -> i32 {
    fail(ENOENT)
}

/// POSIX's `utime`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn utime(_path: *const u8, _times: *const i64) -> i32 {
    fail(ENOENT)
}

/// POSIX's `utimensat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn utimensat(_at: i32, _path: *const u8, _times: *const i64, _flags: i32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `statvfs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn statvfs(_path: *const u8, _to: *mut u8) -> i32 {
    fail(ENOENT)
}

/// glibc's `statfs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn statfs(_path: *const u8, _to: *mut u8) -> i32 {
    fail(ENOENT)
}

/// POSIX's `linkat`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn linkat(
    _from: i32,
    _path: *const u8,
    _to: i32,
    _name: *const u8,
    _flags: i32,
) -> i32 {
    fail(ENOENT)
}

/// Linux's `sendfile`: what it reads from has to be a file.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sendfile(to: i32, from: i32, _offset: *mut i64, _count: usize) -> isize {
    fail(if is_standard(to) && is_standard(from) {
        EINVAL
    } else {
        EBADF
    }) as isize
}

/// `fchmod`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fchmod(number: i32, _mode: u32) -> i32 {
    refuse(number, EROFS)
}

/// `fchown`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fchown(number: i32, _user: u32, _group: u32) -> i32 {
    refuse(number, EROFS)
}

/// `ftruncate`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ftruncate(number: i32, _size: i64) -> i32 {
    refuse(number, EINVAL)
}

/// `ftruncate64`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ftruncate64(number: i32, _size: i64) -> i32 {
    refuse(number, EINVAL)
}

/// `fsync`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fsync(number: i32) -> i32 {
    refuse(number, EINVAL)
}

/// `fdatasync`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fdatasync(number: i32) -> i32 {
    refuse(number, EINVAL)
}

/// `fstatvfs`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fstatvfs(number: i32, _to: *mut u8) -> i32 {
    refuse(number, ENOSYS)
}

/// `futimens`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn futimens(number: i32, _times: *const i64) -> i32 {
    refuse(number, EROFS)
}

/// `fchdir`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fchdir(number: i32) -> i32 {
    refuse(number, super::errno::ENOTDIR)
}

/// `flock`: the standard descriptors cannot.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn flock(number: i32, _operation: i32) -> i32 {
    refuse(number, EINVAL)
}

/// POSIX's `posix_fallocate`; returns an error number.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn posix_fallocate(number: i32, _offset: i64, _size: i64) -> i32 {
    if is_standard(number) { ESPIPE } else { EBADF }
}

/// POSIX's `umask`: there is none to change.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn umask(_mask: u32) -> u32 {
    0o022
}

/// POSIX's `realpath`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn realpath(_path: *const u8, _to: *mut u8) -> *mut u8 {
    none(ENOENT)
}

/// POSIX's `readlink`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn readlink(_path: *const u8, _to: *mut u8, _size: usize) -> isize {
    fail(ENOENT) as isize
}

/// POSIX's `opendir`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn opendir(_path: *const u8) -> *mut u8 {
    none(ENOENT)
}

/// POSIX's `fdopendir`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fdopendir(number: i32) -> *mut u8 {
    none(if is_standard(number) {
        super::errno::ENOTDIR
    } else {
        EBADF
    })
}

/// POSIX's `readdir`: no directory can be open.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn readdir(_directory: *mut u8) -> *mut u8 {
    none(EBADF)
}

/// glibc's `readdir64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn readdir64(_directory: *mut u8) -> *mut u8 {
    none(EBADF)
}

/// POSIX's `closedir`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn closedir(_directory: *mut u8) -> i32 {
    fail(EBADF)
}

/// POSIX's `rewinddir`: no directory can be open.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn rewinddir(_directory: *mut u8) {
    set_errno(EBADF);
}

/// POSIX's `dirfd`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dirfd(_directory: *mut u8) -> i32 {
    fail(EINVAL)
}
