// SPDX-License-Identifier: ISC
//! Declarations: their types against the host's, their names against libc's list of exports.

use super::tables::{EXPORTED_ONLY, PROTOTYPE_EXCEPTIONS};
use super::{headers, include, include_all, our_flags, public_headers, scratch, succeed};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Prototypes as gcc understands them, by name, spelled so that equal types read alike.
fn prototypes(name: &str, flags: &[String]) -> BTreeMap<String, String> {
    let source = scratch(
        &format!("{name}_prototypes.c"),
        &("#define _GNU_SOURCE\n".to_owned() + &include_all(&public_headers())),
    );
    let info = source.with_extension("txt");
    succeed(
        Command::new("gcc")
            .args(["-std=gnu11", "-fsyntax-only", "-aux-info"])
            .arg(&info)
            .args(flags)
            .arg(&source),
    );
    let text = std::fs::read_to_string(&info).expect("read prototypes");
    let mut found = BTreeMap::new();
    for line in text.lines() {
        // "/* file:line:NC */ extern int puts (const char *);"; a function that does not return reads "volatile".
        let Some((_, declaration)) = line.split_once("*/ extern ") else {
            continue;
        };
        let Some((head, arguments)) = declaration.split_once(" (") else {
            continue;
        };
        let start = head.rfind([' ', '*']).map_or(0, |at| at + 1);
        let words = format!("{} ({arguments}", &head[..start])
            .replace("struct _IO_FILE", "FILE")
            .replace("__CONST_SOCKADDR_ARG", "const struct sockaddr *")
            .replace("__SOCKADDR_ARG", "struct sockaddr *")
            .replace("volatile ", "");
        let plain: String = words
            .split_inclusive(|c: char| !c.is_alphanumeric() && c != '_')
            .map(plain_word)
            .collect();
        found.insert(
            head[start..].to_owned(),
            plain.split_whitespace().collect::<Vec<_>>().join(" "),
        );
    }
    found
}

/// glibc writes `__off_t` where a program would write `off_t`; qualifiers on arguments mean nothing to a caller.
fn plain_word(word: &str) -> String {
    let (name, rest) = word.split_at(
        word.find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(word.len()),
    );
    let name = match name {
        "restrict" | "__restrict" => "",
        _ if name.starts_with("__") && name.ends_with("_t") => &name[2..],
        _ => name,
    };
    format!("{name}{rest}")
}

#[test]
fn prototypes_are_glibcs() {
    let ours = prototypes("ours", &our_flags("gcc"));
    let glibcs = prototypes("glibc", &[]);
    assert!(ours.len() > 500, "only {} prototypes", ours.len());
    let different: Vec<String> = ours
        .iter()
        .filter(|(name, text)| glibcs.get(*name) != Some(text))
        .filter(|(name, _)| {
            !PROTOTYPE_EXCEPTIONS
                .iter()
                .any(|(exception, _)| exception == name)
        })
        .map(|(name, text)| format!("{name}: ours {text}, glibc {:?}", glibcs.get(name)))
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// What C code can name through the headers: functions, objects and function-like macros.
fn declared() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = prototypes("declared", &our_flags("gcc"))
        .into_keys()
        .collect();
    for header in headers() {
        let text = std::fs::read_to_string(include().join(&header)).expect("read header");
        for line in text.lines() {
            if let Some(object) = line.strip_prefix("extern ").filter(|_| line.ends_with(';')) {
                let words = object.split(|c: char| !c.is_alphanumeric() && c != '_');
                names.extend(words.map(String::from));
            }
            let call = line
                .strip_prefix("#define ")
                .and_then(|rest| rest.split_once('('));
            names.extend(
                call.filter(|(name, _)| !name.contains(' '))
                    .map(|(name, _)| name.to_owned()),
            );
        }
    }
    names
}

/// The names in libc's reviewed list of exports.
fn exported() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/libc/exports.txt");
    let text = std::fs::read_to_string(&path).expect("read libc's list of exports");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_whitespace().next())
        .map(String::from)
        .collect()
}

#[test]
fn headers_declare_what_libc_exports() {
    let exported = exported();
    let ours = prototypes("exported", &our_flags("gcc"));
    let phantom: Vec<&String> = ours
        .keys()
        .filter(|name| !exported.contains(*name))
        .collect();
    assert!(
        phantom.is_empty(),
        "declared, but not exported by libc: {phantom:?}"
    );

    let declared = declared();
    let hidden: Vec<&String> = exported
        .iter()
        .filter(|name| !declared.contains(*name))
        // Names that only compiled code uses: glibc's internal ones, and those of its 64-bit files, which all are here.
        .filter(|name| !name.starts_with('_') && !name.ends_with("64"))
        .filter(|name| !EXPORTED_ONLY.iter().any(|(exception, _)| exception == name))
        .collect();
    assert!(
        hidden.is_empty(),
        "exported by libc, but declared nowhere: {hidden:?}"
    );
}
