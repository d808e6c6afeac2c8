// SPDX-License-Identifier: ISC
//! The page for stub authors names every function that libc exports, and no other.

use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn page_and_list_name_the_same_functions() {
    let list = read("src/libc/exports.txt");
    let listed: BTreeSet<&str> = list
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .filter_map(|l| l.split(' ').next())
        .collect();
    let page = read("docs/libc.md");
    let sections = page.find("\n## ").expect("sections");
    let mut named = BTreeSet::new();
    for line in page[sections..].lines() {
        // A line of names, or an entry that begins with one.
        let names = if line.starts_with("- `") {
            line.split('`')
                .skip(1)
                .step_by(2)
                .take(1)
                .collect::<Vec<_>>()
        } else {
            line.split('`').skip(1).step_by(2).collect()
        };
        named.extend(names);
    }
    assert_eq!(
        listed.difference(&named).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "not on the page"
    );
    assert_eq!(
        named.difference(&listed).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "on the page only"
    );
}
