// SPDX-License-Identifier: ISC
//! The libraries of network interfaces and disks are installed with mirage-xen, for both eras and the short way.

use super::*;

/// That a domain with a disk of 1 MiB and an interface has the use of both.
fn uses_devices(elf: &Path) {
    let outcome = Lab::shared().run(Guest {
        config: vec![
            r#"disk = ["script=block-lab,vdev=xvda,access=rw,format=raw,target=@DIR@/disk.img"]"#
                .into(),
            r#"vif = ["script=vif-lab-own"]"#.into(),
        ],
        files: vec![("disk.img".into(), vec![0; 1 << 20])],
        timeout: std::time::Duration::from_secs(300),
        ..Guest::new(elf)
    });
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    let text = outcome.text();
    for line in ["disk: 2048 sectors, same", "net: mtu 1500"] {
        assert!(
            text.lines().any(|said| said.trim_end() == line),
            "{line} / {outcome}"
        );
    }
}

#[test]
fn libraries_of_devices_are_installed_for_the_second_era_and_xen_ocaml() {
    let folder = work("devices");
    let script = format!(
        "export PATH='{PLACE}/bin':$PATH OCAMLFIND_CONF='{PLACE}/lib/mirage-xen-rs/findlib.conf'
        ocamlfind -toolchain solo5 ocamlopt -package mirage-xen.net,mirage-xen.block -linkpkg \
            -cclib '-z solo5-abi=xen' devices.ml -o second.xen &&
        xen-ocaml build devices.ml --package mirage-xen.net,mirage-xen.block -o short.xen"
    );
    builds(&in_bookworm(&folder, &script));
    uses_devices(&folder.join("second.xen"));
    uses_devices(&folder.join("short.xen"));
}

#[test]
fn libraries_of_devices_are_installed_for_the_first_era() {
    let folder = work("devices first");
    let words = [
        "./first-era.sh",
        "/opt/first",
        "devices",
        "devices.xen",
        "mirage-xen.net",
        "mirage-xen.block",
    ];
    builds(&in_root(
        "bookworm",
        first_era(),
        "/opt/first",
        &folder,
        &words,
    ));
    uses_devices(&folder.join("devices.xen"));
}

/// Whatever library of MirageOS ours takes types from where it is there, opam is to install before ours.
#[test]
fn opam_knows_the_libraries_that_are_used_where_they_are_there() {
    let mut chosen = Vec::new();
    for entry in fs::read_dir(checkout().join("ocaml")).expect("part of the checkout") {
        let path = entry.expect("readable").path().join("dune");
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        for (at, _) in text.match_indices("(select") {
            let rule = &text[at..];
            let names = &rule[rule.find("from").expect("from")..];
            let names =
                &names[names.find('(').expect("a choice") + 1..names.find("->").expect("an arrow")];
            // A library's package is what comes before the first dot.
            chosen.extend(
                names
                    .split_whitespace()
                    .map(|name| name.split('.').next().expect("a name").to_owned()),
            );
        }
    }
    assert!(chosen.len() > 5, "{chosen:?}");
    for file in ["mirage-xen.opam", "mirage-xen6.opam"] {
        let text = fs::read_to_string(checkout().join("opam").join(file)).expect("a package");
        let at = text.find("depopts: [").expect("depopts");
        let optional = &text[at..at + text[at..].find(']').expect("an end")];
        for name in &chosen {
            assert!(optional.contains(&format!("\"{name}\"")), "{file}: {name}");
        }
    }
}
