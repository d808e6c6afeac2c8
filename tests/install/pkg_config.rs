// SPDX-License-Identifier: ISC
//! The pkg-config era, mirage 3.

use super::*;

#[test]
fn the_first_eras_link_line_makes_a_domain() {
    let folder = work("first era");
    // The prefix was moved: nothing in what pkg-config says depends on where it was meant for.
    let words = ["./first-era.sh", "/mnt/moved here", "hello", "hello.xen"];
    builds(&in_root(
        "bookworm",
        both_eras(),
        "/mnt/moved here",
        &folder,
        &words,
    ));
    says(
        &folder.join("hello.xen"),
        &[&format!("Hello from OCaml {}", compiler_version())],
    );
}

#[test]
fn the_first_era_alone_has_mirage_xen_6_and_zarith_under_its_freestanding_name() {
    let prefix = first_era();
    let folder = work("first alone");
    let link = |program: &str, libraries: &[&str]| {
        let output = format!("{program}.xen");
        let mut words = vec!["./first-era.sh", "/opt/first", program, &output];
        words.extend(libraries);
        builds(&in_root("bookworm", prefix, "/opt/first", &folder, &words));
    };
    link("first", &["lwt", "cstruct", "mirage-xen"]);
    says(&folder.join("first.xen"), &["first era"]);
    link("big", &["zarith", "zarith-freestanding"]);
    says(
        &folder.join("big.xen"),
        &["118181386580595879976868414312001964434038548836769923458287039207"],
    );
}
