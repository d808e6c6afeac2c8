// SPDX-License-Identifier: ISC
//! Solo5's application manifest: from JSON to C, and from an image to JSON. `include/solo5/mft_abi.h` has its layout.

use crate::json::{self, Kind, Value};
use crate::note;

/// What a manifest may hold, and the number that stands for it in an image.
const TYPES: [(&str, u32); 2] = [("BLOCK_BASIC", 1), ("NET_BASIC", 2)];
/// Devices; one more entry is the manifest's own.
const MAX_DEVICES: usize = 63;
const NAME_MAX: usize = 67;
/// `struct mft_entry`: its size, and where its type is after the name.
const ENTRY: usize = 104;
const ENTRY_TYPE: usize = 68;
const RESERVED: u32 = 1 << 30;

#[derive(Debug, PartialEq)]
pub struct Device {
    name: String,
    kind: &'static str,
}

/// Reads a manifest's JSON. The error is `LINE: what`.
pub fn parse(text: &str) -> Result<Vec<Device>, String> {
    let root = json::parse(text)?;
    let line = root.line;
    let (mut kind, mut version, mut devices) = (None, None, None);
    for (name, value) in object(root, "(root)")? {
        match name.as_str() {
            "type" => kind = Some((value.line, string(value, ".type")?)),
            "version" => version = Some(value),
            "devices" => devices = Some(value),
            _ => return Err(format!("{}: (root): unknown key: {name}", value.line)),
        }
    }
    match kind {
        None => return Err(format!("{line}: missing .type")),
        Some((line, text)) if text != "solo5.manifest" => {
            return Err(format!(
                "{line}: .type: invalid value, expected \"solo5.manifest\""
            ));
        }
        Some(_) => {}
    }
    let version = version.ok_or(format!("{line}: missing .version"))?;
    match version.kind {
        Kind::Integer(1) => {}
        Kind::Integer(other) => {
            return Err(format!(
                "{}: .version: invalid version {other}, expected 1",
                version.line
            ));
        }
        _ => return Err(unexpected(&version, ".version", "INTEGER")),
    }
    let devices = devices.ok_or(format!("{line}: missing .devices[]"))?;
    let at = devices.line;
    let Kind::Array(values) = devices.kind else {
        return Err(unexpected(&devices, ".devices", "ARRAY"));
    };
    if values.len() > MAX_DEVICES {
        return Err(format!(
            "{at}: .devices[]: too many entries, maximum {MAX_DEVICES}"
        ));
    }
    values.into_iter().map(device).collect()
}

fn device(value: Value) -> Result<Device, String> {
    let line = value.line;
    let (mut name, mut kind) = (None, None);
    for (key, value) in object(value, ".devices[]")? {
        let at = value.line;
        match key.as_str() {
            "name" => name = Some((at, string(value, ".devices[...]")?)),
            "type" => kind = Some((at, string(value, ".devices[...]")?)),
            _ => return Err(format!("{at}: .devices[...]: unknown key: {key}")),
        }
    }
    let (at, name) = name.ok_or(format!("{line}: .devices[...]: missing .name"))?;
    let wrong = if name.is_empty() {
        Some(".name may not be empty")
    } else if name.len() > NAME_MAX {
        Some("name too long")
    } else if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Some("name is not alphanumeric")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        return Err(format!("{at}: .devices[...]: {wrong}"));
    }
    let (at, kind) = kind.ok_or(format!("{line}: .devices[...]: missing .type"))?;
    let known = TYPES.iter().find(|(known, _)| *known == kind);
    let (kind, _) = known.ok_or(format!(
        "{at}: .devices[...]: unknown type: {kind} (known: BLOCK_BASIC, NET_BASIC)"
    ))?;
    Ok(Device { name, kind })
}

fn unexpected(value: &Value, place: &str, wanted: &str) -> String {
    format!(
        "{}: {place}: expected {wanted}, got {}",
        value.line,
        value.kind.name()
    )
}

fn object(value: Value, place: &str) -> Result<Vec<(String, Value)>, String> {
    match value.kind {
        Kind::Object(members) => Ok(members),
        _ => Err(unexpected(&value, place, "OBJECT")),
    }
}

fn string(value: Value, place: &str) -> Result<String, String> {
    match value.kind {
        Kind::String(text) => Ok(text),
        _ => Err(unexpected(&value, place, "STRING")),
    }
}

/// The C file that defines the manifest, for `mft_abi.h` of Solo5 or of this project.
pub fn to_c(devices: &[Device]) -> String {
    let entries = devices.len() + 1;
    let mut code = format!(
        "/* Made by solo5-elftool {}; do not edit. */\n\n#define MFT_ENTRIES {entries}\n#include \"mft_abi.h\"\n\n\
         MFT1_NOTE_DECLARE_BEGIN\n{{\n  .version = MFT_VERSION,\n  .entries = {entries},\n  .e = {{\n    \
         {{ .name = \"\", .type = MFT_RESERVED_FIRST }},\n",
        env!("CARGO_PKG_VERSION")
    );
    for Device { name, kind } in devices {
        code += &format!("    {{ .name = \"{name}\", .type = MFT_DEV_{kind} }},\n");
    }
    code + "  }\n}\nMFT1_NOTE_DECLARE_END\n"
}

