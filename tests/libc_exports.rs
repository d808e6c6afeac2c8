// SPDX-License-Identifier: ISC
//! The list of what libc exports, beside what its two archives define and ask for.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The list's lines: name, archive, kind.
fn list() -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(Path::new(ROOT).join("src/libc/exports.txt")).unwrap();
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let [name, archive, kind] = fields[..] else {
                panic!("not NAME ARCHIVE KIND: {line:?}")
            };
            (name.into(), archive.into(), kind.into())
        })
        .collect()
}

/// Symbols that `nm` finds in an archive with these options.
fn symbols(archive: &str, options: &[&str]) -> BTreeSet<String> {
    let path = Path::new(ROOT).join("target/parts").join(archive);
    assert!(
        path.exists(),
        "{} is missing: run make parts",
        path.display()
    );
    let output = Command::new("nm")
        .args(options)
        .arg(&path)
        .output()
        .expect("nm (Debian package binutils)");
    assert!(
        output.status.success(),
        "nm {}: {}",
        path.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|l| !l.ends_with(':'))
        .filter_map(|l| l.split_whitespace().last())
        .map(Into::into)
        .collect()
}

#[test]
fn list_is_well_formed() {
    let list = list();
    let names: BTreeSet<&String> = list.iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), list.len(), "a name is listed twice");
    for (name, archive, kind) in &list {
        assert!(
            ["nolibc", "openlibm"].contains(&archive.as_str()),
            "{name}: {archive}"
        );
        assert!(
            ["real", "constant", "refused"].contains(&kind.as_str()),
            "{name}: {kind}"
        );
    }
}

/// ISO C11's functions of the headers that the surface has whole, but for those of files and of a command processor,
/// do what the standard says; of wchar.h there is what printf and scanf need.
#[test]
fn iso_functions_are_real() {
    let excepted = [
        "fopen",
        "freopen",
        "remove",
        "rename",
        "system",
        "tmpfile",
        "tmpnam",
        // Of one locale, and of an encoding without states, nothing else can be said.
        "localeconv",
        "mbsinit",
    ];
    let mathematics = "acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 frexp ilogb ldexp log
        log10 log1p log2 logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma tgamma ceil floor nearbyint rint
        lrint llrint round lround llround trunc fmod remainder remquo copysign nan nextafter nexttoward fdim fmax fmin fma";
    let others = "memcpy memmove strcpy strncpy strcat strncat memcmp strcmp strcoll strncmp strxfrm memchr strchr strcspn
        strpbrk strrchr strspn strstr strtok memset strerror strlen atof atoi atol atoll strtod strtof strtold strtol strtoll
        strtoul strtoull rand srand aligned_alloc calloc free malloc realloc abort atexit at_quick_exit exit _Exit getenv
        quick_exit system bsearch qsort abs labs llabs div ldiv lldiv mblen mbtowc wctomb mbstowcs wcstombs remove rename
        tmpfile tmpnam fclose fflush fopen freopen setbuf setvbuf fprintf fscanf printf scanf snprintf sprintf sscanf vfprintf
        vfscanf vprintf vscanf vsnprintf vsprintf vsscanf fgetc fgets fputc fputs getc getchar putc putchar puts ungetc fread
        fwrite fgetpos fseek fsetpos ftell rewind clearerr feof ferror perror isalnum isalpha isblank iscntrl isdigit isgraph
        islower isprint ispunct isspace isupper isxdigit tolower toupper __errno_location feclearexcept fegetexceptflag
        feraiseexcept fesetexceptflag fetestexcept fegetround fesetround fegetenv feholdexcept fesetenv feupdateenv setjmp
        _setjmp longjmp clock difftime mktime time timespec_get asctime ctime gmtime localtime strftime imaxabs imaxdiv
        strtoimax strtoumax wcstoimax wcstoumax __assert_fail signal raise setlocale localeconv btowc mbrlen mbrtowc mbsinit mbsrtowcs wcrtomb
        wcsrtombs wctob";
    let kinds: std::collections::BTreeMap<String, String> = list()
        .into_iter()
        .map(|(name, _, kind)| (name, kind))
        .collect();
    let mut names: Vec<String> = others.split_whitespace().map(Into::into).collect();
    for name in mathematics.split_whitespace() {
        names.extend(["", "f", "l"].map(|suffix| format!("{name}{suffix}")));
    }
    for name in names {
        let kind = kinds.get(&name).map(String::as_str);
        let real = !excepted.contains(&name.as_str());
        assert!(
            kind.is_some() && real == (kind == Some("real")),
            "{name}: {kind:?}"
        );
    }
}

