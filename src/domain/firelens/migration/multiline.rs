//! The multiline options of awslogs as a parser and a filter of Fluent Bit.
//!
//! awslogs begins a new event with each line in which the regular expression matches, and appends every other line to
//! the event (source: moby, daemon/logger/awslogs/cloudwatchlogs.go). A rule of Fluent Bit's parser appends only lines
//! that it matches, so the rule for the other lines is the negation of the first rule.

use std::fmt::Write as _;
use std::str::Chars;

use crate::domain::text::{datetime, go_pattern};

/// A container whose events may have several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Multiline {
    pub(super) container: String,
    /// The regular expression for the first line of an event, in the syntax of Fluent Bit.
    pub(super) start: String,
}

/// Returns the regular expression of the date format. The error is the reason why awslogs refuses the format.
pub(super) fn of_datetime(format: &str) -> Result<String, String> {
    datetime::pattern(format).map_err(|error| error.to_string()).and_then(|pattern| translated(&pattern))
}

/// Returns the regular expression in the syntax of Fluent Bit. The error is the reason why there is none.
pub(super) fn of_pattern(pattern: &str) -> Result<String, String> {
    go_pattern::check(pattern).map_err(|error| format!("Docker does not accept the regular expression: {error}"))?;
    translated(pattern)
}

/// Translates a valid regular expression of Go into the syntax of Onigmo, which Fluent Bit uses (source: k-takata/Onigmo,
/// doc/RE, syntax Ruby). Both read most expressions in the same way.
fn translated(pattern: &str) -> Result<String, String> {
    if pattern.is_empty() {
        return Err("the regular expression is empty, so every line would be an event".to_owned());
    }
    if pattern.chars().any(char::is_control) {
        return Err("the regular expression has a control character, which a file of Fluent Bit cannot hold".to_owned());
    }
    if pattern.contains("${") {
        return Err("the regular expression contains `${`, which begins a variable of Fluent Bit".to_owned());
    }
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    let mut is_in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut text)?,
            // The rules of a parser are in double quotes.
            '"' => text.push_str("\\x22"),
            '[' if is_in_class && !rest.as_str().starts_with(':') => text.push_str("\\["),
            '[' if is_in_class => {
                text.push('[');
                text.push_str(&until_bracket(&mut rest));
            }
            // Onigmo reads `{,5}` as a repetition, and Go as a text.
            '{' if !is_in_class && rest.as_str().starts_with(',') => text.push_str("\\{"),
            // Onigmo reads `&&` as an intersection of classes.
            '&' if is_in_class => text.push_str("\\&"),
            ']' => {
                text.push(']');
                is_in_class = false;
            }
            '[' => {
                is_in_class = true;
                text.push('[');
                text.push_str(&first_of_class(&mut rest));
            }
            '(' if !is_in_class && rest.as_str().starts_with("?P<") => {
                rest.nth(1);
                text.push_str("(?");
            }
            '(' if !is_in_class && rest.as_str().starts_with('?') => {
                let flags = rest.as_str()[1..].chars().take_while(|c| c.is_ascii_alphabetic() || *c == '-');
                let flags: String = flags.collect();
                if flags.contains(['s', 'U', 'm']) {
                    return Err(format!("Go and Fluent Bit read the flags `(?{flags})` differently"));
                }
                text.push('(');
            }
            c => text.push(c),
        }
    }
    Ok(text)
}

/// Translates an escape, whose backslash is already read.
fn escape(rest: &mut Chars<'_>, text: &mut String) -> Result<(), String> {
    match rest.next() {
        Some('"') => text.push_str("\\x22"),
        Some(unknown @ ('Q' | 'C')) => return Err(format!("Fluent Bit does not know the escape `\\{unknown}` of Go")),
        Some(class @ ('p' | 'P')) => {
            text.extend(['\\', class]);
            // Go has a short form for a class with a name of one letter: \pL.
            if let Some(name) = rest.clone().next().filter(|name| *name != '{') {
                rest.next();
                let _ = write!(text, "{{{name}}}");
            }
        }
        Some(escaped) => text.extend(['\\', escaped]),
        None => text.push('\\'),
    }
    Ok(())
}

