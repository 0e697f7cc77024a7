//! The notification about a report, in sentences for chat and e-mail.

use serde_json::Value;

use super::foreign::{Foreign, NAME, TEXT, code, quoted};
use super::{Notice, NoticeKind, chat, session};
use crate::domain::report::{ClusterReport, LogGroupReport, Report, ReportedChange, ServiceReport};

/// The maximum length of a command, in characters. A notification omits a longer command, because a part of a command
/// would not work.
const COMMAND: usize = 1000;

pub(super) fn of(kind: NoticeKind, report: &Report, resources: Vec<String>, detail: Value) -> Notice {
    let family = report.family.as_deref().filter(|_| kind == NoticeKind::HoldChanged);
    let service = report.services.first().map(|service| service.service.as_str());
    let cluster = report.session.as_ref().and_then(|session| session.cluster.as_deref());
    let about = report.record.as_deref().or(family).or(service).or(cluster);
    let title = said(kind);
    // The names of a record, of a family and of a cluster contain no free text.
    let record =
        report.record.as_deref().or(family).or(cluster).map(|record| format!(": {record}")).unwrap_or_default();
    let subject = format!("Logweir: {title}{record}");
    let heading = about.map_or_else(|| title.to_owned(), |about| format!("{title}: {}", code(about, NAME)));
    let undo = report.backout.as_deref().filter(|command| command.chars().count() <= COMMAND);
    let chat = chat::ChatMessage {
        id: format!("{} {:.3}", report.source.as_deref().unwrap_or("none"), report.timestamp),
        title: heading,
        lines: sentences(report, code, 6),
        next_steps: undo.map(|command| format!("To undo, run {}", code(command, COMMAND))).into_iter().collect(),
        keywords: [report.outcome.name().to_owned()].into_iter().chain(report.reason.map(|it| it.name())).collect(),
        thread: report.family.clone().unwrap_or_else(|| "logweir".into()),
        summary: title,
        kind,
        resources: &resources,
        context: vec![
            ("outcome", report.outcome.name().into()),
            ("account", report.account.clone()),
            ("region", report.region.clone()),
            ("mode", report.mode.name().into()),
        ],
    };
    let mut text = vec![format!("{title}."), String::new()];
    text.extend(sentences(report, quoted, 50));
    // The line contains only the command, without quotes, so that a reader can copy the line.
    text.extend(undo.map(|command| format!("\nTo undo, run:\n{command}")));
    Notice {
        kind,
        at: report.timestamp,
        family: report.family.clone(),
        detail,
        subject: subject_line(&subject),
        chat: chat.to_json(),
        text: text.join("\n") + "\n",
        resources,
    }
}

/// Returns the title of a notification.
fn said(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::RemediationCompleted => "Remediation completed",
        NoticeKind::RemediationPaused => "Remediation paused",
        NoticeKind::RemediationRefused => "Remediation refused",
        NoticeKind::RemediationFailed => "Remediation failed",
        NoticeKind::BackoutCompleted => "Backout completed",
        NoticeKind::BackoutFailed => "Backout failed",
        NoticeKind::RevisionRetired => "Corrected revision retired",
        NoticeKind::RetirementFailed => "Retirement of a corrected revision failed",
        NoticeKind::HoldChanged => "Hold of a family changed",
        NoticeKind::ObservationDigest => "Daily digest",
        NoticeKind::SessionOpened => "Session on a container opened",
        NoticeKind::SessionUnlogged => "Session on a container without a transcript",
        NoticeKind::SessionBypass => "Session on a container without ECS Exec",
    }
}

/// Returns the text as a subject that SNS accepts: ASCII, on one line, below 100 characters (source: SNS API reference,
/// Publish).
pub(super) fn subject_line(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(99).collect()
}

fn sentences(report: &Report, foreign: Foreign, most: usize) -> Vec<String> {
    let name = |text: &str| foreign(text, NAME);
    let why = report.reason.map(|reason| format!(" ({})", reason.name())).unwrap_or_default();
    let mut lines = vec![format!(
        "Outcome: {}{why}. Account {}, Region {}, mode {}.",
        report.outcome.name(),
        report.account,
        report.region,
        report.mode.name()
    )];
    let source = if report.cluster.is_some() { "Cluster" } else { "Source revision" };
    lines.extend(report.source.as_ref().map(|arn| format!("{source}: {}", foreign(arn, TEXT))));
    lines
        .extend(report.corrected.as_ref().map(|corrected| format!("Corrected revision: {}", foreign(corrected, TEXT))));
    lines.extend(report.restored.as_ref().map(|revision| format!("Restored revision: {}", foreign(revision, TEXT))));
    lines.extend(report.session.iter().flat_map(|it| session::sentences(it, foreign)));
    if let Some(actor) = &report.actor {
        let agent = report.user_agent.as_ref().map(|agent| format!(" with {}", name(agent))).unwrap_or_default();
        lines.push(format!("Caused by: {}{agent}", foreign(actor, TEXT)));
    }
    if !report.rules.is_empty() {
        lines.push(format!("Findings: {}", report.rules.iter().map(|rule| name(rule)).collect::<Vec<_>>().join(", ")));
    }
    lines.extend(report.error.as_ref().map(|error| format!("Error: {}", foreign(error, TEXT))));
    some(&mut lines, &report.changes, most, "changes", |change| changed(change, foreign));
    lines.extend(report.cluster.as_ref().map(|cluster| sessions(cluster, foreign)));
    some(&mut lines, &report.log_groups, most, "log groups", |group| kept(group, foreign));
    some(&mut lines, &report.services, most, "services", |service| followed(service, foreign));
    some(&mut lines, &report.notes, most, "notes", |note| format!("Note: {}", foreign(note, TEXT)));
    lines
}

/// Adds a line for each of the first `most` items, and a line with the number of the other items.
fn some<T>(lines: &mut Vec<String>, items: &[T], most: usize, names: &str, line: impl Fn(&T) -> String) {
    lines.extend(items.iter().take(most).map(line));
    if items.len() > most {
        lines.push(format!("Other {names}: {}", items.len() - most));
    }
}

fn changed(change: &ReportedChange, foreign: Foreign) -> String {
    let ReportedChange { container, option, from, to } = change;
    let value = |value: &Option<String>| value.as_deref().map_or("(absent)".to_owned(), |text| foreign(text, NAME));
    format!("Container {}: {} {} → {}", foreign(container, NAME), foreign(option, NAME), value(from), value(to))
}

fn sessions(cluster: &ClusterReport, foreign: Foreign) -> String {
    let ClusterReport { action, from, to } = cluster;
    format!("Sessions of ECS Exec: {} → {} ({})", foreign(from, NAME), foreign(to, NAME), action.name())
}

fn kept(group: &LogGroupReport, foreign: Foreign) -> String {
    let days = group.retention_days.map(|days| format!(", retention {days} days")).unwrap_or_default();
    format!("Log group {}: {}{days}", foreign(&group.name, NAME), group.action.name())
}

fn followed(service: &ServiceReport, foreign: Foreign) -> String {
    let why = service.reason.map(|reason| format!(" ({})", reason.name())).unwrap_or_default();
    let note = service.note.as_ref().map(|note| format!(": {}", foreign(note, TEXT))).unwrap_or_default();
    format!("Service {}: {}{why}{note}", foreign(&service.service, NAME), service.action.name())
}
