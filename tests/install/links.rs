// SPDX-License-Identifier: ISC
//! Links that cannot be: the installed linkers of both eras say each in one line, with what to do, end with status 2 and leave no
//! image. And what they do with one that can.

use super::*;

/// The commands that link, as a shell's words: the toolchain's compiler and linker, and the first era's link line.
fn linkers() -> [(&'static str, String); 3] {
    let prefix = both_eras().display();
    let era = format!("{prefix}/lib/solo5-bindings-xen");
    [
        (
            "x86_64-solo5-none-static-cc",
            format!("'{prefix}/bin/x86_64-solo5-none-static-cc' -z solo5-abi=xen"),
        ),
        (
            "x86_64-solo5-none-static-ld",
            format!("'{prefix}/bin/x86_64-solo5-none-static-ld' -z solo5-abi=xen"),
        ),
        (
            "xen-ld",
            format!(
                "PKG_CONFIG_PATH='{prefix}/lib/pkgconfig'; export PKG_CONFIG_PATH; \
                 eval \"$(pkg-config solo5-bindings-xen --variable=ld) $(pkg-config solo5-bindings-xen --variable=ldflags) $*\" #"
            ),
        ),
    ]
    .map(|(name, words)| {
        assert!(Path::new(&era).join("xen-ld").exists());
        (name, words)
    })
}

fn compile(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(format!("{name}.c")), text).expect("writable");
    let compiler = both_eras().join("bin/x86_64-solo5-none-static-cc");
    succeeds(
        Command::new(compiler)
            .args(["-c", &format!("{name}.c")])
            .current_dir(folder),
    );
}

/// A folder with a program that is whole but for `more`, which is compiled in.
fn program(name: &str, more: &str) -> PathBuf {
    let folder = empty(name);
    compile(
        &folder,
        "main",
        &format!(
            "#include <solo5.h>\n{more}\n\
             int solo5_app_main(const struct solo5_start_info *i) {{ (void)i; solo5_console_write(\"linked\\n\", 7); return wants(); }}\n"
        ),
    );
    fs::write(
        folder.join("manifest.json"),
        "{ \"type\": \"solo5.manifest\", \"version\": 1, \"devices\": [] }",
    )
    .expect("writable");
    succeeds(
        Command::new(both_eras().join("bin/solo5-elftool"))
            .args(["gen-manifest", "manifest.json", "manifest.c"])
            .current_dir(&folder),
    );
    let text = fs::read_to_string(folder.join("manifest.c")).expect("made");
    compile(&folder, "manifest", &text);
    folder
}

fn link(folder: &Path, linker: &str, words: &str) -> Output {
    let script = format!("set -- -o image main.o manifest.o {words}; {linker} \"$@\"");
    run(Command::new("sh").args(["-c", &script]).current_dir(folder))
}

/// That this link is refused by each of the linkers, which names itself and says these words.
fn refused(folder: &Path, words: &str, said: &[&str]) {
    for (name, linker) in linkers() {
        let output = link(folder, &linker, words);
        fails_with(&output, said);
        assert!(String::from_utf8_lossy(&output.stderr).starts_with(&format!("{name}: ")));
        assert!(!folder.join("image").exists(), "{name} left an image");
    }
}

/// An object turned into one for another machine.
fn foreign(folder: &Path, from: &str, to: &str) {
    let mut object = fs::read(folder.join(from)).expect("an object");
    object[18] = 183;
    fs::write(folder.join(to), object).expect("writable");
}

#[test]
fn a_link_that_can_be_has_the_names_of_its_functions() {
    let folder = program("links", "static int wants(void) { return 0; }");
    for (name, linker) in linkers() {
        let output = link(&folder, &linker, "");
        builds(&output);
        assert!(output.stderr.is_empty(), "{output:?}");
        says(&folder.join("image"), &["linked"]);
        let identity = Command::new(checkout().join("tools/xen-symbols"))
            .args(["--identity", "image"])
            .current_dir(&folder)
            .output()
            .expect("started");
        assert!(identity.status.success(), "{name}: no names");
        fs::remove_file(folder.join("image")).expect("there");
    }
}

/// `ocaml-freestanding/yield.c` comes before the threads library's function.
#[test]
fn ocamls_thread_yield_is_a_turn_first() {
    let folder = program(
        "yields",
        "int caml_thread_yield(int); static int wants(void) { return caml_thread_yield(1); }",
    );
    compile(
        &folder,
        "threads",
        "#include <solo5.h>\nint caml_thread_yield(int unit) { return unit; }\n\
         int __wrap_caml_thread_yield(int unit) { solo5_console_write(\"a turn\\n\", 7); return unit - 1; }\n",
    );
    for (_, linker) in linkers() {
        builds(&link(&folder, &linker, "threads.o"));
        says(&folder.join("image"), &["linked", "a turn"]);
        fs::remove_file(folder.join("image")).expect("there");
    }
}

