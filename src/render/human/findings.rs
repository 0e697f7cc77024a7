//! Findings as a good compiler shows them: where, what, what it is today, what the fix is.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::Value;

use super::log_lines::LogLines;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::LogGroupChange;
use crate::domain::rules::finding::{Finding, Fix, Safety};
use crate::domain::text::json;
use crate::domain::text::plain::plain;

/// What findings are shown against.
pub struct Shown<'s> {
    /// What the user called the target.
    pub origin: &'s str,
    pub definition: &'s TaskDefinition,
    /// The line and column, from 1, of a position in the definition's text; `None` where it has no lines of its own to name.
    pub position: Option<&'s dyn Fn(usize) -> (usize, usize)>,
}

/// The longest message that is shown; container names and the like may be of any length in a file.
const LONGEST: usize = 400;

/// One finding, in colour or plain.
pub fn finding(finding: &Finding, shown: &Shown<'_>, colour: bool) -> String {
    let level = match finding.exempt {
        Some(_) => Level::INFO.with_name("exempt"),
        None => Level::WARNING,
    };
    let message = plain(&finding.message, LONGEST);
    let title = level.primary_title(&message).id(finding.rule.name());
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
    let notes: Vec<String> = finding.notes.iter().map(|note| plain(note, LONGEST)).collect();
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

/// A live revision has no lines that anybody could look up, so none is named.
fn without_place(text: &str, origin: &str) -> String {
    let Some((head, tail)) = text.split_once(origin) else { return text.to_owned() };
    let place = |c: char| c.is_ascii_digit() || c == ':';
    [head, origin, tail.trim_start_matches(place)].concat()
}

/// One finding in a line, with what its fix would be.
pub fn line(finding: &Finding) -> String {
    let exempt = if finding.counts() { "" } else { "exempt: " };
    let help = help(finding).replace('\n', ", ");
    format!("{exempt}[{}] {}; {help}", finding.rule, plain(&finding.message, LONGEST))
}

/// The text to show, and where it stands: the log configuration, else the container's name.
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
    // With the blanks before it, so that the column is the file's, if it has its line to itself.
    let line = document[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = document[line..at].strip_suffix("\"name\": ").filter(|indent| indent.trim().is_empty());
    (format!("{}\"name\": {}", indent.unwrap_or_default(), Value::from(plain(&name, LONGEST))), at)
}

/// A configuration that stands on one long line is shown on several.
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

/// The part of the excerpt that a finding is about: the member that its pointer names, else the nearest one around it.
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

/// Returns the range of a member's key with its quotes. The member's value begins at `value`.
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
            "unsafe fix, which the baseline opts into: a complete awslogs configuration".into()
        }
        Fix::Configuration { .. } => "safe fix: a complete awslogs configuration".into(),
        Fix::LogGroup(LogGroupChange::Create(group)) => {
            format!("safe fix: make it, with a retention of {} days", group.retention_days)
        }
        Fix::LogGroup(LogGroupChange::SetRetention { new, .. }) => {
            format!("safe fix: set its retention to {new} days")
        }
        Fix::Advice(advice) => advice.clone(),
    };
    let mut text = plain(&text, LONGEST);
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
