// SPDX-License-Identifier: ISC
//! The environment, exit's handlers, locks, signals, clocks: what one thread without a system can have.

use crate::machine::{c, turn};
use crate::ours::errno::*;
use crate::ours::{pthread, signal, stdlib, time, unistd};
use std::ffi::CStr;
use std::ptr::{null, null_mut};

#[test]
fn variables() {
    let _turn = turn();
    // SAFETY: terminated texts.
    unsafe {
        let (name, value) = (c("NAME"), c("value"));
        assert!(stdlib::getenv(name.as_ptr()).is_null());
        assert_eq!(stdlib::setenv(name.as_ptr(), value.as_ptr(), 0), 0);
        assert_eq!(
            CStr::from_ptr(stdlib::getenv(name.as_ptr()).cast()),
            c"value"
        );
        stdlib::setenv(name.as_ptr(), c("other").as_ptr(), 0);
        assert_eq!(
            CStr::from_ptr(stdlib::getenv(name.as_ptr()).cast()),
            c"value"
        );
        stdlib::setenv(name.as_ptr(), c("other").as_ptr(), 1);
        assert_eq!(
            CStr::from_ptr(stdlib::secure_getenv(name.as_ptr()).cast()),
            c"other"
        );
        assert!(stdlib::getenv(c("NAM").as_ptr()).is_null());
        assert_eq!(stdlib::setenv(c("A=B").as_ptr(), value.as_ptr(), 1), -1);
        assert_eq!(errno(), EINVAL);
        stdlib::unsetenv(name.as_ptr());
        assert!(stdlib::getenv(name.as_ptr()).is_null());
        for number in 0..128 {
            assert_eq!(
                stdlib::setenv(c(&format!("V{number}")).as_ptr(), value.as_ptr(), 1),
                0
            );
        }
        assert_eq!(
            stdlib::setenv(c("ONE_MORE").as_ptr(), value.as_ptr(), 1),
            -1
        );
        assert_eq!(errno(), ENOMEM);
        stdlib::clearenv();
        assert!(stdlib::getenv(c("V7").as_ptr()).is_null());
    }
}

#[test]
fn mutexes() {
    // SAFETY: objects of this test's own, zeroed as static initialisers leave them.
    unsafe {
        let mut mutex: pthread::mutex::Mutex = std::mem::zeroed();
        let m = &raw mut mutex;
        assert_eq!(pthread::mutex::pthread_mutex_unlock(m), EPERM);
        assert_eq!(pthread::mutex::pthread_mutex_lock(m), 0);
        assert_eq!(pthread::mutex::pthread_mutex_trylock(m), EBUSY);
        assert_eq!(pthread::mutex::pthread_mutex_destroy(m), EBUSY);
        assert_eq!(pthread::mutex::pthread_mutex_unlock(m), 0);
        assert_eq!(pthread::mutex::pthread_mutex_destroy(m), 0);
        let mut attributes: pthread::mutex::MutexAttributes = std::mem::zeroed();
        pthread::mutex::pthread_mutexattr_init(&raw mut attributes);
        assert_eq!(
            pthread::mutex::pthread_mutexattr_settype(&raw mut attributes, 1),
            0
        );
        pthread::mutex::pthread_mutex_init(m, &raw const attributes);
        for _ in 0..3 {
            assert_eq!(pthread::mutex::pthread_mutex_lock(m), 0);
        }
        for _ in 0..3 {
            assert_eq!(pthread::mutex::pthread_mutex_unlock(m), 0);
        }
        assert_eq!(pthread::mutex::pthread_mutex_unlock(m), EPERM);
        pthread::mutex::pthread_mutexattr_settype(&raw mut attributes, 2);
        pthread::mutex::pthread_mutex_init(m, &raw const attributes);
        assert_eq!(pthread::mutex::pthread_mutex_lock(m), 0);
        assert_eq!(pthread::mutex::pthread_mutex_lock(m), EDEADLK);
        assert_eq!(pthread::mutex::pthread_mutex_unlock(m), 0);
        assert_eq!(pthread::mutex::pthread_mutex_unlock(m), EPERM);
    }
}

