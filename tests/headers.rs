// SPDX-License-Identifier: ISC
//! The libc headers under `ocaml-freestanding/include`: they compile cleanly in every language standard with both
//! compilers, alone and twice, and agree with the host's glibc on the layout of every public structure, on the size and
//! sign of every type, on the value of every constant and on every function's prototype.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "headers/tables.rs"]
mod tables;

use tables::{MACRO_EXCEPTIONS, PROTOTYPE_EXCEPTIONS, STRUCTS, TYPES};

const COMPILERS: [&str; 2] = ["gcc", "clang"];
const STANDARDS: [(&str, &str); 4] = [("c", "c99"), ("c", "c11"), ("c", "gnu11"), ("c++", "c++17")];

fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ocaml-freestanding/include")
}

/// Every header, as a program names it, sorted.
fn headers() -> Vec<String> {
    fn walk(directory: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(directory).expect("read include") {
            let entry = entry.expect("directory entry");
            let name = format!(
                "{prefix}{}",
                entry.file_name().to_str().expect("UTF-8 name")
            );
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    walk(&include(), "", &mut found);
    found.sort();
    assert!(
        found.len() > 50,
        "only {} headers under include",
        found.len()
    );
    found
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}; install the Debian packages gcc and clang"))
}

fn succeed(command: &mut Command) -> Output {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The flags that make `compiler` see our headers and its own, and nothing of the host's.
fn our_flags(compiler: &str) -> Vec<String> {
    let own = succeed(Command::new(compiler).arg("-print-file-name=include")).stdout;
    let own = String::from_utf8(own).expect("UTF-8 path");
    [
        "-nostdinc",
        "-isystem",
        include().to_str().expect("UTF-8 path"),
        "-isystem",
        own.trim(),
    ]
    .map(String::from)
    .to_vec()
}

fn scratch(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("write a scratch file");
    path
}

fn include_all(names: &[String]) -> String {
    names.iter().fold(String::new(), |text, name| {
        text + "#include <" + name + ">\n"
    })
}

/// Headers that a program includes: not the shared pieces under `bits/`.
fn public_headers() -> Vec<String> {
    headers()
        .into_iter()
        .filter(|name| !name.starts_with("bits/"))
        .collect()
}

#[test]
fn each_header_compiles_cleanly_alone_and_twice() {
    for compiler in COMPILERS {
        let flags = our_flags(compiler);
        for (language, standard) in STANDARDS {
            for name in headers() {
                let text = format!("#include <{name}>\n#include <{name}>\nextern int something;\n");
                let source = scratch("one_header.c", &text);
                // -isystem silences warnings in headers; here they are what is looked for.
                succeed(
                    Command::new(compiler)
                        .args(["-x", language, &format!("-std={standard}"), "-fsyntax-only"])
                        .args([
                            "-Wall",
                            "-Wextra",
                            "-Wpedantic",
                            "-Wsystem-headers",
                            "-Werror",
                        ])
                        .args(&flags)
                        .arg(&source),
                );
            }
        }
    }
}

#[test]
fn all_headers_compile_together() {
    let text = include_all(&public_headers());
    for compiler in COMPILERS {
        let flags = our_flags(compiler);
        for (language, standard) in STANDARDS {
            for feature in [
                "-D_DEFAULT_SOURCE",
                "-D_GNU_SOURCE",
                "-D_POSIX_C_SOURCE=200809L",
            ] {
                let source = scratch("all_headers.c", &text);
                // clang++ and g++ define _GNU_SOURCE themselves.
                succeed(
                    Command::new(compiler)
                        .args([
                            "-x",
                            language,
                            &format!("-std={standard}"),
                            "-fsyntax-only",
                            "-U_GNU_SOURCE",
                            feature,
                        ])
                        .args([
                            "-Wall",
                            "-Wextra",
                            "-Wpedantic",
                            "-Wsystem-headers",
                            "-Werror",
                        ])
                        .args(&flags)
                        .arg(&source),
                );
            }
        }
    }
}

/// Whoever comes first, ours or the compiler's own, and with the headers that only the compiler has.
#[test]
fn compilers_headers_go_together_with_ours() {
    let own = [
        "float.h",
        "stdalign.h",
        "stdarg.h",
        "stdatomic.h",
        "stdbool.h",
        "stddef.h",
        "stdnoreturn.h",
        "immintrin.h",
    ];
    let checks =
        "_Static_assert(INT64_MAX == LONG_MAX && CHAR_BIT == 8 && PATH_MAX == 4096, \"limits\");\n";
    let text = include_all(&own.map(String::from)) + &include_all(&public_headers()) + checks;
    let source = scratch("both.c", &text);
    for compiler in COMPILERS {
        let ours_first = our_flags(compiler);
        let theirs_first = [0, 3, 4, 1, 2].map(|at| ours_first[at].clone()).to_vec();
        for flags in [ours_first, theirs_first] {
            succeed(
                Command::new(compiler)
                    .args(["-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"])
                    .args(&flags)
                    .arg(&source),
            );
        }
    }
}

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
