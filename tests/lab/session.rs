// SPDX-License-Identifier: ISC
//! How a session comes and goes.

use super::lab::Lab;
use super::{root, run, scratch};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The processes that work in a session's folder, which is QEMU's place: found by their working directory.
fn working_in(folder: &Path) -> usize {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .filter(|process| {
            std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder)
        })
        .count()
}

#[test]
fn a_session_ends_with_its_owner_however_that_ends() {
    // Only the owner's pipe tells; booting is far enough, and no guest is needed.
    for signal in ["-KILL", "-TERM"] {
        let folder = PathBuf::from(scratch(&format!("session{signal}")));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let script = format!(
            "sleep 100 | exec '{}/lab/session' serve --folder '{}'",
            root().display(),
            folder.display()
        );
        let mut owner = Command::new("sh");
        owner
            .args(["-c", &script])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut owner = owner.process_group(0).spawn().expect("sh starts");
        let until = |done: &dyn Fn() -> bool| {
            (0..2400).any(|_| {
                done() || {
                    std::thread::sleep(Duration::from_millis(50));
                    false
                }
            })
        };
        assert!(until(&|| working_in(&folder) > 0), "QEMU starts");
        run("kill", &[signal, "--", &format!("-{}", owner.id())]);
        owner.wait().expect("it ended");
        assert!(
            until(&|| working_in(&folder) == 0),
            "QEMU outlives {signal}"
        );
    }
}

/// A cache that shares what the lab boots with the real one, but neither its session nor its logs.
fn second_cache() -> PathBuf {
    let real = std::env::var_os("MIRAGE_XEN_CACHE")
        .filter(|name| !name.is_empty())
        .map_or_else(|| root().join(".cache"), PathBuf::from);
    let real = real.canonicalize().expect("a prepared cache").join("lab");
    let cache = PathBuf::from(scratch("second-cache"));
    let _ = std::fs::remove_dir_all(&cache);
    std::fs::create_dir_all(cache.join("lab")).expect("a folder");
    for entry in std::fs::read_dir(real).expect("a prepared lab").flatten() {
        let name = entry.file_name();
        let word = name.to_str().expect("UTF-8");
        if ["qemu", "root-", "xen-"]
            .iter()
            .any(|kind| word.starts_with(kind))
        {
            // A link by name goes on naming its neighbour.
            let target = std::fs::read_link(entry.path()).unwrap_or_else(|_| entry.path());
            std::os::unix::fs::symlink(target, cache.join("lab").join(&name)).expect("a link");
        }
    }
    cache
}

#[test]
fn who_reads_what_session_start_says_sees_its_end() {
    Lab::shared(); // it prepares what both boot
    let cache = second_cache();
    // What is started outlives the command, and would hold the pipe as long.
    let session = |command: &str| {
        let script = format!("'{}/lab/session' {command} 2>&1 | cat", root().display());
        Command::new("timeout")
            .args(["600", "sh", "-c", &script])
            .env("MIRAGE_XEN_CACHE", &cache)
            .stdin(Stdio::null())
            .output()
            .expect("timeout starts")
    };
    let started = session("start");
    let status = session("status");
    let stopped = session("stop");
    let said = String::from_utf8_lossy(&status.stdout);
    assert!(started.status.success(), "{started:?}");
    assert!(
        said.starts_with("Xen ") && said.contains("log "),
        "{status:?}"
    );
    assert!(stopped.status.success(), "{stopped:?}");
}

/// The session's frames of its own, one a second, come between those of a file that takes its time, and leave it whole.
#[test]
fn a_file_that_comes_slowly_arrives_whole() {
    let lab = Lab::own(&["--slots", "1"]);
    let mut socket = UnixStream::connect(lab.folder().join("socket")).expect("the session listens");
    let mut send = |kind: u8, payload: &[u8]| {
        let length = u32::try_from(payload.len()).expect("a short payload");
        let frame = [&[kind], &length.to_le_bytes()[..], payload].concat();
        socket.write_all(&frame).expect("the session reads");
    };
    send(b'F', b"numbers");
    for piece in ["one ", "two ", "three ", "four"] {
        send(b'D', piece.as_bytes());
        std::thread::sleep(Duration::from_millis(1500));
    }
    send(b'F', b"script.sh");
    send(b'D', b"cat numbers");
    send(b'S', b"");
    let mut said = Vec::new();
    while !said.windows(13).any(|part| part == b"reason=script") {
        let mut bytes = [0; 4096];
        let count = socket.read(&mut bytes).expect("the session answers");
        assert_ne!(count, 0, "{:?}", String::from_utf8_lossy(&said));
        said.extend(&bytes[..count]);
    }
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("one two three four"), "{said:?}");
}
