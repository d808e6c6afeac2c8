// SPDX-License-Identifier: ISC
//! Layouts and constants: one C table of them all, compiled against our headers and against the host's, printed twice.

use super::tables::{MACRO_EXCEPTIONS, STRUCTS, TYPES};
use super::{headers, include, include_all, our_flags, public_headers, scratch, succeed};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

/// The object-like macros that our headers define: name and replacement.
fn macros() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for header in headers() {
        let text = std::fs::read_to_string(include().join(&header)).expect("read header");
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("#define ") else {
                continue;
            };
            let Some((name, value)) = rest.split_once(' ') else {
                continue;
            };
            let private = name.starts_with("__")
                || name.ends_with("_H")
                || name.ends_with("_H_")
                || name.contains('(');
            if !private && !value.trim().is_empty() {
                found.insert(name.to_owned(), value.trim().to_owned());
            }
        }
    }
    found
}

/// A C table of everything to compare, in a form that both sets of headers compile.
fn probe() -> String {
    let mut text = String::from("#define _GNU_SOURCE\n");
    text += &include_all(&public_headers());
    text += "struct row { const char *name; long long value; const char *text; };\nconst struct row rows[] = {\n";
    for (name, members) in STRUCTS {
        let _ = writeln!(text, "{{ \"sizeof {name}\", sizeof({name}), 0 }},");
        let _ = writeln!(text, "{{ \"alignof {name}\", _Alignof({name}), 0 }},");
        for member in members.split_whitespace() {
            let _ = writeln!(
                text,
                "{{ \"{name}.{member}\", offsetof({name}, {member}), 0 }},"
            );
            let _ = writeln!(
                text,
                "{{ \"sizeof {name}.{member}\", sizeof((({name} *)0)->{member}), 0 }},"
            );
        }
    }
    for name in TYPES.split_whitespace() {
        let _ = writeln!(
            text,
            "{{ \"{name}\", sizeof({name}) * (({name})-1 < 0 ? -1 : 1), 0 }},"
        );
    }
    for register in
        "R8 R9 R10 R11 R12 R13 R14 R15 RDI RSI RBP RBX RDX RAX RCX RSP RIP EFL CSGSFS ERR TRAPNO OLDMASK CR2".split(' ')
    {
        let _ = writeln!(text, "{{ \"REG_{register}\", REG_{register}, 0 }},");
    }
    for name in [
        "ARG_MAX",
        "CLK_TCK",
        "OPEN_MAX",
        "VERSION",
        "PAGESIZE",
        "PAGE_SIZE",
        "IOV_MAX",
        "GETPW_R_SIZE_MAX",
        "GETGR_R_SIZE_MAX",
        "NPROCESSORS_CONF",
        "NPROCESSORS_ONLN",
        "PHYS_PAGES",
        "AVPHYS_PAGES",
        "MONOTONIC_CLOCK",
        "HOST_NAME_MAX",
    ] {
        let _ = writeln!(text, "{{ \"_SC_{name}\", _SC_{name}, 0 }},");
    }
    for (name, value) in macros() {
        let excepted = MACRO_EXCEPTIONS
            .iter()
            .any(|(exception, _)| *exception == name);
        // Objects, statements, initialisers and words of the language have no value.
        let valueless = value.starts_with('{')
            || value.starts_with("__")
            || value == name
            || value.contains("->")
            || value.starts_with("__builtin")
            || value.starts_with('_')
            || value.starts_with("sa_")
            || name.starts_with("si_")
            || name.starts_with("st_")
            || name.starts_with("sa_")
            || name == "errno"
            || name == "static_assert";
        if excepted || valueless || is_operator_word(&name) {
            continue;
        }
        let row = if value.starts_with('"') {
            format!("{{ \"{name}\", 0, {name} }},")
        } else {
            format!("{{ \"{name}\", (long long)({name}), 0 }},")
        };
        if name.starts_with("PTHREAD_MUTEX_") && !value.contains('{') {
            // Enumeration constants in glibc.
            let _ = writeln!(text, "{row}");
            continue;
        }
        let _ = writeln!(
            text,
            "#ifdef {name}\n{row}\n#else\n{{ \"{name}\", -424242, 0 }},\n#endif"
        );
    }
    text += "};\nconst unsigned row_count = sizeof rows / sizeof *rows;\n";
    text
}

fn is_operator_word(name: &str) -> bool {
    "and and_eq bitand bitor compl not not_eq or or_eq xor xor_eq"
        .split(' ')
        .any(|word| word == name)
}

/// Compiles the probe with `flags` and prints its table through the host's libc.
fn table(name: &str, flags: &[String]) -> BTreeMap<String, String> {
    let printer = scratch(
        &format!("{name}_printer.c"),
        "#include <stdio.h>\nstruct row { const char *name; long long value; const char *text; };\n\
         extern const struct row rows[]; extern const unsigned row_count;\n\
         int main(void) { for (unsigned i = 0; i < row_count; i++)\n\
         printf(\"%s\\t%lld%s\\n\", rows[i].name, rows[i].value, rows[i].text ? rows[i].text : \"\"); }\n",
    );
    let source = scratch(&format!("{name}_probe.c"), &probe());
    let object = source.with_extension("o");
    let program = source.with_extension("exe");
    succeed(
        Command::new("gcc")
            .args(["-std=gnu11", "-w", "-c", "-o"])
            .arg(&object)
            .args(flags)
            .arg(&source),
    );
    succeed(
        Command::new("gcc")
            .arg("-o")
            .arg(&program)
            .arg(&printer)
            .arg(&object),
    );
    let output = succeed(&mut Command::new(&program)).stdout;
    let text = String::from_utf8(output).expect("UTF-8 table");
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect()
}

#[test]
fn layouts_and_constants_are_glibcs() {
    let ours = table("ours", &our_flags("gcc"));
    let glibcs = table("glibc", &[]);
    assert!(ours.len() > 900, "only {} rows", ours.len());
    let different: Vec<String> = ours
        .iter()
        .filter(|(name, value)| glibcs.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}: ours {value}, glibc {:?}", glibcs.get(name)))
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}
