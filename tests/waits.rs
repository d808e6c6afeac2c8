// SPDX-License-Identifier: ISC
//! One processor: what the only thread, or all of them, would wait for, for ever, is a crash that names the function, within
//! a moment; a thread's stack and the memory for threads end with a word; and mprotect, page by page, never makes anything
//! both writable and executable. The guest is `xen_waits`.

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
fn threads_that_wait_for_each_other_are_named() {
    let outcome = run("circle");
    let text = outcome.text();
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    assert!(
        text.contains("pthread_mutex_lock: all 3 threads would wait for ever"),
        "{outcome}"
    );
    for line in [
        "thread 1 \"mirage\" waits in pthread_join for 0x",
        "thread 2 \"one\" waits in pthread_mutex_lock for 0x",
        "thread 3 \"other\" waits in pthread_mutex_lock for 0x",
    ] {
        assert!(text.contains(line), "{line}: {outcome}");
    }
}

#[test]
fn a_threads_stack_ends_with_a_word() {
    let outcome = run("overflow");
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    let line = "thread 2 \"deep\" ran over the end of its stack, stack of ";
    assert!(outcome.text().contains(line), "{outcome}");
    assert!(outcome.text().contains("page fault"), "{outcome}");
}

#[test]
fn threads_end_where_memory_does() {
    let outcome = run("exhaust");
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    let line = "refused with EAGAIN: 1, many: 1, as many again: 1";
    assert!(outcome.text().contains(line), "{outcome}");
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
