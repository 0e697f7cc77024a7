//! The text output about the records of the settings and tags of clusters and services.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::domain::record::{ResourceEntryKind, ResourceRecord, ResourceStep, ResourceUndo};
use crate::domain::report::schema;
use crate::domain::text::names;
use crate::domain::text::plain::{plain, shortened};
use crate::render::Output;

/// The maximum length, in characters, of a text in the output that another principal may have written.
const LONGEST: usize = 512;

/// The record of a resource, with the command that undoes its changes. `None` if there is nothing to undo.
pub struct ResourceRecordOutput {
    pub record: ResourceRecord,
    pub backout: Option<String>,
}

impl Output for ResourceRecordOutput {
    fn text(&self) -> String {
        let Self { record, backout } = self;
        let mut out = String::new();
        let _ = writeln!(out, "{}  {}", ResourceRecord::name_of(&record.resource), state(record));
        if let Some(actor) = actor(record) {
            let _ = writeln!(out, "caused by  {actor}");
        }
        if let Some(backout) = backout {
            let _ = writeln!(out, "undo       {backout}");
        }
        let mut steps: &[ResourceStep] = &[];
        for (number, entry) in record.entries.iter().enumerate() {
            if let ResourceEntryKind::Opened(opening) = &entry.what {
                steps = &opening.steps;
            }
            let said = shortened(&said(&entry.what, steps), LONGEST);
            let _ = writeln!(out, "{number:>4}  {:.3}  {said}", entry.at);
        }
        out
    }

    fn json(&self) -> Value {
        json!({"schema": schema::RECORD, "resource": self.record, "backout": self.backout})
    }
}

/// Returns one row of the list of records: name, outcome, time, account, Region and cause.
pub(super) fn row(record: &ResourceRecord) -> [String; 7] {
    let actor = actor(record).unwrap_or_else(|| "-".into());
    let actor = actor.rsplit_once(':').map_or(actor.as_str(), |(_, name)| name).to_owned();
    let (account, region) = (record.resource.account().to_owned(), record.resource.region().to_owned());
    [record.short(), state(record), "-".into(), format!("{:.0}", record.at), account, region, actor]
}

fn actor(record: &ResourceRecord) -> Option<String> {
    Some(plain(record.attempt()?.opening.cause.actor.as_ref()?, LONGEST))
}

fn state(record: &ResourceRecord) -> String {
    let attempt = record.attempt();
    match attempt.as_ref().and_then(|attempt| attempt.closing) {
        Some(closing) => match closing.reason {
            Some(reason) => format!("{} ({})", closing.outcome.name(), reason.name()),
            None => closing.outcome.name().into(),
        },
        None if record.is_suppressed() => "backing out".into(),
        None => "open".into(),
    }
}

fn said(what: &ResourceEntryKind, steps: &[ResourceStep]) -> String {
    let step = |number: &usize| steps.get(*number).map_or_else(String::new, name);
    match what {
        ResourceEntryKind::Opened(opening) => format!("opened: {} steps", opening.steps.len()),
        ResourceEntryKind::Resumed => "resumed".into(),
        ResourceEntryKind::Started { step: number } => format!("started: {}", step(number)),
        ResourceEntryKind::Done { step: number } => format!("done: {}", step(number)),
        ResourceEntryKind::Failed { step: number, why, .. } => format!("failed: {}: {why}", step(number)),
        ResourceEntryKind::Released { why } => format!("paused: {why}"),
        ResourceEntryKind::BackoutRequested { reason, requested_by } => {
            let who = requested_by.as_deref().map(|who| format!(" by {who}")).unwrap_or_default();
            let why = reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("backout requested{who}{why}")
        }
        ResourceEntryKind::Undoing { what } => format!("undoing: {}", undo(*what)),
        ResourceEntryKind::Undone { what, kept } if kept.is_empty() => format!("undone: {}", undo(*what)),
        ResourceEntryKind::Undone { what, kept } => {
            format!("undone: {}; tags with another value stay: {}", undo(*what), names(kept.iter().map(String::as_str)))
        }
        ResourceEntryKind::Kept { what, why, .. } => format!("not undone: {}: {why}", undo(*what)),
        ResourceEntryKind::Closed(closing) => format!("closed: {}", closing.outcome.name()),
    }
}

fn name(step: &ResourceStep) -> String {
    match step {
        ResourceStep::SetInsights { before, after, .. } => {
            format!("set containerInsights: {} → {}", before.as_deref().unwrap_or("not set"), after.name())
        }
        ResourceStep::AddTags { tags } => format!("add tags {}", names(tags.keys().map(String::as_str))),
    }
}

fn undo(what: ResourceUndo) -> &'static str {
    match what {
        ResourceUndo::Tags => "remove the added tags",
        ResourceUndo::Insights => "restore containerInsights",
    }
}
