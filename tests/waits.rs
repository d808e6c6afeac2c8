// SPDX-License-Identifier: ISC
//! One processor, one thread: what would wait for ever is a crash that names the function, within a moment; and mprotect,
//! page by page, never makes anything both writable and executable. The guest is `xen_waits`.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason, guests};

fn run(case: &str) -> Outcome {
    Lab::shared().run(Guest {
        cmdline: format!("--solo5:quiet {case}"),
        ..Guest::new(guests().join("xen_waits.xen"))
    })
}

#[test]
fn a_wait_for_ever_is_a_crash_with_a_name() {
    for (case, function) in [
        ("mutex", "pthread_mutex_lock"),
        ("condition", "pthread_cond_wait"),
        ("semaphore", "sem_wait"),
        ("barrier", "pthread_barrier_wait"),
        ("spin", "pthread_spin_lock"),
        ("rwlock", "pthread_rwlock_wrlock"),
    ] {
        let outcome = run(case);
        assert_eq!(outcome.reason, Reason::Crash, "{case}: {outcome}");
        let why = format!("{function}: the only thread would wait for ever");
        assert!(outcome.text().contains(&why), "{case}: {outcome}");
        assert!(!outcome.text().contains("went on"), "{case}: {outcome}");
    }
}

#[test]
fn nothing_becomes_writable_and_executable() {
    let outcome = run("rights");
    let text = outcome.text().replace('\r', "");
    let wanted = "mmap executable: 1 1\nmprotect executable: 1\nmprotect writable and executable: 1\n\
                  mprotect text writable: 1\nmprotect constants writable: 1\nmprotect variables: 1\n\
                  mprotect one page of two: 0\nthey hold 1 2\n";
    assert!(text.starts_with(wanted), "{outcome}");
    // The write to the page that is read-only now.
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    assert!(text.contains("page fault"), "{outcome}");
    assert!(!text.contains("went on"), "{outcome}");
}
