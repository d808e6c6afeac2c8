// SPDX-License-Identifier: ISC
//! The lab's QEMU, stopped and let go on all the time. A driver includes `lab.rs` beside this file.

use crate::lab::Lab;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

/// Several hundred times a second on a quiet machine; side by side with it a guest runs at about half its speed.
const PAUSE: Duration = Duration::from_millis(2);

/// Goes on until it is dropped.
pub struct Interruptions {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<u32>>,
}

impl Interruptions {
    /// Of the shared lab; one test at a time has its QEMU's ear.
    pub fn start() -> Self {
        let mut machine = Machine::connect();
        let over = Arc::new(AtomicBool::new(false));
        let seen = over.clone();
        let thread = spawn(move || {
            let mut times = 0;
            while !seen.load(Ordering::Relaxed) {
                machine.order("stop");
                machine.order("cont");
                times += 1;
                sleep(PAUSE);
            }
            times
        });
        Interruptions {
            over,
            thread: Some(thread),
        }
    }

    /// How many there were.
    pub fn end(mut self) -> u32 {
        self.over.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it ends once");
        thread.join().expect("QEMU answers")
    }
}

impl Drop for Interruptions {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// QEMU's machine protocol: a line of JSON for each order, answer and event.
struct Machine {
    orders: UnixStream,
    answers: BufReader<UnixStream>,
}

impl Machine {
    fn connect() -> Self {
        let orders = UnixStream::connect(Lab::shared().folder().join("qmp"));
        let orders = orders.expect("the session's QEMU listens");
        let answers = BufReader::new(orders.try_clone().expect("a socket has many handles"));
        let mut machine = Machine { orders, answers };
        machine.answers_with("\"QMP\"");
        machine.order("qmp_capabilities");
        machine
    }

    fn order(&mut self, command: &str) {
        let line = format!("{{\"execute\": \"{command}\"}}\n");
        let sent = self.orders.write_all(line.as_bytes());
        sent.expect("QEMU listens");
        self.answers_with("\"return\"");
    }

    /// Events come in between.
    fn answers_with(&mut self, word: &str) {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            let read = self.answers.read_line(&mut line).expect("QEMU answers");
            assert!(read > 0 && !line.contains("\"error\""), "QEMU: {line:?}");
        }
    }
}
