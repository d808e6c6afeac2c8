// SPDX-License-Identifier: ISC
//! The lab from a test: guests on a real Xen in QEMU, one boot shared by all tests of a process.
//!
//! A driver in `tests/` includes this file with `#[path = "support/lab.rs"] mod lab;`. The first use boots the
//! lab (or joins the session that `lab/session start` left running); it ends with the process, however
//! that ends, because `lab/session serve` ends with its standard input. The protocol on the session's
//! socket is described in `lab/dom0/agent/agent.h`.
//!
//! Environment: `MIRAGE_XEN_LAB_XEN` chooses the Xen version (default 4.17), `MIRAGE_XEN_LAB_SESSION`
//! names the folder of a running session to use.
//!
//! The lab's own failures panic, with what happened; what a guest does is in its [`Outcome`].
#![allow(dead_code, reason = "every test driver uses another part of it")]

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const FRAME_MAX: usize = 65536;
/// How long a job may wait for a slot, for xl and for the end of the guests before it.
const PATIENCE: Duration = Duration::from_secs(600);

/// A running lab.
pub struct Lab {
    folder: PathBuf,
    /// Keeps the pipe open whose end ends the lab.
    _session: Child,
}

/// A guest to run.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The kernel, an ELF file with a PVH note.
    pub elf: PathBuf,
    /// Memory in MB.
    pub memory: u32,
    /// The command line; bytes other than NUL.
    pub cmdline: String,
    /// Number of processors.
    pub vcpus: u32,
    /// What xl sets aside for page tables, in MB, where its own choice is too little.
    pub shadow_memory: Option<u32>,
    /// More lines of the xl config, which override the ones above; `@DIR@` is the job's folder in dom0.
    pub config: Vec<String>,
    /// Console input, given as soon as the guest runs.
    pub stdin: Vec<u8>,
    /// Limit on the guest's time, in whole seconds.
    pub timeout: Duration,
    /// A shell script that runs in dom0 before the guest is unpaused, with `$DOMID`, `$NAME` and `$DIR`.
    pub before: Option<String>,
    /// A shell script that runs in dom0 beside the guest; the outcome waits for its end.
    pub dom0: Option<String>,
    /// A shell script that runs in dom0 after the guest's end, before it is destroyed.
    pub after: Option<String>,
    /// Files for the job's folder in dom0: name and contents.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Guest {
    /// A guest with 32 MB, one processor, no command line and a minute of time.
    pub fn new(elf: impl AsRef<Path>) -> Guest {
        Guest {
            elf: elf.as_ref().to_path_buf(),
            memory: 32,
            cmdline: String::new(),
            vcpus: 1,
            shadow_memory: None,
            config: Vec::new(),
            stdin: Vec::new(),
            timeout: Duration::from_secs(60),
            before: None,
            dom0: None,
            after: None,
            files: Vec::new(),
        }
    }

    fn xl_config(&self) -> String {
        let mut text = format!(
            "type = \"pvh\"\nmemory = {}\nvcpus = {}\ntsc_mode = \"native\"\n",
            self.memory, self.vcpus
        );
        for event in ["poweroff", "reboot", "crash", "watchdog", "soft_reset"] {
            text += &format!("on_{event} = \"preserve\"\n");
        }
        if !self.cmdline.is_empty() {
            // libxlu has C's escapes, but its \x and octal ones are broken.
            let quoted = self
                .cmdline
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            text += &format!("cmdline = \"{quoted}\"\n");
        }
        if let Some(megabytes) = self.shadow_memory {
            text += &format!("shadow_memory = {megabytes}\n");
        }
        for line in &self.config {
            text += line;
            text.push('\n');
        }
        text
    }
}

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
    /// Standard output.
    pub stdout: String,
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

impl Lab {
    /// The lab of this process; boots on first use, which takes about ten seconds.
    pub fn shared() -> &'static Lab {
        static LAB: OnceLock<Lab> = OnceLock::new();
        LAB.get_or_init(Lab::boot)
    }

    fn boot() -> Lab {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/session");
        let version = std::env::var("MIRAGE_XEN_LAB_XEN").unwrap_or_else(|_| "4.17".into());
        let mut session = Command::new(&program)
            .args(["serve", "--reuse", "--xen", &version])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut line = String::new();
        let output = session.stdout.take().expect("standard output was piped");
        let _ = BufReader::new(output).read_line(&mut line);
        let mut words = line.trim_end().rsplitn(2, ' ');
        let folder = words
            .next()
            .and(words.next())
            .and_then(|rest| rest.strip_prefix("ready "));
        let Some(folder) = folder.map(PathBuf::from) else {
            panic!(
                "the lab did not start: {:?}; its reason is on standard error",
                session.wait()
            );
        };
        Lab {
            folder,
            _session: session,
        }
    }

    /// The session's folder, which `MIRAGE_XEN_LAB_SESSION` may name to `lab/run`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a guest to its end.
    pub fn run(&self, guest: Guest) -> Outcome {
        self.start(guest).wait()
    }

    /// Starts a guest, to do other things while it runs. It is destroyed if the result is dropped.
    pub fn start(&self, guest: Guest) -> Running {
        let mut job = Job::connect(&self.folder);
        let kernel =
            fs::read(&guest.elf).unwrap_or_else(|error| panic!("{}: {error}", guest.elf.display()));
        job.send_file("guest.cfg", guest.xl_config().as_bytes());
        job.send_file("kernel", &kernel);
        for (name, script) in [
            ("before.sh", &guest.before),
            ("script.sh", &guest.dom0),
            ("after.sh", &guest.after),
        ] {
            if let Some(text) = script {
                job.send_file(name, text.as_bytes());
            }
        }
        for (name, contents) in &guest.files {
            job.send_file(name, contents);
        }
        job.send(
            b'G',
            format!("timeout={}\n", guest.timeout.as_secs().max(1)).as_bytes(),
        );
        for chunk in guest.stdin.chunks(FRAME_MAX) {
            job.send(b'C', chunk);
        }
        Running {
            job,
            name: None,
            seen: Seen::default(),
        }
    }

    /// Runs a shell script in dom0.
    pub fn dom0(&self, script: &str) -> Dom0Output {
        let mut job = Job::connect(&self.folder);
        job.send_file("script.sh", script.as_bytes());
        job.send(b'S', b"");
        let mut running = Running {
            job,
            name: None,
            seen: Seen::default(),
        };
        let deadline = Instant::now() + PATIENCE;
        while running.seen.result.is_none() {
            running.step(deadline);
        }
        running.seen.outcome().dom0
    }
}

