//! The changes of a plan, as a unified diff that shows only log configurations.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::log_lines::LogLines;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::text::plain::plain;

const HEADER: Style = Style::new().bold();
const HUNK: Style = AnsiColor::Cyan.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();

/// Returns a unified diff with one hunk for each container whose log configuration differs. Returns an empty text if no
/// log configuration differs. The functions in `before` and `after` map a position in the text of a task definition to
/// a line number, which starts at 1.
pub fn unified(
    names: (&str, &str),
    before: (&TaskDefinition, &dyn Fn(usize) -> usize),
    after: (&TaskDefinition, &dyn Fn(usize) -> usize),
) -> String {
    let mut out = String::new();
    for container in before.0.containers() {
        let (Some(old), Some(new)) = (LogLines::of(before.0, container.index), LogLines::of(after.0, container.index))
        else {
            continue;
        };
        let (old_text, new_text) = (lines(&old.text), lines(&new.text));
        if old_text == new_text {
            continue;
        }
        if out.is_empty() {
            let _ = writeln!(out, "{HEADER}--- {}{HEADER:#}\n{HEADER}+++ {}{HEADER:#}", names.0, names.1);
        }
        let (from, to) = ((before.1)(old.start), (after.1)(new.start));
        let (old_count, new_count) = (old_text.lines().count(), new_text.lines().count());
        let name = container.name().map_or("without a name".to_owned(), |name| plain(name, 255));
        let _ =
            writeln!(out, "{HUNK}@@ -{} +{} @@ container {name}{HUNK:#}", range(from, old_count), range(to, new_count));
        for change in TextDiff::from_lines(&old_text, &new_text).iter_all_changes() {
            let text = change.value().trim_end_matches(['\n', '\r']);
            let _ = match change.tag() {
                ChangeTag::Delete => writeln!(out, "{REMOVED}-{text}{REMOVED:#}"),
                ChangeTag::Insert => writeln!(out, "{ADDED}+{text}{ADDED:#}"),
                ChangeTag::Equal => writeln!(out, " {text}"),
            };
        }
    }
    out
}

/// Splits a log configuration that is one line into several lines, so that the diff compares each member separately.
fn lines(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let object = (!text.contains('\n')).then(|| serde_json::from_str::<Value>(&format!("{{{text}}}")).ok()).flatten();
    match object {
        Some(object) => format!("\"logConfiguration\": {:#}\n", object["logConfiguration"]),
        None => format!("{text}\n"),
    }
}

fn range(line: usize, count: usize) -> String {
    match count {
        0 => format!("{},0", line.saturating_sub(1)),
        1 => line.to_string(),
        _ => format!("{line},{count}"),
    }
}
