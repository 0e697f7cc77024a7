//! The text of findings in the style of compiler messages. The text of a finding shows the place, the message, the
//! current value and the fix.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::Value;

use super::log_lines::LogLines;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::LogGroupChange;
use crate::domain::rules::finding::{Finding, Fix, Safety};
use crate::domain::severity::Severity;
use crate::domain::text::json;
use crate::domain::text::plain::{plain, shortened};

/// The checked target, to which the findings belong.
pub struct Shown<'s> {
    /// The name that messages use for the target.
    pub origin: &'s str,
    pub definition: &'s TaskDefinition,
    /// The function that maps a position in the text of the task definition to a line number and a column number, which
    /// start at 1. `None` for a registered revision, which is not in a file.
    pub position: Option<&'s dyn Fn(usize) -> (usize, usize)>,
}

/// The maximum length of a text in the output, in characters. The limit is necessary, because a name in a file may have
/// any length.
const LONGEST: usize = 400;

/// Returns the text of one finding, with or without colour.
pub fn finding(finding: &Finding, shown: &Shown<'_>, colour: bool) -> String {
    let kind = match finding.exempt {
        Some(_) => Level::INFO.with_name("exempt"),
        None => level(finding.severity),
    };
    let message = shortened(&finding.message, LONGEST);
    let title = kind.primary_title(&message).id(finding.rule.name());
    let lines = finding.index.and_then(|index| LogLines::of(shown.definition, index));
    let (source, start) = excerpt(shown.definition, lines.as_ref());
    let (line, column) = shown.position.map_or((1, 1), |position| position(start));
    let label = finding.effective.as_deref().map(|effective| format!("today: {}", plain(effective, LONGEST)));
    let mut group = if source.is_empty() {
        Group::with_title(title).element(Origin::path(shown.origin).line(line).char_column(column))
    } else {
        let mut annotation = AnnotationKind::Primary.span(span(finding, &source));
        if let Some(label) = &label {
            annotation = annotation.label(label.as_str());
        }
        let snippet = Snippet::source(source.as_str()).fold(true).annotation(annotation);
        title.element(snippet.line_start(line).path(shown.origin).line_numbering(shown.position.is_some()))
    };
    let help = help(finding);
    group = group.element(Level::HELP.message(help.as_str()));
    let notes: Vec<String> = finding.notes.iter().map(|note| shortened(note, LONGEST)).collect();
    for note in &notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let text = renderer.render(&[group]);
    match shown.position {
        Some(_) => text,
        None => without_place(&text, shown.origin),
    }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// Removes the line number and the column number from the text of a finding, because a registered revision is not in a
/// file.
fn without_place(text: &str, origin: &str) -> String {
    let Some((head, tail)) = text.split_once(origin) else { return text.to_owned() };
    let place = |c: char| c.is_ascii_digit() || c == ':';
    [head, origin, tail.trim_start_matches(place)].concat()
}

/// Returns one finding and its fix as one line.
pub fn line(finding: &Finding) -> String {
    let exempt = if finding.counts() { "" } else { "exempt: " };
    let help = help(finding).replace('\n', ", ");
    format!("{exempt}{}[{}] {}; {help}", finding.severity, finding.rule, shortened(&finding.message, LONGEST))
}

/// Returns the excerpt of the task definition that Logweir shows for a finding, and the position of the excerpt. The
/// excerpt is the log configuration of the container, or the name of a container without a log configuration.
fn excerpt(definition: &TaskDefinition, lines: Option<&LogLines>) -> (String, usize) {
    let Some(lines) = lines else {
        return (String::new(), 0);
    };
    if !lines.text.is_empty() {
        return (pretty(&lines.text), lines.start);
    }
    let nothing = (String::new(), lines.start);
    let Some(at) = lines.name else { return nothing };
    let document = definition.text();
    let mut values = serde_json::Deserializer::from_str(&document[at..]).into_iter::<Value>();
    let Some(Ok(Value::String(name))) = values.next() else { return nothing };
    // If the name of the container is on a separate line, the excerpt keeps the indentation of the line, so that the
    // column number is the same as in the file.
    let line = document[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = document[line..at].strip_suffix("\"name\": ").filter(|indent| indent.trim().is_empty());
    (format!("{}\"name\": {}", indent.unwrap_or_default(), Value::from(plain(&name, LONGEST))), at)
}

/// Splits a log configuration that is one long line into several lines.
fn pretty(lines: &str) -> String {
    const WIDE: usize = 100;
    if lines.contains('\n') || lines.len() < WIDE {
        return lines.to_owned();
    }
    let object = format!("{{{lines}}}");
    match serde_json::from_str::<Value>(&object)
        .and_then(|value| serde_json::to_string_pretty(&value["logConfiguration"]))
    {
        Ok(text) => format!("\"logConfiguration\": {text}"),
        Err(_) => lines.to_owned(),
    }
}

/// Returns the range of the excerpt that Logweir marks, which is the member at the finding's JSON pointer, or else the
/// nearest enclosing member.
fn span(finding: &Finding, source: &str) -> Range<usize> {
    let below: Vec<&str> = match finding.pointer.split_once("/logConfiguration") {
        Some((_, below)) => below.split('/').filter(|step| !step.is_empty()).collect(),
        None => Vec::new(),
    };
    let key_start = source.len() - source.trim_start().len();
    let first_line_end = source.find('\n').unwrap_or(source.len());
    let mut found =
        key_start..source[key_start..first_line_end].find(':').map_or(first_line_end, |colon| key_start + colon);
    let Some(mut place) = source.find('{').map(|open| open..source.trim_end().len()) else {
        return key_start..source.len();
    };
    for step in below {
        let step = step.replace("~1", "/").replace("~0", "~");
        let Ok(members) = json::members(&source[place.clone()]) else {
            break;
        };
        let Some(member) = members.into_iter().find(|member| member.key == step) else {
            break;
        };
        place = place.start + member.value.start..place.start + member.value.end;
        found = if source[place.clone()].starts_with(['{', '[']) {
            key_before(source, place.start).unwrap_or(place.clone())
        } else {
            place.clone()
        };
    }
    found
}

/// Returns the range of the JSON key, with its quotes, that precedes the value at the position `value`.
fn key_before(source: &str, value: usize) -> Option<Range<usize>> {
    let close = source[..value].rfind('"')?;
    let open = source[..close].rfind('"')?;
    Some(open..close + 1)
}

fn help(finding: &Finding) -> String {
    let set = |set: &[(&str, Option<String>)]| {
        let one = |(option, value): &(&str, Option<String>)| match value {
            Some(value) => format!("{option} = \"{value}\""),
            None => format!("remove {option}"),
        };
        set.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let text = match &finding.fix {
        Fix::Options(options) => format!("safe fix: {}", set(options)),
        Fix::Configuration { safety: Safety::Unsafe, .. } => {
            "unsafe fix, allowed by the baseline: write a complete awslogs configuration".into()
        }
        Fix::Configuration { .. } => "safe fix: write a complete awslogs configuration".into(),
        Fix::LogGroup(LogGroupChange::Create(group)) => {
            let retention = group.retention_days.map(|days| format!(" with a retention of {days} days"));
            format!("safe fix: create the log group{}", retention.unwrap_or_default())
        }
        Fix::LogGroup(LogGroupChange::SetRetention { new, .. }) => {
            format!("safe fix: set the retention of the log group to {new} days")
        }
        Fix::Advice(advice) => advice.clone(),
    };
    let mut text = shortened(&text, LONGEST);
    if let Some(exempt) = &finding.exempt {
        let _ = write!(
            text,
            "\nexempt until {} by {}: {}",
            exempt.until,
            plain(&exempt.owner, LONGEST),
            plain(&exempt.reason, LONGEST)
        );
    }
    text
}