#[test]
fn waiting_with_a_deadline() {
    let _turn = turn();
    // SAFETY: objects of this test's own.
    unsafe {
        let mut condition: pthread::condition::Condition = std::mem::zeroed();
        let mut mutex: pthread::mutex::Mutex = std::mem::zeroed();
        assert_eq!(pthread::mutex::pthread_mutex_lock(&raw mut mutex), 0);
        let mut now = time::TimeSpec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        time::clock_gettime(0, &raw mut now);
        let deadline = time::TimeSpec {
            tv_sec: now.tv_sec + 5,
            ..now
        };
        assert_eq!(
            pthread::condition::pthread_cond_timedwait(
                &raw mut condition,
                &raw mut mutex,
                &raw const deadline
            ),
            ETIMEDOUT
        );
        time::clock_gettime(0, &raw mut now);
        assert!(now.tv_sec >= deadline.tv_sec);
    }
}

#[test]
fn keys() {
    let _turn = turn();
    let mut key = 0;
    // SAFETY: a writable key.
    unsafe {
        assert_eq!(pthread::keys::pthread_key_create(&raw mut key, None), 0);
    }
    assert!(pthread::keys::pthread_getspecific(key).is_null());
    assert_eq!(
        pthread::keys::pthread_setspecific(key, std::ptr::without_provenance_mut(9)),
        0
    );
    assert_eq!(pthread::keys::pthread_getspecific(key).addr(), 9);
    assert_eq!(pthread::keys::pthread_key_delete(key), 0);
    assert_eq!(pthread::keys::pthread_setspecific(key, null_mut()), EINVAL);
}

#[test]
fn handlers() {
    use std::sync::atomic::{AtomicI32, Ordering};
    static SEEN: AtomicI32 = AtomicI32::new(0);
    extern "C" fn handler(signal: i32) {
        SEEN.store(signal, Ordering::Relaxed);
    }
    let _turn = turn();
    let address = handler as *const () as usize;
    assert_eq!(signal::signal(10, address), 0);
    assert_eq!(signal::raise(10), 0);
    assert_eq!(SEEN.swap(0, Ordering::Relaxed), 10);
    // Blocked, it waits.
    let set = 1_u64 << 9;
    // SAFETY: a readable set.
    unsafe {
        assert_eq!(signal::sigprocmask(0, &raw const set, null_mut()), 0);
        assert_eq!(signal::raise(10), 0);
        assert_eq!(SEEN.load(Ordering::Relaxed), 0);
        assert_eq!(signal::sigprocmask(1, &raw const set, null_mut()), 0);
    }
    assert_eq!(SEEN.swap(0, Ordering::Relaxed), 10);
    assert_eq!(signal::signal(10, 1), address);
    assert_eq!(signal::raise(10), 0);
    assert_eq!(SEEN.load(Ordering::Relaxed), 0);
    assert_eq!(signal::signal(10, 0), 1);
    assert_eq!(signal::signal(9, 1), usize::MAX);
    assert_eq!(errno(), EINVAL);
    // Over a Solo5 part that cannot tell of faults.
    assert_eq!(signal::signal(11, address), usize::MAX);
    assert_eq!(errno(), EOPNOTSUPP);
    assert_eq!(signal::kill(99, 10), -1);
    assert_eq!(errno(), ESRCH);
}

