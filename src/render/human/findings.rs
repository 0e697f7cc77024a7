//! The text of findings in the style of compiler messages. The text of a finding shows the place, the message, the
//! current value and the fix.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::Value;

use super::log_lines::HIDDEN;
use crate::domain::report::is_shown;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::finding::{Finding, Fix, Safety};
use crate::domain::severity::Severity;
use crate::domain::text::place::{Found, Position};
use crate::domain::text::plain::{plain, shortened};
use crate::render::json::fix_text;

/// A finding and its place.
pub struct Shown<'s> {
    /// The name that messages use for the checked target.
    pub origin: &'s str,
    /// The text that contains the found member: the text of the file, or of a registered revision.
    pub text: &'s str,
    pub finding: &'s Finding,
    /// The member at the finding's JSON pointer, or the nearest enclosing member.
    pub found: &'s Found,
    /// The position of this member in its file. `None` for a registered revision, which is not in a file.
    pub position: Option<Position>,
}

/// The maximum length of a text in the output, in characters. The limit is necessary, because a name in a file may have
/// any length.
const LONGEST: usize = 400;

/// Returns the text of one finding, with or without colour.
pub fn finding(shown: &Shown<'_>, colour: bool) -> String {
    let Shown { origin, finding, position, .. } = shown;
    let kind = match finding.exempt {
        Some(_) => Level::INFO.with_name("exempt"),
        None => level(finding.severity),
    };
    let message = shortened(&finding.message, LONGEST);
    let title = kind.primary_title(&message).id(finding.rule.name());
    let label = finding.effective.as_deref().map(|effective| format!("today: {}", plain(effective, LONGEST)));
    let origin = plain(origin, usize::MAX);
    let place = match position {
        Some(Position { line, column }) => format!("{origin}:{line}:{column}"),
        None => origin,
    };
    let excerpt = excerpt(shown);
    let mut group = Group::with_title(title);
    match &excerpt {
        Some((source, span)) => {
            let mut annotation = AnnotationKind::Primary.span(span.clone());
            if let Some(label) = &label {
                annotation = annotation.label(label.as_str());
            }
            let line = position.map_or(1, |position| position.line);
            let snippet = Snippet::source(source.as_str()).line_start(line).annotation(annotation);
            group = group.element(snippet.path(place.as_str()).line_numbering(position.is_some()));
        }
        None => group = group.element(Origin::path(place.as_str())),
    }
    let help = help(finding);
    group = group.element(Level::HELP.message(help.as_str()));
    let notes: Vec<String> = finding.notes.iter().map(|note| shortened(note, LONGEST)).collect();
    for note in &notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    without_position(&renderer.render(&[group]), &place)
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// Removes the position that the renderer writes after `place`. The renderer counts columns in the excerpt, which is
/// only a part of its line.
fn without_position(text: &str, place: &str) -> String {
    let Some((head, tail)) = text.split_once(place) else { return text.to_owned() };
    [head, place, tail.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':')].concat()
}

/// Returns one finding and its fix as one line.
pub fn line(finding: &Finding) -> String {
    let exempt = if finding.counts() { "" } else { "exempt: " };
    let help = help(finding).replace('\n', ", ");
    format!("{exempt}{}[{}] {}; {help}", finding.severity, finding.rule, shortened(&finding.message, LONGEST))
}

/// Returns the line of the task definition that Logweir shows for a finding, and the range that Logweir marks in this
/// line. The line contains only the found member, because other members may contain secrets. If the member starts its
/// line, the excerpt keeps the indentation of the line. Returns `None` for a finding about the whole task.
fn excerpt(shown: &Shown<'_>) -> Option<(String, Range<usize>)> {
    let Shown { text, finding, found, .. } = shown;
    if found.depth == 0 {
        return None;
    }
    let (start, value) = (found.member().start, &text[found.value.clone()]);
    let blanks = text[..start].bytes().rev().take(WIDE).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let line = start - blanks;
    let indent = (line == 0 || text[..line].ends_with('\n')).then(|| &text[line..start]);
    let mut source = indent.unwrap_or_default().to_owned();
    let from = source.len();
    if let Some(key) = &found.key {
        source += &plain(&text[key.clone()], LONGEST);
        let to = source.len();
        let between = &text[key.end..found.value.start.max(key.end)];
        if is_below(between, value) {
            source.push(':');
            return Some((source, from..to));
        }
        source += match between.trim_start() {
            ":" => ":",
            assigned if assigned.starts_with('=') => " = ",
            _ => ": ",
        };
        source += &first_line(value, is_harmless(finding, found, value));
        let is_scalar = !value.starts_with(['{', '[']);
        return Some((source.clone(), from..if is_scalar { source.len() } else { to }));
    }
    source += &match &finding.container {
        Some(name) if value.starts_with('{') => format!("{{ \"name\": {}, … }}", Value::from(plain(name, LONGEST))),
        // The members of a mapping of YAML have no braces around them.
        Some(name) if value.contains('\n') => {
            let key = if value.contains("Name:") { "Name" } else { "name" };
            format!("{key}: {}, …", plain(name, LONGEST))
        }
        _ => first_line(value, false),
    };
    Some((source.clone(), from..source.len()))
}

/// Whether the value begins in a line below its key, as a mapping or a sequence of YAML does. `between` is the text
/// between the key and the value.
fn is_below(between: &str, value: &str) -> bool {
    let has_brackets = value.starts_with(['{', '[']);
    !has_brackets && (between.contains('\n') || value.trim_start_matches([' ', '\t']).starts_with(['\n', '\r', '#']))
}

/// The number of characters of a wide indentation, which Logweir does not show.
const WIDE: usize = 60;

/// Returns the first line of a value. If the value is an object or a list, the line contains no member of it.
fn first_line(value: &str, is_harmless: bool) -> String {
    let (open, close) = match value.as_bytes().first() {
        Some(b'{') => ("{", "}"),
        Some(b'[') => ("[", "]"),
        _ if is_harmless => return plain(value, LONGEST),
        _ => return HIDDEN.to_owned(),
    };
    let inside = value[1..].trim_start_matches([' ', '\t', '\r']);
    match (inside.starts_with('\n'), inside.starts_with(close)) {
        (true, _) => open.to_owned(),
        (_, true) => [open, close].concat(),
        _ => [open, "…", close].concat(),
    }
}

/// Whether Logweir may show the value of the found member. Logweir shows the log driver, the retention of a log group,
/// and the options that contain no secret.
fn is_harmless(finding: &Finding, found: &Found, value: &str) -> bool {
    if finding.rule == RuleName::UnboundedRetention {
        return value.bytes().all(|byte| byte.is_ascii_digit());
    }
    let steps: Vec<&str> = finding.pointer.split('/').skip(1).take(found.depth).collect();
    match steps.as_slice() {
        ["containerDefinitions", _, "logConfiguration", "logDriver"] => true,
        ["containerDefinitions", _, "readonlyRootFilesystem"] | ["pidMode"] => true,
        ["containerDefinitions", _, "logConfiguration", "options", option] => is_shown(option),
        _ => false,
    }
}

fn help(finding: &Finding) -> String {
    let what = fix_text(&finding.fix);
    let text = match &finding.fix {
        Fix::Advice(_) => what,
        Fix::Configuration { creates: Some(_), .. } | Fix::Retention { safety: Safety::Unsafe, .. } => {
            format!("unsafe fix (fix --unsafe): {what}")
        }
        fix if fix.safety() == Safety::Unsafe => format!("unsafe fix, allowed by the baseline: {what}"),
        _ => format!("safe fix: {what}"),
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
