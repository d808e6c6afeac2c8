// SPDX-License-Identifier: ISC
//! What the boot code takes from the command line, and what it leaves.

use xen_proto::options::*;

fn parse(line: &str) -> Options<'_> {
    Options::parse(line.as_bytes())
}

#[test]
fn the_application_gets_what_was_given() {
    for line in [
        "",
        "Hello_Solo5",
        " two  words ",
        "app --solo5:quiet",
        "--ipv4=10.0.0.2/24",
        "--solo5",
    ] {
        let options = parse(line);
        assert_eq!(options.application, line.as_bytes());
        assert_eq!(
            (options.level, options.stack, options.error),
            (Level::Info, None, None)
        );
    }
}

#[test]
fn options_in_front() {
    let options =
        parse("--solo5:quiet --solo5:stack=64k\t--solo5:evtchn=2l  --name=x  --solo5:info");
    assert_eq!(options.level, Level::Error);
    assert_eq!(options.stack, Some(65536));
    assert!(options.evtchn_2l);
    assert_eq!(options.error, None);
    assert_eq!(options.application, b"--name=x  --solo5:info");
    assert_eq!(parse(" --solo5:debug").level, Level::Debug);
    assert_eq!(parse("--solo5:warn --solo5:error").level, Level::Error);
    assert_eq!(parse("--solo5:quiet").application, b"");
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("0", 0),
        ("1", 1),
        ("8m", 8 << 20),
        ("3G", 3 << 30),
        ("16K", 16384),
        ("18446744073709551615", u64::MAX),
        ("0000000000000000000000000001k", 1024),
    ] {
        let line = format!("--solo5:stack={text} rest");
        let options = parse(&line);
        assert_eq!(
            (options.stack, options.error),
            (Some(bytes), None),
            "{text}"
        );
        assert_eq!(options.application, b"rest");
    }
    for (text, error) in [
        ("", Error::BadSize),
        ("k", Error::BadSize),
        ("-1", Error::BadSize),
        ("1t", Error::BadSize),
        ("1kk", Error::BadSize),
        ("0x10", Error::BadSize),
        ("99999999999999999999z", Error::BadSize),
        ("99999999999999999999x9", Error::BadSize),
        ("18446744073709551616", Error::SizeTooBig),
        ("17179869184g", Error::SizeTooBig),
    ] {
        let line = format!("--solo5:stack={text} rest");
        let options = parse(&line);
        assert_eq!(options.stack, None, "{text}");
        let option = &line.as_bytes()[..line.len() - 5];
        assert_eq!(options.error, Some((error, option)), "{text}");
        assert_eq!(options.application, b"rest");
    }
}

#[test]
fn bad_options() {
    let options = parse("--solo5:evtchn=fifo --solo5:quiet go");
    assert_eq!(
        options.error,
        Some((Error::BadEvtchn, &b"--solo5:evtchn=fifo"[..]))
    );
    assert!(!options.evtchn_2l);
    assert_eq!(
        (options.level, options.application),
        (Level::Error, &b"go"[..])
    );
    let options = parse("--solo5:quiet --solo5:quieter --solo5:debug go");
    assert_eq!(
        options.error,
        Some((Error::Unknown, &b"--solo5:quieter"[..]))
    );
    assert_eq!(options.level, Level::Error);
    assert_eq!(options.application, b"--solo5:quieter --solo5:debug go");
}

#[test]
fn long_lines() {
    for (given, kept, cut) in [
        (0, 0, false),
        (8190, 8190, false),
        (8191, 8191, false),
        (8192, 8191, true),
        (9000, 8191, true),
    ] {
        let mut memory = vec![b'x'; given];
        assert_eq!(line(&memory).0.len(), kept);
        memory.push(0);
        memory.extend_from_slice(b"what lies behind it");
        let (line, was_cut) = line(&memory);
        assert_eq!((line.len(), was_cut), (kept, cut), "{given}");
        assert_eq!(Options::parse(line).application.len(), kept);
    }
}

