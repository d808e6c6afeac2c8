// SPDX-License-Identifier: ISC
//! What comes and goes.

use super::*;

#[test]
fn uninstall_leaves_what_was_there_and_nothing_else() {
    let prefix = empty("exact");
    fs::create_dir_all(prefix.join("lib/pkgconfig")).expect("writable");
    fs::write(prefix.join("lib/pkgconfig/other.pc"), "another's").expect("writable");
    let before = everything(&prefix);
    let place = format!("PREFIX={}", prefix.display());
    makes(&["install", "ERA=pkg-config", &place]);
    let installed = everything(&prefix);
    for file in [
        "bin/solo5-elftool",
        "include/solo5-bindings-xen/solo5/solo5.h",
        "include/solo5-bindings-xen/crt/stddef.h",
        "include/ocaml-freestanding/stdio.h",
        "include/ocaml-freestanding/caml/mlvalues.h",
        "include/ocaml-freestanding/_freestanding/overrides.h",
        "lib/solo5-bindings-xen/solo5_xen.o",
        "lib/solo5-bindings-xen/solo5_xen.lds",
        "lib/ocaml-freestanding/META",
        "lib/ocaml-freestanding/libasmrun.a",
        "lib/ocaml-freestanding/libnolibc.a",
        "lib/ocaml-freestanding/libopenlibm.a",
        "lib/ocaml-freestanding/cflags",
        "lib/ocaml-freestanding/libs",
        "lib/mirage-xen/libmirage-xen_bindings.a",
        "lib/mirage-xen/oS.cmxa",
        "lib/pkgconfig/solo5-bindings-xen.pc",
        "lib/pkgconfig/ocaml-freestanding.pc",
        "lib/pkgconfig/mirage-xen.pc",
    ] {
        assert!(installed.contains_key(&prefix.join(file)), "{file}");
    }
    // A second install is the same; another package beside it has its own list.
    makes(&["install", "ERA=pkg-config", &place]);
    assert!(installed == everything(&prefix), "a second install differs");
    makes(&["install-solo5", &place]);
    makes(&["uninstall", "ERA=pkg-config", &place]);
    assert!(
        prefix.join("bin/solo5-elftool").exists(),
        "solo5 has it too"
    );
    makes(&["uninstall-solo5", &place]);
    assert_eq!(before, everything(&prefix));
    fails_with(&make(&["uninstall", &place], &[]), &["nothing to remove"]);
}

#[test]
fn a_prefix_that_was_not_there_is_gone_again() {
    let above = empty("new");
    let place = format!("PREFIX={}", above.join("a/b c").display());
    makes(&["install-solo5", &place]);
    assert!(above.join("a/b c/bin/x86_64-solo5-none-static-cc").exists());
    makes(&["uninstall-solo5", &place]);
    assert!(!above.join("a/b c").exists());
}
