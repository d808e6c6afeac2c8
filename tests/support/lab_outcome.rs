// SPDX-License-Identifier: ISC
//! What became of a guest, put together from the frames of its job: `lab/dom0/agent/agent.h`.

use std::fmt;
use std::time::Duration;

/// Why a guest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// SCHEDOP_shutdown with SHUTDOWN_poweroff.
    Poweroff,
    /// SHUTDOWN_reboot.
    Reboot,
    /// SHUTDOWN_suspend.
    Suspend,
    /// SHUTDOWN_crash, or Xen crashed the domain.
    Crash,
    /// A triple fault, which Xen turns into a reboot.
    TripleFault,
    /// Its watchdog timer ran out.
    Watchdog,
    /// The time limit passed; it was destroyed.
    Timeout,
    /// Something in dom0 destroyed it.
    Destroyed,
    /// [`Running::kill`] ended it.
    Killed,
    /// xl refused to create it; [`Outcome::xen`] says why.
    NotCreated,
    /// Another reason, by the agent's word for it.
    Other(String),
}

/// A command's result in dom0.
#[derive(Clone, Debug, Default)]
pub struct Dom0Output {
    /// Its exit status, 128 and the signal's number, or None when there was no script or it was cut off.
    pub status: Option<i32>,
    /// Standard output, unless it is a dump.
    pub stdout: String,
    /// The same if it begins as an ELF file does.
    pub dump: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

/// What became of a guest.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Why it ended.
    pub reason: Reason,
    /// The status it reported on port 0xE9 (`mirage-xen: exit status N`), if it did.
    pub exit_status: Option<u8>,
    /// All of its console output.
    pub console: Vec<u8>,
    /// When console output came, as time since the guest was unpaused, and how many bytes there were by then.
    pub console_times: Vec<(Duration, usize)>,
    /// Bytes in its console ring that it never announced, so that dom0 never read them.
    pub console_unread: u32,
    /// The lines it wrote to port 0xE9.
    pub port_e9: Vec<String>,
    /// What Xen and xl said of it.
    pub xen: String,
    /// The result of [`Guest::dom0`]; the output of `before` and `after` is in `stdout` too.
    pub dom0: Dom0Output,
    /// Processor time it used.
    pub cpu: Duration,
    /// From its start to its end as dom0 saw it.
    pub elapsed: Duration,
    /// Its number.
    pub domid: Option<u32>,
}

impl Outcome {
    /// The console output as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.console).into_owned()
    }
}

/// Everything a failed test should show.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "ended by {:?} with exit status {:?} after {:?}",
            self.reason, self.exit_status, self.elapsed
        )?;
        if self.console_unread != 0 {
            writeln!(f, "{} bytes of console never read", self.console_unread)?;
        }
        writeln!(f, "--- console\n{}", self.text())?;
        for (title, text) in [
            ("port 0xE9", self.port_e9.join("\n")),
            ("xen", self.xen.clone()),
            ("dom0 output", self.dom0.stdout.clone()),
            ("dom0 errors", self.dom0.stderr.clone()),
        ] {
            if !text.is_empty() {
                writeln!(f, "--- {title}\n{text}")?;
            }
        }
        Ok(())
    }
}

/// What came back of a job.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) console: Vec<u8>,
    times: Vec<(Duration, usize)>,
    port_e9: Vec<String>,
    xen: Vec<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    pub(super) result: Option<String>,
}

impl Seen {
    pub(super) fn take(&mut self, kind: u8, bytes: Vec<u8>) {
        match kind {
            b'O' => {
                let (time, output) = bytes
                    .split_first_chunk::<8>()
                    .expect("console output carries its time");
                self.console.extend_from_slice(output);
                self.times.push((
                    Duration::from_nanos(u64::from_le_bytes(*time)),
                    self.console.len(),
                ));
            }
            b'E' => self
                .port_e9
                .push(String::from_utf8_lossy(&bytes).into_owned()),
            b'X' => self.xen.extend(bytes),
            b's' => self.stdout.extend(bytes),
            b't' => self.stderr.extend(bytes),
            b'R' => self.result = Some(String::from_utf8_lossy(&bytes).into_owned()),
            b'Z' if self.result.is_none() => {
                panic!(
                    "the lab lost the job: {}",
                    String::from_utf8_lossy(&self.xen)
                )
            }
            _ => {}
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        let result = self.result.unwrap_or_default();
        let value = |key: &str| {
            result
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
                .map(str::to_owned)
        };
        let number = |key: &str| {
            value(key)
                .and_then(|text| text.parse::<i64>().ok())
                .unwrap_or(0)
        };
        let reason = match value("reason").as_deref() {
            Some("poweroff") => Reason::Poweroff,
            Some("reboot") => Reason::Reboot,
            Some("suspend") => Reason::Suspend,
            Some("crash") => Reason::Crash,
            Some("triple-fault") => Reason::TripleFault,
            Some("watchdog") => Reason::Watchdog,
            Some("timeout") => Reason::Timeout,
            Some("destroyed") => Reason::Destroyed,
            Some("killed") => Reason::Killed,
            Some("not-created") => Reason::NotCreated,
            other => Reason::Other(other.unwrap_or("none").to_owned()),
        };
        let exit_status = self
            .port_e9
            .iter()
            .rev()
            .find_map(|line| {
                line.trim()
                    .strip_prefix("mirage-xen: exit status ")?
                    .parse::<i32>()
                    .ok()
            })
            .map(|status| status as u8);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (output, dump) = if self.stdout.starts_with(b"\x7fELF") {
            (String::new(), self.stdout)
        } else {
            (text(&self.stdout), Vec::new())
        };
        // xl's remark on every guest of the lab.
        let xen = text(&self.xen).replace("got a tsc mode string: \"native\"\n", "");
        Outcome {
            reason,
            exit_status,
            console: self.console,
            console_times: self.times,
            console_unread: number("console_unread") as u32,
            port_e9: self.port_e9,
            xen,
            dom0: Dom0Output {
                status: value("script_status")
                    .and_then(|text| text.parse().ok())
                    .filter(|status| *status >= 0),
                stdout: output,
                dump,
                stderr: text(&self.stderr),
            },
            cpu: Duration::from_nanos(number("cpu_ns") as u64),
            elapsed: Duration::from_nanos(number("end_ns").max(0) as u64),
            domid: value("domid").and_then(|text| text.parse().ok()),
        }
    }
}