#[test]
fn undefined_and_double_symbols_are_a_line_each() {
    let folder = program("symbols", "int wants(void);");
    refused(
        &folder,
        "",
        &[
            "main.o wants wants, which nothing defines",
            "name the object",
        ],
    );
    for name in ["one", "two"] {
        compile(&folder, name, "int wants(void) { return 0; }\n");
    }
    refused(
        &folder,
        "one.o two.o",
        &[
            "wants is defined twice, in one.o and in two.o",
            "link only one",
        ],
    );
    // What an archive brings is named with its member.
    compile(
        &folder,
        "three",
        "int missing(void);\nint wants(void) { return missing(); }\n",
    );
    succeeds(
        Command::new("ar")
            .args(["rc", "libthree.a", "three.o"])
            .current_dir(&folder),
    );
    refused(
        &folder,
        "-L. -lthree",
        &["libthree.a(three.o) wants missing, which nothing defines"],
    );
}

#[test]
fn what_is_of_another_machine_is_named() {
    let folder = program("machines", "int wants(void);");
    compile(&folder, "other", "int wants(void) { return 0; }\n");
    foreign(&folder, "other.o", "arm.o");
    succeeds(
        Command::new("ar")
            .args(["rc", "libarm.a", "arm.o"])
            .current_dir(&folder),
    );
    let remedy = ["a domain is x86-64", "install or build"];
    refused(
        &folder,
        "arm.o",
        &["arm.o is for AArch64", remedy[0], remedy[1]],
    );
    refused(
        &folder,
        "libarm.a",
        &["libarm.a(arm.o) is for AArch64", remedy[0], remedy[1]],
    );
    refused(
        &folder,
        "-L. -larm",
        &["libarm.a is for another machine", remedy[0], remedy[1]],
    );
}

#[test]
fn files_that_are_not_there_or_no_objects_are_named() {
    let folder = program("files", "static int wants(void) { return 0; }");
    refused(
        &folder,
        "-lnonesuch",
        &["no archive libnonesuch.a", "install the library"],
    );
    refused(&folder, "nonesuch.o", &["nonesuch.o", "build it first"]);
    fs::write(folder.join("text.o"), "no object\n").expect("writable");
    refused(
        &folder,
        "text.o",
        &["text.o is neither an object nor an archive"],
    );
    refused(
        &folder,
        "-o /dev/null/image",
        &["/dev/null/image", "name another place with -o"],
    );
}

/// What the C compiler itself complains of is not ours to say.
#[test]
fn a_c_compilers_own_complaints_stay() {
    let folder = program("complaints", "static int wants(void) { return 0; }");
    fs::write(
        folder.join("bad.c"),
        "int bad(void) { return undeclared; }\n",
    )
    .expect("writable");
    let output = link(&folder, &linkers()[0].1, "bad.c");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("bad.c:1:") && text.contains("undeclared"),
        "{text}"
    );
    assert!(!folder.join("image").exists());
}

/// The first era's runtime is of one compiler, and the program's object of that in PATH.
#[test]
fn the_first_eras_link_line_refuses_another_compilers_object() {
    let folder = program("compilers", "static int wants(void) { return 0; }");
    let bin = folder.join("bin");
    fs::create_dir(&bin).expect("writable");
    fs::write(bin.join("ocamlfind"), "#!/bin/sh\necho 4.99.0\n").expect("writable");
    succeeds(Command::new("chmod").arg("+x").arg(bin.join("ocamlfind")));
    let linker = format!("PATH='{}':$PATH; {}", bin.display(), linkers()[2].1);
    let runtime = both_eras().join("lib/ocaml-freestanding");
    let output = link(&folder, &linker, &format!("\"'-L{}'\"", runtime.display()));
    fails_with(
        &output,
        &[
            "the compiler is OCaml 4.99.0",
            &format!("is OCaml {}'s", compiler_version()),
            "install mirage-xen-rs again",
        ],
    );
    assert!(!folder.join("image").exists());
}

#[test]
fn a_toolchain_without_its_compiler_says_so() {
    let folder = work("no compiler");
    let wrapper = both_eras().join("lib/ocaml-solo5");
    let copy = empty("no compiler's").join("a prefix");
    succeeds(
        Command::new("cp")
            .arg("-R")
            .arg(wrapper.parent().and_then(Path::parent).expect("a prefix"))
            .arg(&copy),
    );
    fs::write(
        copy.join("lib/ocaml-solo5/compiler"),
        format!(
            "version={}\ncompiler=/nonexistent/ocamlopt\n",
            compiler_version()
        ),
    )
    .expect("writable");
    let bin = folder.join("bin");
    fs::create_dir(&bin).expect("writable");
    for tool in ["sh", "readlink", "dirname", "basename"] {
        let found = succeeds(Command::new("sh").args(["-c", &format!("command -v {tool}")]));
        std::os::unix::fs::symlink(found.trim_end(), bin.join(tool)).expect("writable");
    }
    let output = run(Command::new(copy.join("lib/ocaml-solo5/bin/ocamlopt"))
        .args(["hello.ml", "-o", "no.xen"])
        .current_dir(&folder)
        .env("PATH", &bin));
    fails_with(
        &output,
        &[
            "no OCaml compiler",
            "/nonexistent/ocamlopt",
            &compiler_version(),
        ],
    );
    assert!(!folder.join("no.xen").exists());
}
