// SPDX-License-Identifier: ISC
//! JSON (RFC 8259) with the line of every value, which a complaint about a manifest has to name.

/// A value and the line that it starts on, counted from 1.
#[derive(Debug, PartialEq)]
pub struct Value {
    pub line: usize,
    pub kind: Kind,
}

#[derive(Debug, PartialEq)]
pub enum Kind {
    Null,
    Boolean(bool),
    /// An integer that fits; other numbers are `Real`.
    Integer(i64),
    Real,
    String(String),
    Array(Vec<Value>),
    /// Members in their order, duplicates included.
    Object(Vec<(String, Value)>),
}

impl Kind {
    /// What a message calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Null => "NULL",
            Kind::Boolean(_) => "BOOLEAN",
            Kind::Integer(_) => "INTEGER",
            Kind::Real => "REAL",
            Kind::String(_) => "STRING",
            Kind::Array(_) => "ARRAY",
            Kind::Object(_) => "OBJECT",
        }
    }
}

/// Nested deeper than this is no manifest.
const DEPTH: usize = 32;

/// Reads a whole text. The error is `LINE: what`.
pub fn parse(text: &str) -> Result<Value, String> {
    let mut parser = Parser {
        rest: text,
        line: 1,
        depth: 0,
    };
    let value = parser.value()?;
    parser.blank();
    match parser.rest.is_empty() {
        true => Ok(value),
        false => Err(parser.error("more after the end")),
    }
}

struct Parser<'a> {
    rest: &'a str,
    line: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, what: &str) -> String {
        format!("{}: JSON: {what}", self.line)
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = &self.rest[character.len_utf8()..];
        self.line += usize::from(character == '\n');
        Some(character)
    }

    fn blank(&mut self) {
        while self.rest.starts_with([' ', '\t', '\r', '\n']) {
            self.next();
        }
    }

    /// Takes one character after blanks, if it is that one.
    fn take(&mut self, wanted: char) -> bool {
        self.blank();
        let is = self.rest.starts_with(wanted);
        if is {
            self.next();
        }
        is
    }

    fn value(&mut self) -> Result<Value, String> {
        self.blank();
        if self.depth == DEPTH {
            return Err(self.error("nested too deep"));
        }
        self.depth += 1;
        let line = self.line;
        let kind = match self.rest.chars().next() {
            Some('{') => self.object()?,
            Some('[') => self.array()?,
            Some('"') => Kind::String(self.string()?),
            Some('-' | '0'..='9') => self.number()?,
            Some(_) => self.word()?,
            None => return Err(self.error("a value is missing at the end")),
        };
        self.depth -= 1;
        Ok(Value { line, kind })
    }

    fn object(&mut self) -> Result<Kind, String> {
        self.next();
        let mut members = Vec::new();
        if self.take('}') {
            return Ok(Kind::Object(members));
        }
        loop {
            self.blank();
            if !self.rest.starts_with('"') {
                return Err(self.error("expected a member's name"));
            }
            let name = self.string()?;
            if !self.take(':') {
                return Err(self.error("expected :"));
            }
            members.push((name, self.value()?));
            if self.take('}') {
                return Ok(Kind::Object(members));
            }
            if !self.take(',') {
                return Err(self.error("expected , or }"));
            }
        }
    }

    fn array(&mut self) -> Result<Kind, String> {
        self.next();
        let mut values = Vec::new();
        if self.take(']') {
            return Ok(Kind::Array(values));
        }
        loop {
            values.push(self.value()?);
            if self.take(']') {
                return Ok(Kind::Array(values));
            }
            if !self.take(',') {
                return Err(self.error("expected , or ]"));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(character) if character >= ' ' => text.push(character),
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("a string without an end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        Ok(match self.next() {
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode(),
            _ => return Err(self.error("an unknown escape in a string")),
        })
    }

    /// The four digits after `\u`; of a surrogate pair, both halves.
    fn unicode(&mut self) -> Result<char, String> {
        let high = self.four_digits()?;
        let code = match high {
            0xd800..0xdc00 if self.rest.starts_with("\\u") => {
                self.rest = &self.rest[2..];
                let low = self.four_digits()?;
                0x1_0000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff)
            }
            other => other,
        };
        char::from_u32(code).ok_or_else(|| self.error("half of a surrogate pair"))
    }

    fn four_digits(&mut self) -> Result<u32, String> {
        let digits = self.rest.get(..4).unwrap_or("");
        let valid = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| valid);
        let code = code.ok_or_else(|| self.error("\\u without four digits"))?;
        self.rest = &self.rest[4..];
        Ok(code)
    }

    fn number(&mut self) -> Result<Kind, String> {
        let end = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        if let Ok(number) = digits.parse::<i64>() {
            return Ok(Kind::Integer(number));
        }
        match digits.parse::<f64>() {
            Ok(_) => Ok(Kind::Real),
            Err(_) => Err(self.error("not a number")),
        }
    }

    fn word(&mut self) -> Result<Kind, String> {
        for (word, kind) in [
            ("true", Kind::Boolean(true)),
            ("false", Kind::Boolean(false)),
            ("null", Kind::Null),
        ] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(kind);
            }
        }
        Err(self.error("not a value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        parse(text).expect("JSON").kind
    }

    #[test]
    fn values_are_read_with_their_lines() {
        assert_eq!(kind(" null "), Kind::Null);
        assert_eq!(kind("[true,false]").name(), "ARRAY");
        assert_eq!(kind("-12"), Kind::Integer(-12));
        assert_eq!(kind("1.5e3"), Kind::Real);
        assert_eq!(
            kind(r#""a\n\u00e9\ud83d\ude00""#),
            Kind::String("a\né😀".into())
        );
        let Kind::Object(members) = kind("{\n\"a\":\n1}") else {
            panic!("an object")
        };
        assert_eq!(members[0].1.line, 3);
    }

    #[test]
    fn what_is_no_json_is_refused_with_the_line() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "\"a",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\u00\"",
            "1 2",
            "nul",
            "--1",
            "\"\n\"",
        ] {
            parse(text).expect_err(text);
        }
        assert!(parse("{\n\n!").expect_err("bad").starts_with("3: "));
        assert!(
            parse(&"[".repeat(100_000))
                .expect_err("deep")
                .contains("deep")
        );
    }
}
