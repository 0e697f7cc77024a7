//! The cause of a JSON syntax error, and its place. The parser reports the byte at which it stopped, which is often
//! behind the cause: for example, it reports an unterminated string at the end of the line.

use serde_json::Error;

use crate::domain::text::placeholder;

pub(super) struct SyntaxError {
    /// The byte offset of the cause.
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

/// The text that the parser had read when it stopped.
struct Read {
    /// The start of the string that is still open.
    open_string: Option<usize>,
    /// The end of the last token. Tokens are strings, numbers, words and punctuation.
    last_end: usize,
}

/// The marks of template languages and deploy tools.
const TEMPLATE_MARKS: [&str; 8] = ["{{", "{%", "{#", "<%", "${", "$(", "%{", "((("];

impl SyntaxError {
    /// Returns the cause of `error`, which is the result of parsing `text`.
    pub(super) fn of(text: &str, error: &Error) -> Self {
        let shown = error.to_string();
        let message = shown.rsplit_once(" at line ").map_or(shown.as_str(), |(message, _)| message);
        let mut stopped = offset(text, error);
        let is_control = |at: usize| text.as_bytes().get(at).is_some_and(|byte| *byte < b' ');
        if message.starts_with("control character") && !is_control(stopped) && is_control(stopped + 1) {
            // In a string that the parser skips, it reports the byte before the control character.
            stopped += 1;
        }
        let Read { open_string, last_end } = read(&text.as_bytes()[..stopped]);
        let byte = text.as_bytes().get(stopped);
        let is_end = error.is_eof() || byte.is_none();
        let on_another_line = text.get(last_end..stopped).is_some_and(|between| between.contains('\n'));
        let fault = |at, message: &str, help| Self { at, message: message.to_owned(), help };
        if text.trim().is_empty() {
            return fault(0, "the file is empty", Some("write the task definition into the file, or do not name it"));
        }
        let starts_template = TEMPLATE_MARKS.iter().any(|mark| text[stopped..].starts_with(mark));
        match open_string {
            Some(start) if is_end || matches!(byte, Some(b'\n' | b'\r')) => {
                fault(start, "this string has no closing quote on its line", Some("add the closing quote"))
            }
            Some(_) => fault(stopped, message, template(text, stopped)),
            None if starts_template => fault(stopped, message, template(text, stopped)),
            None if is_end => fault(last_end, message, template(text, last_end)),
            None if byte == Some(&b'/') => {
                fault(stopped, message, Some("remove the comments, because JSON allows no comments"))
            }
            None if matches!(byte, Some(b'}' | b']')) && text[..last_end].ends_with(',') => {
                fault(last_end - 1, "trailing comma", Some("remove this comma"))
            }
            None if message.starts_with("expected `,`") && matches!(byte, Some(b'"' | b'{' | b'[')) => {
                fault(last_end, message, Some("add the missing comma"))
            }
            None if message.starts_with("expected `,`") && on_another_line => {
                fault(last_end, message, template(text, last_end))
            }
            None => fault(stopped, message, template(text, stopped)),
        }
    }
}

/// Returns the offset of the byte at which the parser stopped. The parser counts bytes in a line from 1, and reports a
/// line break as column 0 of the next line.
fn offset(text: &str, error: &Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let start = match lines_before {
        0 => 0,
        n => {
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').nth(n - 1).map_or(text.len(), |(at, _)| at + 1)
        }
    };
    let stopped = (start + error.column()).saturating_sub(1).min(text.len());
    text.floor_char_boundary(stopped)
}

/// Reads the tokens of `text`, which is valid JSON except that it ends too early.
fn read(text: &[u8]) -> Read {
    let mut read = Read { open_string: None, last_end: 0 };
    let mut at = 0;
    while at < text.len() {
        match (read.open_string, text[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(_), b'"') => {
                read.open_string = None;
                read.last_end = at + 1;
            }
            (Some(_), _) => {}
            (None, b'"') => read.open_string = Some(at),
            (None, byte) if byte.is_ascii_whitespace() => {}
            (None, _) => read.last_end = at + 1,
        }
        at += 1;
    }
    read
}

/// Returns the help for a faulty line that contains a mark of a template language, or for a variable in the place of a
/// value.
fn template(text: &str, at: usize) -> Option<&'static str> {
    let line = line(text, at);
    let word = text[at..].split([',', '\n', '\r']).next().unwrap_or_default();
    let is_marked = TEMPLATE_MARKS.iter().any(|mark| line.contains(mark)) || placeholder::is_placeholder(word.trim());
    is_marked.then_some("the file looks like a template: render it first, then check the result")
}

