// SPDX-License-Identifier: ISC
//! Reads a crash report as the core writes it.

/// A report's parts, without the prefix of its lines.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// What stands before the registers.
    pub causes: Vec<String>,
    /// The stack trace, line by line, as it is.
    pub frames: Vec<String>,
    /// What comes after it.
    pub rest: Vec<String>,
}

impl Report {
    /// The report among some lines, if it is there from its first line to its last.
    pub fn find(lines: &[String]) -> Option<Report> {
        let start = lines
            .iter()
            .position(|line| line == "Solo5: ---- crash report ----")?;
        let end = lines
            .iter()
            .position(|line| line == "Solo5: ---- end of crash report ----")?;
        let lines: Vec<String> = lines[start + 1..end]
            .iter()
            .map(|line| Some(line.strip_prefix("Solo5: ")?.to_owned()))
            .collect::<Option<_>>()?;
        let registers = lines.iter().position(|line| line.starts_with("rax="))?;
        let stack = lines.iter().position(|line| line == "stack:")?;
        assert_eq!(
            stack,
            registers + 6,
            "fifteen registers and rip, rsp, rflags"
        );
        let frames = lines[stack + 1..]
            .iter()
            .take_while(|line| line.starts_with("  ") || line.starts_with("? "));
        let rest = stack + 1 + frames.clone().count();
        Some(Report {
            causes: lines[..registers].to_vec(),
            frames: frames.cloned().collect(),
            rest: lines[rest..].to_vec(),
        })
    }

    /// Whether a line after the trace contains some text.
    pub fn has(&self, text: &str) -> bool {
        self.rest.iter().any(|line| line.contains(text))
    }

    /// Where each frame runs or is returned to, up to the first one that was guessed or left out.
    pub fn certain_frames(&self) -> Vec<u64> {
        let address = |line: &String| u64::from_str_radix(line.trim().split(' ').next()?, 16).ok();
        self.frames.iter().map_while(address).collect()
    }

    /// The names of the frames without their addresses and offsets, OCaml's without its numbers, Rust's inner functions left
    /// out, and those of OCaml's runtime and libc that have a frame with some compilers only; `?` before one that was guessed,
    /// `...` for a remark.
    pub fn named_frames(&self) -> Vec<String> {
        let name = |line: &String| {
            let (guessed, line) = match line.strip_prefix("? ") {
                Some(line) => ("?", line),
                None => ("", line.trim()),
            };
            if line.starts_with("...") {
                return Some("...".into());
            }
            let (_, name) = line.split_once(' ')?;
            let name = match name.rsplit_once("+0x") {
                Some((name, _)) => name,
                None => name,
            };
            // `camlModule__function_number` of OCaml 4, `camlModule.function_number` of OCaml 5.
            let dotted = name.replace('.', "__");
            let name = if name.starts_with("caml") {
                &dotted
            } else {
                name
            };
            let name = match name.rsplit_once('_') {
                Some((function, number))
                    if name.starts_with("caml") && number.parse::<u32>().is_ok() =>
                {
                    function
                }
                _ => name,
            };
            let in_some_builds =
                ["caml_c_call", "caml_callback_exn", "vprintf", "vfprintf"].contains(&name);
            (!name.contains("::") && !in_some_builds).then(|| format!("{guessed}{name}"))
        };
        self.frames.iter().filter_map(name).collect()
    }
}

/// Whether a line is as expected, where `…` stands for a number.
pub fn matches(line: &str, expected: &str) -> bool {
    let mut rest = line;
    for (i, piece) in expected.split('…').enumerate() {
        if i > 0 {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == 'x');
        }
        match rest.strip_prefix(piece) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}