#[test]
fn clocks() {
    let _turn = turn();
    // SAFETY: writable places.
    unsafe {
        let mut before = time::TimeSpec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        assert_eq!(time::clock_gettime(1, &raw mut before), 0);
        let length = time::TimeSpec {
            tv_sec: 2,
            tv_nsec: 500_000_000,
        };
        assert_eq!(time::nanosleep(&raw const length, null_mut()), 0);
        let mut after = time::TimeSpec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        time::clock_gettime(1, &raw mut after);
        let passed =
            (after.tv_sec - before.tv_sec) * 1_000_000_000 + after.tv_nsec - before.tv_nsec;
        assert!(passed >= 2_500_000_000);
        for bad in [
            time::TimeSpec {
                tv_sec: -1,
                tv_nsec: 0,
            },
            time::TimeSpec {
                tv_sec: 0,
                tv_nsec: 1_000_000_000,
            },
        ] {
            assert_eq!(time::nanosleep(&raw const bad, null_mut()), -1);
            assert_eq!(errno(), EINVAL);
        }
        assert_eq!(time::clock_gettime(99, &raw mut after), -1);
        assert!(time::time(null_mut()) >= 1_700_000_000);
        let mut text = [0_u8; 26];
        let seconds = 1_700_000_000;
        time::ctime_r(&raw const seconds, text.as_mut_ptr());
        assert_eq!(
            CStr::from_bytes_until_nul(&text).unwrap(),
            c"Tue Nov 14 22:13:20 2023\n"
        );
        assert_eq!(
            time::strftime(
                text.as_mut_ptr(),
                4,
                c("%Y").as_ptr(),
                time::gmtime(&raw const seconds)
            ),
            0
        );
        assert_eq!(
            time::strftime(
                text.as_mut_ptr(),
                5,
                c("%Y").as_ptr(),
                time::gmtime(&raw const seconds)
            ),
            4
        );
    }
}

#[test]
fn options() {
    let _turn = turn();
    let texts = [
        c("program"),
        c("-a"),
        c("-bvalue"),
        c("-c"),
        c("next"),
        c("-dx"),
        c("--"),
        c("-a"),
    ];
    let arguments: Vec<*const u8> = texts.iter().map(|t| t.as_ptr()).chain([null()]).collect();
    let mut seen = Vec::new();
    loop {
        // SAFETY: terminated texts.
        let option = unsafe { unistd::getopt(8, arguments.as_ptr(), c("ab:c:d").as_ptr()) };
        if option == -1 {
            break;
        }
        seen.push(char::from(option as u8));
    }
    assert_eq!(seen, ['a', 'b', 'c', 'd', '?']);
    assert_eq!(unistd::optind.get(), 7);
}

#[test]
fn descriptors() {
    let _turn = turn();
    let mut byte = 0;
    // SAFETY: valid buffers.
    unsafe {
        assert_eq!(unistd::read(0, &raw mut byte, 1), 0);
        assert_eq!(unistd::read(5, &raw mut byte, 1), -1);
        assert_eq!(errno(), EBADF);
        assert_eq!(unistd::write(0, &raw const byte, 1), -1);
        let mut stat = std::mem::zeroed();
        assert_eq!(crate::ours::files::fstat(1, &raw mut stat), 0);
        assert_eq!(stat.st_mode & 0o170_000, 0o020_000);
        assert_eq!(crate::ours::files::fstat(3, &raw mut stat), -1);
    }
    assert_eq!(unistd::lseek(1, 0, 0), -1);
    assert_eq!(errno(), ESPIPE);
    assert_eq!(unistd::isatty(1), 0);
    assert_eq!(errno(), ENOTTY);
    assert_eq!(crate::ours::files::open(c("x").as_ptr(), 0, 0), -1);
    assert_eq!(errno(), ENOENT);
    assert_eq!(stdlib::system(null()), 0);
    assert_eq!(stdlib::system(c("ls").as_ptr()), -1);
}

#[test]
fn random_bytes() {
    let _turn = turn();
    let mut bytes = [0_u8; 100];
    // SAFETY: the buffer has this size.
    let result = unsafe { crate::ours::random::getrandom(bytes.as_mut_ptr(), 100, 0) };
    if std::is_x86_feature_detected!("rdrand") {
        assert_eq!(result, 100);
        assert!(bytes[..50] != bytes[50..]);
    } else {
        assert_eq!((result, errno()), (-1, ENOSYS));
    }
    // SAFETY: nothing is written.
    assert_eq!(
        // SAFETY: nothing is written.
        unsafe { crate::ours::random::getentropy(bytes.as_mut_ptr(), 257) },
        -1
    );
}
