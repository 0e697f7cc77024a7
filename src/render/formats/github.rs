//! Annotations of GitHub Actions: one workflow command a line. GitHub shows the first ten errors, warnings and notes of
//! a step at the changed lines. Source: GitHub Docs, Workflow commands for GitHub Actions.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::shown::{fix, message, shown};
use super::{Emitter, Run};
use crate::domain::severity::Severity;
use crate::domain::text::plain::plain;
use crate::render::json::{FindingLine, Place, TargetOutput};

pub(super) struct Annotations;

impl Emitter for Annotations {
    fn emit(&self, run: &Run<'_>) -> String {
        let errors = run.check.targets.iter().filter_map(error);
        let mut found: Vec<_> = run.check.findings().filter(|(_, finding)| finding.is_news()).collect();
        found.sort_by_key(|(_, finding)| Reverse(finding.severity));
        errors.chain(found.into_iter().map(|(target, finding)| annotation(target, finding))).collect()
    }
}

fn annotation(target: &TargetOutput, finding: &FindingLine) -> String {
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let name = if target.path.is_none() { format!("{}: ", shown(&target.target)) } else { String::new() };
    let text = format!("{name}{}. {}.", message(finding), fix(finding));
    command(kind, target.path.as_deref(), finding.place, &format!("logweir: {}", finding.rule), &text)
}

fn error(target: &TargetOutput) -> Option<String> {
    let place = target.line.zip(target.column);
    let place = place.map(|(line, column)| Place { line, column, end_line: line, end_column: column });
    let text = format!("{}: {}", shown(&target.target), shown(target.error.as_deref()?));
    Some(command("error", target.path.as_deref(), place, "logweir", &text))
}

fn command(kind: &str, file: Option<&str>, place: Option<Place>, title: &str, text: &str) -> String {
    let mut properties = String::new();
    if let Some(file) = file {
        let _ = write!(properties, "file={},", property(file));
    }
    if let Some(Place { line, column, end_line, end_column }) = place {
        let _ = write!(properties, "line={line},endLine={end_line},");
        // GitHub refuses columns of an annotation with several lines.
        if line == end_line {
            let _ = write!(properties, "col={column},endColumn={end_column},");
        }
    }
    format!("::{kind} {properties}title={}::{}\n", property(title), data(text))
}

/// Returns a text for the part behind the last `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns a text for a property, without characters that are invisible or have an effect on a terminal. A name of a
/// file may contain any character.
fn property(text: &str) -> String {
    plain(&data(text).replace(':', "%3A").replace(',', "%2C"), usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_a_command_or_begin_another() {
        let line = command("error", Some("a,b:c\n::d%.json"), None, "t", "100%\r\n::warning::x");
        assert_eq!(line, "::error file=a%2Cb%3Ac%0A%3A%3Ad%25.json,title=t::100%25%0D%0A::warning::x\n");
        let line = command("notice", Some("a\u{1b}[31m\u{7}\0\r\u{202e}b\u{9b}.json"), None, "t", "x");
        assert_eq!(line, "::notice file=a[31m%0Db.json,title=t::x\n");
    }
}
