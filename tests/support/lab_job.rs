// SPDX-License-Identifier: ISC
//! A job's connection to the lab's session, and its frames: `lab/dom0/agent/agent.h`.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

/// The most bytes that one frame carries.
pub(super) const FRAME_MAX: usize = 65536;

/// A connection to the session: one job.
pub(super) struct Job {
    socket: UnixStream,
    pending: Vec<u8>,
}

impl Job {
    pub(super) fn connect(folder: &Path) -> Job {
        let path = folder.join("socket");
        let socket = UnixStream::connect(&path)
            .unwrap_or_else(|error| panic!("no lab answers at {}: {error}", path.display()));
        Job {
            socket,
            pending: Vec::new(),
        }
    }

    pub(super) fn send(&mut self, kind: u8, bytes: &[u8]) {
        let mut frame = vec![kind];
        frame.extend((bytes.len() as u32).to_le_bytes());
        frame.extend(bytes);
        // A job that is over takes no more input; whoever waits for it sees its outcome or the lab's end.
        let _ = self.socket.write_all(&frame);
    }

    pub(super) fn send_file(&mut self, name: &str, contents: &[u8]) {
        self.send(b'F', name.as_bytes());
        for chunk in contents.chunks(FRAME_MAX) {
            self.send(b'D', chunk);
        }
    }

    /// The next frame, or None when none was complete before the deadline.
    pub(super) fn receive(&mut self, deadline: Instant) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((header, rest)) = self.pending.split_first_chunk::<5>() {
                let length =
                    u32::from_le_bytes([header[1], header[2], header[3], header[4]]) as usize;
                assert!(
                    length <= FRAME_MAX,
                    "the connection to the lab is out of step"
                );
                if rest.len() >= length {
                    let frame = (header[0], rest[..length].to_vec());
                    self.pending.drain(..5 + length);
                    return Some(frame);
                }
            }
            let left = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())?;
            self.socket
                .set_read_timeout(Some(left))
                .expect("a positive timeout");
            let mut bytes = [0; 65536];
            match self.socket.read(&mut bytes) {
                Ok(0) => panic!("the lab ended while it ran a job"),
                Ok(count) => self.pending.extend(&bytes[..count]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return None;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("reading from the lab: {error}"),
            }
        }
    }
}
