// SPDX-License-Identifier: ISC
//! Domains that are told over their console what to do: `tests/guests/xen_agent`.

pub use crate::lab::scaled;
use crate::lab::{Guest, Lab, Outcome, Reason, Running};
use std::path::PathBuf;
use std::time::Duration;

/// How long one command may take before it counts as hanging. Most take a second; a shared machine that is slow to give QEMU
/// its memory or processor has made some of them more than a minute.
pub fn limit() -> Duration {
    Duration::from_secs(300 * scaled(100).clamp(1, 20))
}

pub fn elf(name: &str) -> PathBuf {
    let elf = crate::lab::guests().join(format!("{name}.xen"));
    assert!(
        elf.exists(),
        "{} is not built: make -C tests/guests -f xen.mk",
        elf.display()
    );
    elf
}

/// A domain that does what it is told: `tests/guests/xen_agent`.
pub struct Agent {
    /// The domain.
    pub running: Running,
    /// Its number.
    pub domid: u32,
    /// How much of its console was looked at.
    seen: usize,
}

impl Agent {
    pub fn start(cmdline: &str, config: &[&str]) -> Agent {
        Agent::of("xen_agent", cmdline, config)
    }

    /// Another guest that takes orders in the same way.
    pub fn of(name: &str, cmdline: &str, config: &[&str]) -> Agent {
        let mut running = Lab::shared().start(Guest {
            cmdline: cmdline.into(),
            config: config.iter().map(|line| line.to_string()).collect(),
            timeout: 4 * limit(),
            ..Guest::new(elf(name))
        });
        let (domid, _) = running.domain().expect("the domain is created");
        let mut agent = Agent {
            running,
            domid,
            seen: 0,
        };
        agent.line_that(|line| line == "ready");
        agent
    }

    pub fn plain() -> Agent {
        Agent::start("", &[])
    }

    /// Gives an order without waiting for its answer.
    pub fn order(&mut self, order: &str) {
        self.running.input(format!("{order}\n").as_bytes());
    }

    /// The next line of which `wanted` holds.
    pub fn line_that(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let rest = &self.running.console()[self.seen..];
            if let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                let line = String::from_utf8_lossy(&rest[..end]).trim_end().to_owned();
                self.seen += end + 1;
                if wanted(&line) {
                    return line;
                }
                continue;
            }
            let have = self.running.console().len();
            assert!(
                self.running.wait_more(have, limit()),
                "domain {} said no more after:\n{}",
                self.domid,
                String::from_utf8_lossy(self.running.console())
            );
        }
    }

    /// The answer to an order given before.
    pub fn answer(&mut self) -> Result<Vec<i64>, String> {
        let line = self.line_that(|line| line.starts_with("= ") || line.starts_with("! "));
        match line.split_at(2) {
            ("= ", numbers) => Ok(numbers
                .split(' ')
                .map_while(|number| number.parse().ok())
                .collect()),
            (_, why) => Err(why.to_owned()),
        }
    }

    /// Gives an order; its answer.
    pub fn ask(&mut self, order: &str) -> Result<Vec<i64>, String> {
        self.order(order);
        self.answer()
    }

    /// Gives an order that must succeed; the first number of its answer.
    pub fn get(&mut self, order: &str) -> i64 {
        match self.ask(order) {
            Ok(numbers) => numbers.first().copied().unwrap_or(0),
            Err(why) => panic!("domain {}: {order}: {why}", self.domid),
        }
    }

    /// Gives an order that must fail; why it does.
    pub fn refused(&mut self, order: &str) -> String {
        match self.ask(order) {
            Ok(numbers) => panic!("domain {}: {order}: succeeded: {numbers:?}", self.domid),
            Err(why) => why,
        }
    }

    /// All grants from `first` on end, once Xen has cleared up after a domain that is gone.
    pub fn ends(&mut self, first: i64, count: i64) {
        for _ in 0..100 {
            if self.get(&format!("end {first} {count}")) == count {
                return;
            }
            self.get("yield 100");
        }
        panic!("domain {}: a grant does not end", self.domid);
    }

    /// Lets it end.
    pub fn exit(mut self) -> Outcome {
        self.order("exit 0");
        let outcome = self.running.wait();
        assert_eq!(
            (&outcome.reason, outcome.exit_status),
            (&Reason::Poweroff, Some(0)),
            "{outcome}"
        );
        outcome
    }
}
