//! Reads JSON that Terraform renders before it is JSON: a heredoc, or the file of `templatefile`. A variable may be in
//! a text or in the place of a value. An object with a variable in a key is an opaque expression, because the key may
//! be any key.

use std::ops::Range;

use serde_json::Value;

use super::scanner::Scanner;
use super::{DEEPEST, Expression, ExpressionKind, Fault, Member, Object};

/// Reads the only JSON value in the range of the text. If `is_template`, Terraform replaces `${…}` in the text; else
/// these marks are part of a text.
pub(in crate::sources::terraform) fn read(
    text: &str,
    range: Range<usize>,
    is_template: bool,
) -> Result<Expression, Fault> {
    let mut reader = Reader { scanner: Scanner::new(text, range), is_template };
    let found = reader.value(0)?;
    reader.skip_blanks();
    let Reader { scanner, .. } = reader;
    if scanner.at < scanner.end { scanner.fault("this is behind the end of the JSON value") } else { Ok(found) }
}

/// The message of the fault that a directive of a template, such as `%{ if … }`, is in the place of a value, or opens a
/// part that does not end in the same text.
const DIRECTIVE: &str = "a template directive builds the JSON";

struct Reader<'t> {
    scanner: Scanner<'t>,
    is_template: bool,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        while self.scanner.peek(0).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.scanner.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Expression, Fault> {
        self.skip_blanks();
        if depth > DEEPEST {
            return self.scanner.fault("the values are nested too deeply");
        }
        let start = self.scanner.at;
        let kind = match self.scanner.peek(0) {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => self.text()?,
            Some(b'$') if self.is_template && self.scanner.peek(1) == Some(b'{') => {
                self.scanner.skip_enclosure()?;
                ExpressionKind::Opaque
            }
            Some(b'%') if self.is_template && self.scanner.peek(1) == Some(b'{') => {
                return self.scanner.fault(DIRECTIVE);
            }
            _ => self.word()?,
        };
        Ok(Expression { range: start..self.scanner.at, kind })
    }

    /// Reads a number, a boolean or null.
    fn word(&mut self) -> Result<ExpressionKind, Fault> {
        let rest = &self.scanner.text[self.scanner.at..self.scanner.end];
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        match serde_json::from_str::<Value>(word) {
            Ok(value) => {
                self.scanner.at += word.len();
                Ok(ExpressionKind::Literal(value))
            }
            Err(_) => self.scanner.fault("this is not a JSON value"),
        }
    }

    fn text(&mut self) -> Result<ExpressionKind, Fault> {
        let start = self.scanner.at;
        // The text as JSON without variables: a variable is written as the inner part of a JSON string.
        let (mut json, mut is_variable) = (String::from('"'), false);
        let mut open_directives = 0;
        self.scanner.at += 1;
        loop {
            let from = self.scanner.at;
            match (self.scanner.peek(0), self.scanner.peek(1), self.scanner.peek(2)) {
                (None | Some(b'\n'), ..) => {
                    return Err(Fault { at: start, message: "the text has no closing quotation mark on its line" });
                }
                (Some(b'"'), ..) => break,
                (Some(b'\\'), Some(_), _) => {
                    let c = self.scanner.text[from + 1..].chars().next().map_or(1, char::len_utf8);
                    self.scanner.at += 1 + c;
                    json.push_str(&self.scanner.text[from..self.scanner.at]);
                }
                (Some(b'$'), Some(b'$'), Some(b'{')) | (Some(b'%'), Some(b'%'), Some(b'{')) if self.is_template => {
                    self.scanner.at += 3;
                    json.push_str(&self.scanner.text[from + 1..self.scanner.at]);
                }
                (Some(b'$' | b'%'), Some(b'{'), _) if self.is_template => {
                    self.scanner.skip_enclosure()?;
                    open_directives += nesting(&self.scanner.text[from..self.scanner.at]);
                    let variable = Value::from(&self.scanner.text[from..self.scanner.at]).to_string();
                    json.push_str(&variable[1..variable.len() - 1]);
                    is_variable = true;
                }
                _ => {
                    let c = self.scanner.text[from..].chars().next().map_or(1, char::len_utf8);
                    self.scanner.at += c;
                    json.push_str(&self.scanner.text[from..self.scanner.at]);
                }
            }
        }
        if open_directives != 0 {
            return Err(Fault { at: start, message: DIRECTIVE });
        }
        self.scanner.at += 1;
        json.push('"');
        match serde_json::from_str::<String>(&json) {
            Ok(text) if is_variable => Ok(ExpressionKind::Template(text)),
            Ok(text) => Ok(ExpressionKind::Text(text)),
            Err(_) => Err(Fault { at: start, message: "the text has an escape that JSON does not know" }),
        }
    }

    fn list(&mut self, depth: usize) -> Result<ExpressionKind, Fault> {
        self.scanner.at += 1;
        let mut items = Vec::new();
        self.skip_blanks();
        if self.scanner.take(b']') {
            return Ok(ExpressionKind::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_blanks();
            if self.scanner.take(b']') {
                return Ok(ExpressionKind::List(items));
            }
            if !self.scanner.take(b',') {
                return self.scanner.fault("a comma or the closing bracket is missing");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<ExpressionKind, Fault> {
        self.scanner.at += 1;
        let mut members = Vec::new();
        self.skip_blanks();
        if self.scanner.take(b'}') {
            return Ok(ExpressionKind::Object(Object { members, is_json: true }));
        }
        loop {
            self.skip_blanks();
            let start = self.scanner.at;
            if self.scanner.peek(0) != Some(b'"') {
                return self.scanner.fault("a key in quotation marks is missing");
            }
            let key = match self.text()? {
                ExpressionKind::Text(key) => Some(key),
                _ => None,
            };
            let name = start..self.scanner.at;
            self.skip_blanks();
            if !self.scanner.take(b':') {
                return self.scanner.fault("the colon behind the key is missing");
            }
            let value = self.value(depth + 1)?;
            self.skip_blanks();
            let comma = (self.scanner.peek(0) == Some(b',')).then_some(self.scanner.at);
            members.push(Member { key, name, value, comma });
            if self.scanner.take(b'}') {
                let is_known = members.iter().all(|member| member.key.is_some());
                let object = ExpressionKind::Object(Object { members, is_json: true });
                return Ok(if is_known { object } else { ExpressionKind::Opaque });
            }
            if !self.scanner.take(b',') {
                return self.scanner.fault("a comma or the closing brace is missing");
            }
        }
    }
}

/// Returns 1 for a directive that opens a part of a template, such as `%{ if … }`, -1 for one that closes a part, and 0
/// for anything else.
fn nesting(enclosure: &str) -> i32 {
    let Some(directive) = enclosure.strip_prefix("%{") else { return 0 };
    let directive = directive.trim_start_matches('~').trim_start();
    let word = &directive[..directive.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(directive.len())];
    match word {
        "if" | "for" => 1,
        "endif" | "endfor" => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_may_be_in_a_text_or_in_the_place_of_a_value() {
        let text = r#" [{"a": "x${lookup(m, "k")}\n", "b" : ${var.b}, "c": -1.5e3, "d": "$${e}", "f": null, "g": []}]
            "#;
        let ExpressionKind::List(items) = read(text, 0..text.len(), true).unwrap().kind else { panic!() };
        let ExpressionKind::Object(object) = &items[0].kind else { panic!() };
        let kinds: Vec<_> = object.members.iter().map(|member| member.value.kind.clone()).collect();
        assert_eq!(
            kinds,
            [
                ExpressionKind::Template("x${lookup(m, \"k\")}\n".into()),
                ExpressionKind::Opaque,
                ExpressionKind::Literal((-1500.0).into()),
                ExpressionKind::Text("${e}".into()),
                ExpressionKind::Literal(Value::Null),
                ExpressionKind::List(Vec::new()),
            ]
        );
        assert_eq!(&text[object.members[1].range()], "\"b\" : ${var.b}");
        assert!(object.is_json && object.members[0].comma.is_some() && object.members[5].comma.is_none());
    }

    #[test]
    fn an_object_with_a_variable_in_a_key_is_opaque() {
        let text = r#"[{"a": {"mode": "x", "${var.k}": "y"}, "$${b}": 1}]"#;
        let ExpressionKind::List(items) = read(text, 0..text.len(), true).unwrap().kind else { panic!() };
        let ExpressionKind::Object(object) = &items[0].kind else { panic!() };
        assert_eq!(object.members[0].value.kind, ExpressionKind::Opaque);
        assert_eq!(object.members[1].key.as_deref(), Some("${b}"));
    }

    #[test]
    fn what_serde_json_refuses_is_refused_here() {
        for text in [
            "",
            "[",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "[1 2]",
            "{\"a\" 1}",
            "[] []",
            "\"a",
            "tru",
            "01",
            "\"\\x\"",
            "[,]",
            "{\"a\":}",
            "\"a\tb\"",
            "// x\n[]",
        ] {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
            assert!(read(text, 0..text.len(), true).is_err(), "{text}");
            assert!(read(text, 0..text.len(), false).is_err(), "{text}");
        }
        for text in ["%{ if a }[]%{ endif }", r#"{"a": "b%{~ if c }", "d": "e%{ endif }"}"#] {
            assert_eq!(read(text, 0..text.len(), true).unwrap_err().message, DIRECTIVE, "{text}");
        }
        let text = r#""a%{ if b }c%{ else }d%{ endif }""#;
        assert!(matches!(read(text, 0..text.len(), true).unwrap().kind, ExpressionKind::Template(_)));
        let deep = "[".repeat(100_000);
        assert!(read(&deep, 0..deep.len(), true).is_err());
    }
}
