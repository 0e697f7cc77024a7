//! The findings of an audit in the style of compiler messages.

use annotate_snippets::{Group, Level, Origin, Renderer};

use crate::domain::audit::{Audit, AuditedFinding, AuditedRevision};
use crate::domain::severity::Severity;
use crate::domain::text::plain::{plain, shortened};
use crate::render::json::{UsageLine, arn};

/// The maximum length of a text in the output, in characters.
const LONGEST: usize = 400;

/// Returns the findings of a revision in the style of compiler messages. The use of the revision is a note.
pub(super) fn details(audit: &Audit, revision: &AuditedRevision, owner_tags: &[String], is_styled: bool) -> String {
    let usage = UsageLine::of(revision, owner_tags).phrase();
    let arn = arn(audit, revision);
    let one = |finding| text(finding, &plain(&arn, LONGEST), &plain(&usage, LONGEST), is_styled);
    revision.findings.iter().map(one).collect()
}

fn text(finding: &AuditedFinding, arn: &str, usage: &str, is_styled: bool) -> String {
    let kind = match (&finding.exempt, finding.severity) {
        (Some(_), _) => Level::INFO.with_name("exempt"),
        (None, Severity::Error) => Level::ERROR,
        (None, Severity::Warning) => Level::WARNING,
        (None, Severity::Note) => Level::NOTE,
    };
    let message = shortened(&finding.message, LONGEST);
    let place = match finding.pointer.is_empty() {
        true => arn.to_owned(),
        false => format!("{arn} {}", plain(&finding.pointer, LONGEST)),
    };
    let effective = finding.effective.as_deref().map(|effective| format!("today: {}", plain(effective, LONGEST)));
    let in_use = format!("in use: {usage}");
    let help = shortened(&finding.fix.text, LONGEST);
    let notes: Vec<String> = finding.notes.iter().map(|note| shortened(note, LONGEST)).collect();
    let mut group = Group::with_title(kind.primary_title(&message).id(finding.rule.name()));
    group = group.element(Origin::path(&place));
    for note in effective.iter().chain([&in_use]) {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    group = group.element(Level::HELP.message(help.as_str()));
    for note in &notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    let renderer = if is_styled { Renderer::styled() } else { Renderer::plain() };
    format!("{}\n\n", renderer.render(&[group]))
}
