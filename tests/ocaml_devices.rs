// SPDX-License-Identifier: ISC
//! Network interfaces and disks of OCaml programs, `Netif` and `Block`, and their examples, over the real netback and blkback.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason, scaled};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn dom0_tool(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/dom0")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|_| panic!("{} is not built: make guests", path.display()))
}

fn guest(name: &str, cmdline: &str) -> Guest {
    let elf = lab::guests().join(format!("{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    Guest {
        cmdline: cmdline.into(),
        timeout: Duration::from_secs(if scaled(100) > 1 { 3000 } else { 600 }),
        ..Guest::new(elf)
    }
}

const NET: &str = r#"vif = ["script=vif-lab-own"]"#;

fn disk(access: &str) -> String {
    format!(
        r#"disk = ["script=block-lab,vdev=xvda,access={access},format=raw,target=@DIR@/disk.img"]"#
    )
}

/// A guest with a network of its own, where dom0 is 10.0.0.1, and what dom0 does once the guest answers.
fn with_net(guest: Guest, script: &str) -> Guest {
    Guest {
        config: vec![NET.into()],
        dom0: Some(format!(
            "chmod +x $DIR/net; net=$DIR/net; space=guest$DOMID\n\
             in_space() {{ ip netns exec $space \"$@\"; }}\n\
             wait_up() {{ n=0; until in_space ping -c 1 -W 1 10.0.0.2 >/dev/null; do n=$((n + 1)); [ $n -lt 60 ] || exit 9; done; }}\n\
             {script}"
        )),
        files: vec![("net".into(), dom0_tool("net"))],
        ..guest
    }
}

fn with_disk(guest: Guest, size: usize, access: &str) -> Guest {
    Guest {
        config: vec![disk(access)],
        files: vec![
            ("disk.img".into(), vec![0; size]),
            ("disk".into(), dom0_tool("disk")),
        ],
        after: Some("chmod +x $DIR/disk; $DIR/disk digest $DIR/disk.img".into()),
        ..guest
    }
}

/// Runs a guest that is to end well, having said nothing wrong.
fn run(guest: Guest) -> Outcome {
    let outcome = Lab::shared().run(guest);
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    assert_eq!(outcome.exit_status.unwrap_or(0), 0, "{outcome}");
    assert!(!outcome.text().contains("wrong"), "{outcome}");
    outcome
}

/// The last line of those that check themselves.
fn run_ok(guest: Guest) -> Outcome {
    let outcome = run(guest);
    assert_eq!(outcome.text().lines().last(), Some("ok"), "{outcome}");
    outcome
}

/// The numbers in a line that starts with `start`.
fn numbers(text: &str, start: &str) -> Vec<u64> {
    let line = text.lines().find(|line| line.starts_with(start));
    let line = line.unwrap_or_else(|| panic!("no line starts with {start:?}:\n{text}"));
    line.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

#[test]
fn netif_refuses_what_cannot_be_and_sends_nothing_but_what_was_written() {
    run_ok(with_net(guest("os_devices", "net"), ""));
}

/// netback does not always take frames in time: here it takes none at first, for three seconds.
#[test]
fn netif_drops_what_a_slow_backend_does_not_take_and_goes_on() {
    let set = |link: &str| format!("ip netns exec guest$DOMID ip link set vif$DOMID.0 {link}");
    let script = format!(
        "until [ \"$(xenstore-read /local/domain/$DOMID/device/vif/0/state)\" = 4 ]; do sleep 0.1; done\n\
         sleep 3; {}",
        set("up")
    );
    let outcome = run_ok(Guest {
        before: Some(set("down")),
        ..with_net(guest("os_devices", "net"), &script)
    });
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
}

#[test]
fn block_refuses_what_cannot_be() {
    let outcome = run_ok(with_disk(guest("os_devices", "block"), 1 << 20, "rw"));
    assert!(
        outcome.text().contains("disk of 2048 sectors of 512, rw"),
        "{outcome}"
    );
    run_ok(with_disk(guest("os_devices", "block"), 1 << 20, "ro"));
}

#[test]
fn contents_of_a_disk_are_what_was_written_and_dom0_sees_them() {
    let count = scaled(100_000);
    let cmdline = format!("model {count} 1");
    // The model, and buffers that the collector has yet to free.
    let guest = Guest {
        memory: 96,
        ..guest("os_devices", &cmdline)
    };
    let outcome = run_ok(with_disk(guest, 4 << 20, "rw"));
    assert_eq!(
        numbers(&outcome.text(), "digest"),
        numbers(&outcome.dom0.stdout, "digest"),
        "{outcome}"
    );
}

/// Ports and grants that Xen counts after the first cycle are those after the last.
#[test]
fn connecting_and_disconnecting_leaves_nothing_behind() {
    let count = scaled(200).max(20);
    let script = format!(
        "count() {{ xl debug-keys g\n\
         echo ports $(lsevtchn $DOMID | wc -l)\n\
         xl dmesg | awk -v own=\"remote d$DOMID \" '/gnttab_usage_print_all \\[/ {{ n = 0 }} \
         /grant-table for remote d/ {{ on = index($0, own) > 0 }} \
         on && /\\[0x/ {{ n++ }} END {{ print \"grants \" n + 0 }}'\n}}\n\
         data=/local/domain/$DOMID/data\n\
         for cycle in 1 {count}; do\n\
         until [ \"$(xenstore-read $data/cycle 2>/dev/null)\" = $cycle ]; do xenstore-exists /local/domain/$DOMID || exit 1; sleep 0.2; done\n\
         count; xenstore-write $data/go $cycle\n\
         done"
    );
    let with = with_disk(
        guest("os_devices", &format!("cycles {count}")),
        1 << 20,
        "rw",
    );
    let outcome = run_ok(Guest {
        config: vec![NET.into(), disk("rw")],
        dom0: Some(script),
        ..with
    });
    let lines = |start: &str| -> Vec<String> {
        let lines = outcome.dom0.stdout.lines();
        lines
            .filter(|line| line.starts_with(start))
            .map(str::to_string)
            .collect()
    };
    for what in ["ports", "grants"] {
        let counts = lines(what);
        assert_eq!(counts.len(), 2, "{outcome}");
        assert_eq!(counts[0], counts[1], "{outcome}");
    }
    let free = |cycle: u64| numbers(&outcome.text(), &format!("cycle {cycle}:"))[1];
    assert_eq!(free(1), free(count), "{outcome}");
}

#[test]
fn the_echo_host_answers_pings_and_datagrams_of_all_sizes() {
    let count = scaled(100_000);
    let outcome = run(with_net(
        guest("echo", ""),
        &format!(
            "wait_up\nfor size in 0 1 17 56 1471 1472 1473 4096 9000 40001 65507; do\n\
             in_space ping -c 3 -i 0.1 -W 30 -s $size 10.0.0.2 | grep ' 0% packet loss' || {{ echo $size; exit 1; }}\n\
             done\n\
             in_space $net echo 10.0.0.2 {count} 1472 1 && in_space $net echo 10.0.0.2 {} 65507 2 && \
             in_space $net order 10.0.0.2 stop",
            count / 100 + 20
        ),
    ));
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    assert_eq!(
        numbers(&outcome.dom0.stdout, "echoed"),
        [count, 0],
        "{outcome}"
    );
}

/// On the lab's own bridge, so that the second interface finds the network that the first one had. On a busy machine xl may need more
/// than the ten seconds that it waits.
#[test]
fn an_interface_that_is_detached_and_attached_again_goes_on() {
    let vif = "script=vif-lab,bridge=xenbr0,mac=00:16:3e:00:00:77";
    let script = format!(
        "up() {{ n=0; until ping -c 1 -W 1 10.0.0.201 >/dev/null; do n=$((n + 1)); [ $n -lt 60 ] || exit 9; done; }}\n\
         backend=/local/domain/0/backend/vif/$DOMID/0\n\
         detach() {{ n=6; until xl network-detach $DOMID 0 || ! xenstore-exists $backend; do\n\
         n=$((n - 1)); [ $n -gt 0 ] || exit 6; done; }}\n\
         up\nfor round in 1 2; do\n\
         detach; ! ping -c 1 -W 1 10.0.0.201 >/dev/null && xl network-attach $DOMID {} || exit 8\n\
         up; ping -c 3 -i 0.2 10.0.0.201 | grep ' 0% packet loss' || exit 7\n\
         done\nxl shutdown $DOMID",
        vif.replace(',', " ")
    );
    let outcome = run(Guest {
        config: vec![format!(r#"vif = ["{vif}"]"#)],
        dom0: Some(script),
        ..guest("echo", "10.0.0.201")
    });
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
}

/// What an example's own script shows with `make run`.
fn example(name: &str) -> String {
    let script: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}/run"));
    let output = Command::new(script)
        .env("MIRAGE_XEN_LAB_SESSION", Lab::shared().folder())
        .stdin(Stdio::null())
        .output()
        .expect("examples are part of the checkout");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{}\n{all}", output.status);
    all
}

#[test]
fn examples_do_what_make_run_shows() {
    for (name, frames) in [("echo", "frames came"), ("mirror", "frames one way")] {
        let said = example(name);
        assert_eq!(
            said.matches(" 0% packet loss").count(),
            2,
            "{name}:\n{said}"
        );
        assert!(said.contains(frames), "{name}:\n{said}");
    }
}

/// Numbers that follow from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % limit
    }
}

/// The step that each lane was at, from lines that start with `start`, a lane's number and a step; 0 where there is none.
fn steps(text: &str, start: &str) -> [u64; 4] {
    let mut steps = [0; 4];
    // The last line may be cut off.
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    for line in whole.lines() {
        let Some(rest) = line.trim_end().strip_prefix(start) else {
            continue;
        };
        let words: Vec<u64> = rest
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect();
        if let [lane, step] = words[..] {
            steps[lane as usize] = step;
        }
    }
    steps
}

#[test]
fn the_store_counts_its_starts_over_a_power_cut() {
    let said = example("store");
    for line in ["store: start 1", "store: start 2", "store: starts = 2"] {
        assert!(said.contains(line), "{said}");
    }
}

/// Power cuts at random moments: what the store said was done is there at the next start, and nothing else is. Its guest checks
/// each key against what the steps up to that one have left.
#[test]
fn the_store_keeps_every_acknowledged_write_when_it_is_destroyed() {
    let rounds = scaled(50).max(1);
    let file = format!("/tmp/store-{}.img", std::process::id());
    let make = format!("dd if=/dev/zero of={file} bs=1024 count=600");
    assert_eq!(Lab::shared().dom0(&make).status, Some(0));
    let mut random = Random(rounds);
    let (mut done, mut logs) = ([0; 4], 0);
    for round in 0..=rounds {
        let mut running = Lab::shared().start(Guest {
            config: vec![format!(
                r#"disk = ["script=block-lab,vdev=xvda,access=rw,format=raw,target={file}"]"#
            )],
            ..guest("store", "work")
        });
        let patience = Duration::from_secs(300);
        let recovered = running.wait_for(b"recovered, log ", patience);
        let said = String::from_utf8_lossy(running.console()).into_owned();
        assert!(recovered, "round {round}, done {done:?}:\n{said}");
        let found = steps(&said, "lane ");
        for lane in 0..4 {
            assert!(
                found[lane] >= done[lane],
                "round {round}: lane {lane} had said {} and is at {}:\n{said}",
                done[lane],
                found[lane]
            );
        }
        // Some writes, then a moment of any length.
        let writes = random.below(60) as usize;
        let mut have = 0;
        while running
            .console()
            .windows(5)
            .filter(|at| at == b"done ")
            .count()
            < writes
        {
            assert!(running.wait_more(have, patience), "round {round}");
            have = running.console().len();
        }
        std::thread::sleep(Duration::from_micros(random.below(50_000)));
        let (domid, _) = running.domain().expect("it runs");
        // The next domain gets the disk once the backend has let go of it: lab/dom0/block-lab waits for that.
        Lab::shared().dom0(&format!("xl destroy {domid}"));
        let outcome = running.wait();
        assert_eq!(outcome.reason, Reason::Destroyed, "{outcome}");
        assert!(!outcome.text().contains("wrong"), "{outcome}");
        let said = steps(&outcome.text(), "done ");
        for lane in 0..4 {
            done[lane] = found[lane].max(said[lane]);
        }
        logs = numbers(&outcome.text(), "recovered, log")[0];
    }
    Lab::shared().dom0(&format!("rm {file}"));
    println!("{rounds} power cuts, {done:?} steps, {logs} logs");
    assert!(done.iter().all(|&steps| steps > 0), "{done:?}");
}