#[test]
fn archives_define_what_is_listed_and_nothing_else() {
    for archive in ["nolibc", "openlibm"] {
        let listed: BTreeSet<String> = list()
            .into_iter()
            .filter(|(_, a, _)| a == archive)
            .map(|(n, ..)| n)
            .collect();
        let defined = symbols(
            &format!("lib{archive}.a"),
            &["--defined-only", "--extern-only"],
        );
        assert_eq!(
            listed.difference(&defined).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "listed, not in {archive}"
        );
        assert_eq!(
            defined.difference(&listed).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "in {archive}, not listed"
        );
    }
}

/// libc reaches the machine through Solo5's API alone; what only our own Solo5 part has, or only some of upstream's, is
/// looked for weakly. The mathematics call functions of libc that compiled code is always allowed to call.
#[test]
fn archives_ask_for_solo5_alone() {
    let api = [
        "solo5_abort",
        "solo5_clock_monotonic",
        "solo5_clock_wall",
        "solo5_console_write",
        "solo5_exit",
        "solo5_yield",
    ];
    let thread_local = [
        "__stack_chk_guard",
        "solo5_set_tls_base",
        "solo5_tls_init",
        "solo5_tls_size",
        "solo5_tls_tp_offset",
    ];
    let mathematics = ["memcpy", "memmove", "memset", "strlen"];
    for archive in ["libnolibc.a", "libopenlibm.a"] {
        for name in symbols(archive, &["--undefined-only"]) {
            // OCaml's hooks, where its runtime is linked: threads take turns there.
            let hooks = ["caml_minor_gc_end_hook", "caml_major_slice_end_hook"];
            let weak = name.starts_with("solo5__xen_")
                || hooks.contains(&name.as_str())
                || thread_local.contains(&name.as_str())
                || (archive == "libopenlibm.a" && mathematics.contains(&name.as_str()));
            assert!(
                weak || api.contains(&name.as_str()),
                "{archive} asks for {name}"
            );
        }
    }
}

/// Names of the host's libc that stub archives ask for and that are not here, each with its reason.
const NOT_HERE: &[(&str, &str)] = &[];

/// What Debian's archives of C stubs ask of glibc is there, if only to fail with the errno that they expect. The runtime is
/// none of them: it is built anew for a domain; archives for upstream's freestanding targets are empty in Debian.
#[test]
fn stub_archives_find_what_they_ask_of_libc() {
    let tell = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
        assert!(output.status.success(), "{program} {arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let mut glibc = BTreeSet::new();
    for library in ["libc.so.6", "libm.so.6"] {
        let path = tell("gcc", &[&format!("-print-file-name={library}")]);
        let names = tell("nm", &["-D", "--defined-only", path.trim()]);
        let names = names.lines().filter_map(|l| l.split_whitespace().last());
        glibc.extend(names.map(|name| name.split('@').next().unwrap().to_owned()));
    }
    let mut here: BTreeSet<String> = list().into_iter().map(|(name, ..)| name).collect();
    here.extend(["__stack_chk_fail", "__tls_get_addr"].map(String::from));
    here.extend(NOT_HERE.iter().map(|(name, _)| (*name).to_owned()));

    let folder = tell("ocamlfind", &["printconf", "stdlib"]);
    let found = tell("find", &[folder.trim(), "-name", "lib*.a"]);
    let archives: Vec<&str> = found
        .lines()
        .filter(|path| !path.contains("run") && !path.contains("_freestanding"))
        .collect();
    assert!(
        archives.iter().any(|path| path.ends_with("/libunix.a")) && archives.len() > 10,
        "{archives:?}: run lab/setup"
    );
    let mut missing = Vec::new();
    for archive in archives {
        let asked = tell("nm", &["--undefined-only", archive]);
        let asked = asked
            .lines()
            .filter_map(|line| line.trim().strip_prefix("U "));
        let asked: BTreeSet<String> = asked.map(Into::into).collect();
        missing.extend(
            asked
                .intersection(&glibc)
                .filter(|name| !here.contains(*name))
                .map(|name| format!("{name} ({archive})")),
        );
    }
    assert_eq!(missing, Vec::<String>::new());
}