#[test]
fn arbitrary_lines() {
    let mut random = crate::common::Random::new(4);
    let words = [
        "--solo5:", "quiet", "stack=", "evtchn=", "2l", " ", "\t", "9", "k", "x", "\u{ff}",
    ];
    for _ in 0..crate::common::cases(30_000) {
        let line: String = (0..random.below(12))
            .map(|_| words[random.below(11) as usize])
            .collect();
        let options = parse(&line);
        assert!(line.as_bytes().ends_with(options.application));
        if !line.trim_start().starts_with("--solo5:") {
            assert_eq!(options.application, line.as_bytes());
        }
    }
}

#[test]
fn the_watchdog_has_two_names() {
    for line in ["--watchdog=30 rest", "--solo5:watchdog=30 rest"] {
        let options = parse(line);
        assert_eq!((options.watchdog, options.error), (Some(30), None));
        assert_eq!(options.application, b"rest");
    }
    let options = parse("--solo5:norandom --watchdog=4294967295 --solo5:quiet x");
    assert_eq!(
        (options.random, options.watchdog, options.level),
        (false, Some(u32::MAX), Level::Error)
    );
    assert_eq!(options.application, b"x");
    assert!(parse("").random);
    for value in [
        "",
        "0",
        "1k",
        "-1",
        "4294967296",
        "1.5",
        "99999999999999999999",
    ] {
        let line = format!("--watchdog={value} rest");
        let options = parse(&line);
        assert_eq!(options.watchdog, None, "{value}");
        assert_eq!(
            options.error.map(|(error, _)| error),
            Some(Error::BadSeconds),
            "{value}"
        );
        assert_eq!(options.application, b"rest");
    }
    // Further on, and by other names, it is the application's.
    for line in [
        "rest --watchdog=3",
        "--watchdog 3",
        "--watchdogs=3",
        "-watchdog=3",
    ] {
        let options = parse(line);
        assert_eq!((options.watchdog, options.error), (None, None));
        assert_eq!(options.application, line.as_bytes());
    }
}

#[test]
fn devices_are_named_by_options() {
    let options = Options::parse(
        b"--solo5:net:a=3 --solo5:block:a=51712  --solo5:net:a=4 --solo5:net-memory=256k --solo5:block-memory=x app --solo5:net:b=1",
    );
    assert_eq!(options.error, None);
    assert_eq!(options.application, b"app --solo5:net:b=1");
    assert_eq!(options.device(b"net", b"a"), Some(&b"4"[..]));
    assert_eq!(options.device(b"block", b"a"), Some(&b"51712"[..]));
    assert_eq!(options.device(b"net", b"b"), None);
    assert_eq!(options.device(b"net", b""), None);
    assert_eq!(options.device_memory(b"net"), Ok(Some(256 << 10)));
    assert_eq!(options.device_memory(b"block"), Err(Error::BadSize));
    assert_eq!(Options::parse(b"app").device_memory(b"net"), Ok(None));
    assert_eq!(
        Options::parse(b"--solo5:network=1 app")
            .error
            .map(|(error, _)| error),
        Some(Error::Unknown)
    );
}

#[test]
fn queues_of_a_device_are_as_many_as_it_can_have() {
    let queues = |line: &'static str| {
        let options = Options::parse(line.as_bytes());
        assert_eq!((options.error, options.application), (None, &b"app"[..]));
        options.device_queues(b"net", 4)
    };
    assert_eq!(queues("app"), Ok(1));
    assert_eq!(queues("--solo5:net-queues=1 app"), Ok(1));
    let of_disks = Options::parse(b"--solo5:net-queues=2 --solo5:block-queues=3 app");
    assert_eq!(of_disks.application, b"app");
    assert_eq!(of_disks.device_queues(b"block", 4), Ok(3));
    assert_eq!(
        queues("--solo5:net-queues=9 --solo5:net-queues=4 app"),
        Ok(4)
    );
    for value in ["", "0", "5", "9", "04", "-1", "4k", "x", "40", "4,"] {
        let line = format!("--solo5:net-queues={value} app").leak();
        assert_eq!(queues(line), Err(Error::BadQueues), "{value}");
    }
}