/// The manifest of an image, as JSON that `gen-manifest` takes again.
pub fn of_image(image: &[u8]) -> Result<String, String> {
    let found = note::find(image, b"Solo5\0", note::MFT1)?;
    let manifest = found
        .ok_or("no Solo5 manifest found in executable")?
        .aligned(8);
    let invalid = || String::from("the Solo5 manifest is not valid");
    let count = match (note::u32_at(manifest, 0), note::u32_at(manifest, 4)) {
        (Some(1), Some(count)) if count as usize <= MAX_DEVICES + 1 => count as usize,
        _ => return Err(invalid()),
    };
    let mut devices = Vec::new();
    for index in 0..count {
        let start = 8 + index * ENTRY;
        let entry = manifest.get(start..start + ENTRY).ok_or_else(invalid)?;
        let kind = note::u32_at(entry, ENTRY_TYPE).ok_or_else(invalid)?;
        if kind >= RESERVED {
            continue;
        }
        let name: Vec<u8> = entry[..ENTRY_TYPE]
            .iter()
            .copied()
            .take_while(|&byte| byte != 0)
            .collect();
        let named = name.len() <= NAME_MAX && name.iter().all(u8::is_ascii_alphanumeric);
        let known = TYPES.iter().find(|(_, number)| *number == kind);
        let (Some((kind, _)), true) = (known, named) else {
            return Err(invalid());
        };
        devices.push(format!(
            "    {{ \"name\": \"{}\", \"type\": \"{kind}\" }}",
            String::from_utf8_lossy(&name)
        ));
    }
    let mut list = devices.join(",\n");
    if !list.is_empty() {
        list.push('\n');
    }
    Ok(format!(
        "{{\n  \"type\": \"solo5.manifest\",\n  \"version\": 1,\n  \"devices\": [\n{list}  ]\n}}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{ "type": "solo5.manifest", "version": 1,
        "devices": [ { "name": "service0", "type": "NET_BASIC" }, { "name": "storage", "type": "BLOCK_BASIC" } ] }"#;

    #[test]
    fn a_manifest_becomes_c() {
        let code = to_c(&parse(GOOD).expect("a manifest"));
        assert!(code.contains("#define MFT_ENTRIES 3\n#include \"mft_abi.h\"\n"));
        assert!(code.contains("{ .name = \"service0\", .type = MFT_DEV_NET_BASIC },"));
        assert!(code.contains("{ .name = \"storage\", .type = MFT_DEV_BLOCK_BASIC },"));
    }

    #[test]
    fn what_is_no_manifest_is_refused_by_name() {
        let long = format!(
            r#"{{"type":"solo5.manifest","version":1,"devices":[{}]}}"#,
            vec![r#"{"name":"a","type":"NET_BASIC"}"#; 64].join(",")
        );
        let name = |name: &str| GOOD.replace("service0", name);
        for (text, why) in [
            (GOOD.replace("solo5.manifest", "other"), "1: .type"),
            (GOOD.replace(": 1,", ": 2,"), "invalid version 2"),
            (
                GOOD.replace("NET_BASIC", "SOUND"),
                "2: .devices[...]: unknown type",
            ),
            (
                GOOD.replace("\"type\": \"NET", "\"kind\": \"NET"),
                "unknown key: kind",
            ),
            (
                GOOD.replace("\"devices\"", "\"device\""),
                "unknown key: device",
            ),
            (name(""), "may not be empty"),
            (name("a b"), "not alphanumeric"),
            (name(&"a".repeat(68)), "too long"),
            ("[]".into(), "1: (root): expected OBJECT, got ARRAY"),
            ("{}".into(), "1: missing .type"),
            (long, "too many entries"),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.contains(why), "{error} / {why}");
        }
        assert!(parse(&name(&"a".repeat(67))).is_ok());
    }

    /// An image with nothing but one segment of notes.
    fn image(notes: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 120];
        image[..6].copy_from_slice(b"\x7fELF\x02\x01");
        image[32] = 64;
        image[54] = 56;
        image[56] = 1;
        image[64] = 4;
        image[64 + 8] = 120;
        image[64 + 32..64 + 36].copy_from_slice(&(notes.len() as u32).to_le_bytes());
        image.extend_from_slice(notes);
        image
    }

    fn manifest(entries: &[(&[u8], u32)]) -> Vec<u8> {
        let mut body = vec![0; 4];
        body.extend_from_slice(&1u32.to_le_bytes());
        body.extend_from_slice(&(entries.len() as u32).to_le_bytes());
        for (name, kind) in entries {
            let mut entry = vec![0; ENTRY];
            entry[..name.len()].copy_from_slice(name);
            entry[ENTRY_TYPE..ENTRY_TYPE + 4].copy_from_slice(&kind.to_le_bytes());
            body.extend(entry);
        }
        let mut note = Vec::new();
        for word in [6, body.len() as u32, note::MFT1] {
            note.extend_from_slice(&word.to_le_bytes());
        }
        note.extend_from_slice(b"Solo5\0\0\0");
        note.extend(body);
        note
    }

    #[test]
    fn an_images_manifest_is_what_made_it() {
        let found = of_image(&image(&manifest(&[
            (b"", RESERVED),
            (b"service0", 2),
            (b"storage", 1),
        ])))
        .expect("a manifest");
        assert_eq!(parse(&found), parse(GOOD));
        let none = of_image(&image(&manifest(&[(b"", RESERVED)]))).expect("a manifest");
        assert_eq!(parse(&none), Ok(Vec::new()));
    }

    #[test]
    fn no_image_makes_it_panic() {
        let good = image(&manifest(&[(b"", RESERVED), (b"service0", 2)]));
        of_image(&[]).expect_err("empty");
        for end in 0..good.len() {
            of_image(&good[..end]).expect_err("cut off");
        }
        for at in 0..good.len() {
            for value in [0x00, 0x7f, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = of_image(&bad);
            }
        }
    }
}