/// Returns a negation and a bracket at the beginning of a class. Such a bracket is a member of the class.
fn first_of_class(rest: &mut Chars<'_>) -> String {
    let mut text = String::new();
    if rest.as_str().starts_with('^') {
        text.extend(rest.next());
    }
    if rest.as_str().starts_with(']') {
        rest.next();
        text.push_str("\\]");
    }
    text
}

/// Returns the rest of a class with a name, such as `:alpha:]`.
fn until_bracket(rest: &mut Chars<'_>) -> String {
    let end = rest.as_str().find(']').map_or(rest.as_str().len(), |end| end + 1);
    let text = rest.as_str()[..end].to_owned();
    *rest = rest.as_str()[end..].chars();
    text
}

/// Returns the file with the parsers.
pub(super) fn parsers(all: &[Multiline]) -> String {
    let mut text = String::new();
    for Multiline { container, start } in all {
        let name = parser(container);
        let _ = write!(
            text,
            "[MULTILINE_PARSER]\n    name {name}\n    type regex\n    flush_timeout 1000\n    \
             rule \"start_state\" \"/{start}/\" \"cont\"\n    rule \"cont\" \"/^(?!.*(?:{start}))/\" \"cont\"\n\n"
        );
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Returns the filters that use the parsers.
pub(super) fn filters(all: &[Multiline]) -> String {
    let mut text = String::new();
    for Multiline { container, .. } in all {
        let _ = write!(
            text,
            "[FILTER]\n    Name multiline\n    Match {container}-firelens*\n    multiline.key_content log\n    \
             multiline.parser {}\n\n",
            parser(container)
        );
    }
    text
}

fn parser(container: &str) -> String {
    format!("{container}-multiline")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_of_go_becomes_one_of_fluent_bit() {
        for (go, onigmo) in [
            (r"^\d{4}-\d{2}", r"^\d{4}-\d{2}"),
            (r#"^\{"t""#, r"^\{\x22t\x22"),
            (r#"\"x"#, r"\x22x"),
            (r"(?P<year>\d+)", r"(?<year>\d+)"),
            (r"\pL\P{Lu}", r"\p{L}\P{Lu}"),
            ("(?i)info", "(?i)info"),
            ("(?:a|b)", "(?:a|b)"),
            (r"a{,5}b{1,5}[{,]", r"a\{,5}b{1,5}[{,]"),
            (r"[a[b&&c][^]x][[:alpha:]_]", r"[a\[b\&\&c][^\]x][[:alpha:]_]"),
        ] {
            assert_eq!(of_pattern(go).as_deref(), Ok(onigmo), "{go}");
        }
    }

    #[test]
    fn an_expression_that_fluent_bit_reads_differently_is_refused() {
        for pattern in ["", "a\nb", "${X}", r"\Qa\E", "(?s)a.b", "(?-m:^)", "(?=a)", "(", r"a\"] {
            assert!(of_pattern(pattern).is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn a_date_format_becomes_the_expression_of_docker() {
        assert_eq!(of_datetime("%Y %H").unwrap(), r"\d{4} (?:[0,1][0-9]|2[0-3])");
        assert!(of_datetime("%Q").unwrap_err().contains("%Q"));
    }

    #[test]
    fn a_parser_appends_the_lines_that_begin_no_event() {
        let all = [Multiline { container: "app".into(), start: "^a".into() }];
        assert_eq!(
            parsers(&all),
            "[MULTILINE_PARSER]\n    name app-multiline\n    type regex\n    flush_timeout 1000\n    \
             rule \"start_state\" \"/^a/\" \"cont\"\n    rule \"cont\" \"/^(?!.*(?:^a))/\" \"cont\"\n"
        );
    }
}
