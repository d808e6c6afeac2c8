// SPDX-License-Identifier: ISC
//! `solo5-elftool`, with the command line and the outputs of Solo5's own: makes the C file of an application's manifest, and
//! reads manifest and ABI back from an image. Every error is one line and exit status 1.

#![forbid(unsafe_code)]

mod json;
mod manifest;
mod note;

use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

const USAGE: &str = "usage: solo5-elftool COMMAND ...

COMMAND is:
    gen-manifest SOURCE OUTPUT
        makes the C file OUTPUT from the manifest SOURCE, which is JSON; - is standard input or output
    query-manifest BINARY
        shows the manifest of an image
    query-abi BINARY
        shows which Solo5 target an image is for, and the version of its ABI
    --version
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["gen-manifest", source, output] => generate(source, output),
        ["query-manifest", binary] => query(binary, manifest::of_image),
        ["query-abi", binary] => query(binary, abi),
        ["--version"] => print(&format!("solo5-elftool {}\n", env!("CARGO_PKG_VERSION"))),
        ["--help" | "-h"] => print(USAGE),
        _ => Err(USAGE.trim_end().into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("solo5-elftool: {message}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> Result<(), String> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| format!("standard output: {error}"))
}

fn generate(source: &str, output: &str) -> Result<(), String> {
    let mut text = Vec::new();
    match source {
        "-" => io::stdin().read_to_end(&mut text).map(|_| ()),
        path => fs::read(path).map(|bytes| text = bytes),
    }
    .map_err(|error| format!("{source}: {error}"))?;
    let text = String::from_utf8(text).map_err(|_| format!("{source}: not UTF-8"))?;
    let devices = manifest::parse(&text).map_err(|error| format!("{source}:{error}"))?;
    let code = manifest::to_c(&devices);
    match output {
        "-" => print(&code),
        path => fs::write(path, code).map_err(|error| format!("{path}: {error}")),
    }
}

fn query(binary: &str, show: fn(&[u8]) -> Result<String, String>) -> Result<(), String> {
    let image = fs::read(binary).map_err(|error| format!("{binary}: {error}"))?;
    print(&show(&image).map_err(|error| format!("{binary}: {error}"))?)
}

/// What Solo5's ABI1 note says, as JSON.
fn abi(image: &[u8]) -> Result<String, String> {
    let found = note::find(image, b"Solo5\0", note::ABI1)?;
    let found = found.ok_or("no Solo5 ABI information found in executable")?;
    let word = |index: usize| note::u32_at(found.descriptor(), 4 * index);
    let (Some(target), Some(version)) = (word(0), word(1)) else {
        return Err("the note with Solo5's ABI is too short".into());
    };
    let target = match target {
        1 => "hvt",
        2 => "spt",
        3 => "virtio",
        4 => "muen",
        5 => "genode",
        6 => "xen",
        _ => "unknown",
    };
    Ok(format!(
        "{{\n  \"type\": \"solo5.abi\",\n  \"target\": \"{target}\",\n  \"version\": {version}\n}}\n"
    ))
}