fn line(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].split('\n').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::place::{Position, position};

    #[test]
    fn an_error_names_the_place_and_the_cause() {
        let template = "render it first";
        for (text, line, column, cause, help) in [
            ("", 1, 1, "the file is empty", "do not name it"),
            (" \n\n", 1, 1, "the file is empty", "do not name it"),
            ("{\n \"family\": \"w,\n \"a\": []\n}", 2, 12, "no closing quote", "add the closing quote"),
            ("{\r\n \"family\": \"w,\r\n \"a\": []\r\n}", 2, 12, "no closing quote", "add the closing quote"),
            ("{\"a\": \"ä\\\"", 1, 7, "no closing quote", "add the closing quote"),
            ("{\"ä\": \"a\tb\"}", 1, 9, "control character", ""),
            ("{\n \"a\": \"w\"\n \"b\": \"${x}\"}", 2, 10, "expected `,`", "add the missing comma"),
            ("[{}\n\n{}]", 1, 4, "expected `,`", "add the missing comma"),
            ("{\"a\": 1,\n}", 1, 8, "trailing comma", "remove this comma"),
            ("{\"a\": 1,\n", 1, 9, "EOF", ""),
            ("{\n \"a\": {{ x }}\n}", 2, 8, "key must be a string", template),
            ("{\n \"a\": ${x}\n}", 2, 7, "expected value", template),
            ("{\n \"a\": $X,\n \"b\": 1\n}", 2, 7, "expected value", template),
            ("{\n \"a\": @X@\n}", 2, 7, "expected value", template),
            ("{\n \"a\": <X>\n}", 2, 7, "expected value", template),
            ("{\n \"a\": __X__\n}", 2, 7, "expected value", template),
            ("{\n \"a\": %X%\n}", 2, 7, "expected value", template),
            ("{\n \"a\": 1\n {% if x %}\n}", 3, 2, "expected `,`", template),
            ("{\"a\": \"{{ x | default(\"y\") }}\"}", 1, 24, "expected `,`", template),
            ("{\n // no\n \"a\": \"${x}\"}", 2, 2, "key must be a string", "remove the comments"),
            ("{\"url\": \"https://x\" b}", 1, 21, "expected `,`", ""),
            ("{\"a\": ü}", 1, 7, "expected value", ""),
            ("{} }", 1, 4, "trailing characters", ""),
        ] {
            let read = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
            let skipped = serde_json::from_str::<serde::de::IgnoredAny>(text).unwrap_err();
            for error in [read, skipped] {
                let found = SyntaxError::of(text, &error);
                assert_eq!(position(text, found.at), Position { line, column }, "{text}: {}", found.message);
                assert!(found.message.contains(cause), "{text}: {}", found.message);
                let shown = found.help.unwrap_or_default();
                assert!(shown.contains(help) && shown.is_empty() == help.is_empty(), "{text}: {shown}");
            }
        }
    }

    #[test]
    fn each_text_that_ends_too_early_has_a_place() {
        let text = "{\"ä\": [1, -2.5e3, \"\\u00e4\\n\", true, {}], \"b\": null}\n";
        for end in (0..text.len() - 2).filter(|end| text.is_char_boundary(*end)) {
            let error = serde_json::from_str::<serde_json::Value>(&text[..end]).unwrap_err();
            assert!(SyntaxError::of(&text[..end], &error).at <= end);
        }
    }
}
