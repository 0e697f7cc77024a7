//! The changes of a plan, as a diff for people. The diff shows only log configurations, and hides the values that may
//! be secret.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::log_lines::LogLines;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::text::place::Position;
use crate::domain::text::plain::plain;
use crate::domain::text::splice::Splice;

const HEADER: Style = Style::new().bold();
const HUNK: Style = AnsiColor::Cyan.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();

/// One version of a task definition.
pub struct Version<'v> {
    pub name: &'v str,
    pub definition: &'v TaskDefinition,
    /// The function that maps positions in the text of the task definition to line numbers, which start at 1.
    pub lines: &'v dyn Fn(&[usize]) -> Vec<usize>,
}

/// Returns a diff in the format of unified diffs, with one hunk for each container whose log configuration differs.
/// Returns an empty text if no log configuration differs.
pub fn unified(before: &Version<'_>, after: &Version<'_>) -> String {
    let names = before.definition.containers().map(|container| container.name().map(|name| plain(name, 255)));
    let (old, new) = (LogLines::all(before.definition), LogLines::all(after.definition));
    let changed: Vec<_> = names.zip(old.into_iter().zip(new)).filter(|(_, (old, new))| old.text != new.text).collect();
    if changed.is_empty() {
        return String::new();
    }
    let starts =
        |side: fn(&(LogLines, LogLines)) -> usize| changed.iter().map(|(_, pair)| side(pair)).collect::<Vec<_>>();
    let from = (before.lines)(&starts(|(old, _)| old.start));
    let to = (after.lines)(&starts(|(_, new)| new.start));
    let mut out = format!("{HEADER}--- {}{HEADER:#}\n{HEADER}+++ {}{HEADER:#}\n", before.name, after.name);
    for (((name, (old, new)), from), to) in changed.iter().zip(from).zip(to) {
        let (old_text, mut new_text) = (lines(&old.text), lines(&new.text));
        if old_text.is_empty() && new.has_comma {
            new_text.insert(new_text.trim_end().len(), ',');
        }
        let (from, to) = (range(from, old_text.lines().count()), range(to, new_text.lines().count()));
        let name = name.as_deref().unwrap_or("without a name");
        let _ = writeln!(out, "{HUNK}@@ -{from} +{to} @@ container {name}{HUNK:#}");
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

/// Returns the changes of a text that is not the text of the task definition, such as a template: for each change, its
/// line, the replaced text and the new text. Shows no other part of the text, which may contain secrets. `positions`
/// returns the positions of byte offsets of the text.
pub fn of_splices(
    old: &str,
    new: &str,
    text: &str,
    splices: &[Splice],
    positions: impl Fn(&[usize]) -> Vec<Position>,
) -> String {
    if splices.is_empty() {
        return String::new();
    }
    let starts: Vec<usize> = splices.iter().map(|splice| splice.range.start).collect();
    let mut out = format!("{HEADER}--- {old}{HEADER:#}\n{HEADER}+++ {new}{HEADER:#}\n");
    for (Splice { range, text: added }, position) in splices.iter().zip(positions(&starts)) {
        let _ = writeln!(out, "{HUNK}@@ line {} @@{HUNK:#}", position.line);
        for line in text[range.clone()].lines().filter(|line| !line.trim().is_empty()) {
            let _ = writeln!(out, "{REMOVED}-{}{REMOVED:#}", plain(line, 400));
        }
        for line in added.lines().filter(|line| !line.trim().is_empty()) {
            let _ = writeln!(out, "{ADDED}+{line}{ADDED:#}");
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
