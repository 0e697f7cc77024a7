//! The text output about the records of the settings and tags of clusters and services.

use serde_json::{Value, json};

use super::whole_records;
use crate::domain::record::{ResourceEntryKind, ResourceRecord, ResourceStep, ResourceUndo};
use crate::domain::report::schema;
use crate::domain::text::names;
use crate::render::Output;

/// The record of a resource, with the command that undoes its changes. `None` if there is nothing to undo.
pub struct ResourceRecordOutput {
    pub record: ResourceRecord,
    pub backout: Option<String>,
}

impl Output for ResourceRecordOutput {
    fn text(&self) -> String {
        let Self { record, backout } = self;
        let mut steps: &[ResourceStep] = &[];
        whole_records::text(&ResourceRecord::name_of(&record.resource), record, backout.as_ref(), |what| {
            if let ResourceEntryKind::Opened(opening) = what {
                steps = &opening.steps;
            }
            said(what, steps)
        })
    }

    fn json(&self) -> Value {
        json!({"schema": schema::RECORD, "resource": self.record, "backout": self.backout})
    }
}

/// Returns one row of the list of records: name, outcome, corrected revision, time, account, Region and cause.
pub(super) fn row(record: &ResourceRecord) -> [String; 7] {
    whole_records::row(record.short(), record.at, record.resource.account(), record.resource.region(), record)
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
            whole_records::requested(reason.as_deref(), requested_by.as_deref())
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