/// A guest that was started.
pub struct Running {
    job: Job,
    name: Option<(u32, String)>,
    seen: Seen,
}

impl Running {
    /// Waits until the domain exists; its number and its name, or None when it was not created.
    pub fn domain(&mut self) -> Option<(u32, String)> {
        let deadline = Instant::now() + PATIENCE;
        while self.name.is_none() && self.seen.result.is_none() {
            self.step(deadline);
        }
        self.name.clone()
    }

    /// Gives bytes to the guest's console.
    pub fn input(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(FRAME_MAX) {
            self.job.send(b'C', chunk);
        }
    }

    /// Waits until the console output contains some bytes; false when the guest ended or time passed before.
    pub fn wait_for(&mut self, bytes: &[u8], limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            if self
                .seen
                .console
                .windows(bytes.len().max(1))
                .any(|part| part == bytes)
            {
                return true;
            }
            if self.seen.result.is_some() || !self.step_until(deadline) {
                return false;
            }
        }
    }

    /// Waits until there is more console output than `have` bytes; false when the guest ended or time passed before.
    pub fn wait_more(&mut self, have: usize, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.seen.console.len() <= have {
            if self.seen.result.is_some() || !self.step_until(deadline) {
                return false;
            }
        }
        true
    }

    /// The console output so far.
    pub fn console(&self) -> &[u8] {
        &self.seen.console
    }

    /// Destroys the guest; [`Running::wait`] then gives its outcome.
    pub fn kill(&mut self) {
        self.domain();
        self.job.send(b'K', b"");
    }

    /// Waits for the guest's end.
    pub fn wait(mut self) -> Outcome {
        let deadline = Instant::now() + PATIENCE;
        while self.seen.result.is_none() {
            self.step(deadline);
        }
        self.seen.outcome()
    }

    fn step(&mut self, deadline: Instant) {
        assert!(
            self.step_until(deadline),
            "the lab gave no outcome within {PATIENCE:?}"
        );
    }

    /// Takes in one frame; false when none came before the deadline.
    fn step_until(&mut self, deadline: Instant) -> bool {
        let Some((kind, bytes)) = self.job.receive(deadline) else {
            return false;
        };
        if kind == b'M' {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let ["created", number, name] = text.split(' ').collect::<Vec<_>>()[..] {
                self.name = number.parse().ok().map(|number| (number, name.to_owned()));
            }
        }
        self.seen.take(kind, bytes);
        true
    }
}

/// What came back of a job.
#[derive(Default)]
struct Seen {
    console: Vec<u8>,
    times: Vec<(Duration, usize)>,
    port_e9: Vec<String>,
    xen: Vec<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    result: Option<String>,
}

impl Seen {
    fn take(&mut self, kind: u8, bytes: Vec<u8>) {
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

    fn outcome(self) -> Outcome {
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
                stdout: text(&self.stdout),
                stderr: text(&self.stderr),
            },
            cpu: Duration::from_nanos(number("cpu_ns") as u64),
            elapsed: Duration::from_nanos(number("end_ns").max(0) as u64),
            domid: value("domid").and_then(|text| text.parse().ok()),
        }
    }
}

/// A connection to the session: one job.
struct Job {
    socket: UnixStream,
    pending: Vec<u8>,
}

impl Job {
    fn connect(folder: &Path) -> Job {
        let path = folder.join("socket");
        let socket = UnixStream::connect(&path)
            .unwrap_or_else(|error| panic!("no lab answers at {}: {error}", path.display()));
        Job {
            socket,
            pending: Vec::new(),
        }
    }

    fn send(&mut self, kind: u8, bytes: &[u8]) {
        let mut frame = vec![kind];
        frame.extend((bytes.len() as u32).to_le_bytes());
        frame.extend(bytes);
        // A job that is over takes no more input; whoever waits for it sees its outcome or the lab's end.
        let _ = self.socket.write_all(&frame);
    }

    fn send_file(&mut self, name: &str, contents: &[u8]) {
        self.send(b'F', name.as_bytes());
        for chunk in contents.chunks(FRAME_MAX) {
            self.send(b'D', chunk);
        }
    }

    /// The next frame, or None when none was complete before the deadline.
    fn receive(&mut self, deadline: Instant) -> Option<(u8, Vec<u8>)> {
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
