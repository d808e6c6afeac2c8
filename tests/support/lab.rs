// SPDX-License-Identifier: ISC
//! The lab from a test: guests on a real Xen in QEMU, one boot shared by all tests of a process.
//!
//! A driver in `tests/` includes this file with `#[path = "support/lab.rs"] mod lab;`. The first use boots the
//! lab (or joins the session that `lab/session start` left running); it ends with the process, however
//! that ends, because `lab/session serve` ends with its standard input. The protocol on the session's
//! socket is described in `lab/dom0/agent/agent.h`.
//!
//! Environment: `MIRAGE_XEN_LAB_XEN` chooses the Xen version (default 4.17), `MIRAGE_XEN_LAB_SESSION`
//! names the folder of a running session to use, `MIRAGE_XEN_BUILT` the folder of what was built (default `target`).
//!
//! The lab's own failures panic, with what happened; what a guest does is in its [`Outcome`].
#![allow(
    dead_code,
    unused_imports,
    reason = "every test driver uses another part of it"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

#[path = "lab_job.rs"]
mod job;
#[path = "long.rs"]
mod long;
#[path = "lab_outcome.rs"]
mod outcome;

use job::{FRAME_MAX, Job};
pub use long::{long, scaled};
use outcome::Seen;
pub use outcome::{Dom0Output, Outcome, Reason};

/// How long a job may wait for a slot, for xl and for the end of the guests before it.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where the guests are that the compiler in use built: `make OCAML=…` names another folder than the usual one.
pub fn guests() -> PathBuf {
    let built = std::env::var("MIRAGE_XEN_BUILT").unwrap_or_else(|_| "target".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(built).join("guests")
}

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
    /// Limit on the guest's time, in whole seconds; its outcome may take PATIENCE longer.
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
    /// A guest with 32 MB, one processor, no command line and five minutes of time, for what takes seconds.
    pub fn new(elf: impl AsRef<Path>) -> Guest {
        Guest {
            elf: elf.as_ref().to_path_buf(),
            memory: 32,
            cmdline: String::new(),
            vcpus: 1,
            shadow_memory: None,
            config: Vec::new(),
            stdin: Vec::new(),
            timeout: Duration::from_secs(300),
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

impl Lab {
    /// The lab of this process; boots on first use, which takes about ten seconds.
    pub fn shared() -> &'static Lab {
        static LAB: OnceLock<Lab> = OnceLock::new();
        LAB.get_or_init(|| Lab::serve(&["--reuse"]))
    }

    /// A lab of the caller's own, for what upsets other guests; `options` are those of `lab/session serve`.
    pub fn own(options: &[&str]) -> Lab {
        Lab::serve(options)
    }

    fn serve(options: &[&str]) -> Lab {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/session");
        let version = std::env::var("MIRAGE_XEN_LAB_XEN").unwrap_or_else(|_| "4.17".into());
        let mut session = Command::new(&program)
            .args(["serve", "--xen", &version])
            .args(options)
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
            limit: guest.timeout + PATIENCE,
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
            limit: PATIENCE,
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
    /// How long its end may take once it is waited for.
    limit: Duration,
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
        let limit = self.limit;
        self.end(limit).expect("the lab gave nothing in time")
    }

    /// The guest's end, where it comes in time.
    pub fn end(&mut self, limit: Duration) -> Option<Outcome> {
        let deadline = Instant::now() + limit;
        while self.seen.result.is_none() {
            if !self.step_until(deadline) {
                return None;
            }
        }
        Some(std::mem::take(&mut self.seen).outcome())
    }

    /// What a guest has said and how it ended, when the test fails meanwhile: ends it where it has not ended.
    pub fn last_words(&mut self) -> String {
        self.kill();
        match self.end(Duration::from_secs(30)) {
            Some(outcome) => outcome.to_string(),
            None => format!(
                "not ended; it says:\n{}",
                String::from_utf8_lossy(self.console())
            ),
        }
    }

    fn step(&mut self, deadline: Instant) {
        assert!(self.step_until(deadline), "the lab gave nothing in time");
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
