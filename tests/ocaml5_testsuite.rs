// SPDX-License-Identifier: ISC
//! The OCaml compiler's own test programs, as `tests/testsuite/build` made guests of them: what each prints equals the
//! reference beside it in the compiler's sources. `make testsuite OCAML=5.3` runs them all, `make test OCAML=5.3` one in ten.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason, guests};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// As many guests at once: each has to be created by dom0, one after the other.
const SIDE_BY_SIDE: usize = 4;

/// At most this part of the programs that need no file and no process may be left out, in percent.
const MOST_LEFT_OUT: usize = 5;

/// Facilities without which a program is none of those: a module that is linked at run time comes from a file.
const FILES_AND_PROCESSES: [&str; 3] = ["dynamic linking", "files", "processes"];

/// A line of the manifest.
fn line(text: &str) -> Vec<&str> {
    text.split('\t').collect()
}

fn run(image: &str, parameters: &str) -> Outcome {
    let parameters = match parameters {
        "-" => String::new(),
        some => format!(" OCAMLRUNPARAM={some}"),
    };
    Lab::shared().run(Guest {
        memory: 128,
        cmdline: format!("--solo5:quiet{parameters}"),
        timeout: Duration::from_secs(300),
        ..Guest::new(image)
    })
}

/// What is wrong with a program's end or output; nothing if all is well.
fn judge(columns: &[&str]) -> Option<String> {
    let [_, _, image, reference, status, parameters, order] = columns else {
        return Some(format!("a line of {} columns", columns.len()));
    };
    let outcome = run(image, parameters);
    let mut printed = outcome.text().replace('\r', "");
    // The status is told by a line in Xen's log, which may be lost when two domains end at the same time.
    let mut ended = outcome.reason == Reason::Poweroff
        && outcome.exit_status.map_or("0".into(), |s| s.to_string()) == *status;
    // An exception that nobody catches is status 2 on Linux, and mostly a crash here, which libc names.
    if *status == "2" && outcome.reason == Reason::Crash {
        let report = printed.find("Solo5: ---- crash report ----");
        printed.truncate(report.unwrap_or(printed.len()));
        ended = true;
    }
    if !ended {
        return Some(format!("{outcome}"));
    }
    let wanted = match *reference {
        "-" => String::new(),
        // Bytes that are no UTF-8 become the same mark here as in what the lab read.
        path => {
            let bytes = std::fs::read(path).expect("read the reference");
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let mut printed: Vec<&str> = printed.lines().collect();
    let wanted: Vec<&str> = wanted.lines().collect();
    if *order == "sorted" {
        printed.sort_unstable();
    }
    (printed != wanted).then(|| {
        let pairs = printed.iter().zip(&wanted);
        let differ = pairs.enumerate().find(|(_, (a, b))| a != b);
        format!("{differ:?}, {} lines of {}", printed.len(), wanted.len())
    })
}

#[test]
fn the_compilers_own_programs() {
    let manifest = guests()
        .parent()
        .expect("a folder")
        .join("testsuite/manifest");
    let text = std::fs::read_to_string(&manifest).expect("manifest: make testsuite OCAML=5.3");
    let lines: Vec<_> = text.lines().map(line).collect();
    let filter = std::env::var("MIRAGE_XEN_TESTSUITE").unwrap_or_default();
    let programs: Vec<_> = lines
        .iter()
        .filter(|l| l[0] == "run" && l[1].contains(&filter))
        .collect();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(columns) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(why) = judge(columns) {
                        eprintln!("{}: {why}", columns[1]);
                        wrong.lock().expect("lock").insert(columns[1], why);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("lock");
    let names: Vec<_> = wrong.keys().collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {names:?}",
        wrong.len(),
        programs.len()
    );
    // What could run here and does not.
    let count = |wanted: &dyn Fn(&[&str]) -> bool| lines.iter().filter(|l| wanted(l)).count();
    let lacks = |l: &[&str], kinds: &[&str]| {
        l[0] == "out" && kinds.iter().any(|kind| l[2].starts_with(kind))
    };
    let could = count(&|l| l[0] == "run" || l[0] == "later");
    let files = count(&|l| lacks(l, &FILES_AND_PROCESSES));
    let left_out = count(&|l| l[0] == "out") - files;
    println!(
        "{} of {could} programs run; left out: {files} that need files or processes, {left_out} for another lack",
        programs.len()
    );
    assert!(!programs.is_empty(), "no program to run");
    let all = could + left_out;
    assert!(
        left_out * 100 <= all * MOST_LEFT_OUT,
        "{left_out} of {all} left out"
    );
}
