//! The text output about the records of clusters.

use serde_json::{Value, json};

use super::whole_records;
use crate::domain::record::{ClusterEntryKind, ClusterRecord, ClusterStep};
use crate::domain::report::schema;
use crate::domain::text::count;
use crate::render::Output;

/// The record of a cluster, with the command that backs its correction out. `None` if there is nothing to undo.
pub struct ClusterRecordOutput {
    pub record: ClusterRecord,
    pub backout: Option<String>,
}

impl Output for ClusterRecordOutput {
    fn text(&self) -> String {
        let Self { record, backout } = self;
        let mut steps: &[ClusterStep] = &[];
        whole_records::text(&record.cluster.to_string(), record, backout.as_ref(), |what| {
            if let ClusterEntryKind::Opened(opening) = what {
                steps = &opening.steps;
            }
            said(what, steps)
        })
    }

    fn json(&self) -> Value {
        json!({"schema": schema::RECORD, "cluster": self.record, "backout": self.backout})
    }
}

/// Returns one row of the list of records: name, outcome, corrected revision, time, account, Region and cause.
pub(super) fn row(record: &ClusterRecord) -> [String; 7] {
    whole_records::row(record.cluster.short(), record.at, &record.cluster.account, &record.cluster.region, record)
}

fn said(what: &ClusterEntryKind, steps: &[ClusterStep]) -> String {
    let step = |number: &usize| steps.get(*number).map_or_else(String::new, name);
    match what {
        ClusterEntryKind::Opened(opening) => {
            format!("opened: {} in mode {}", count(opening.steps.len() as u64, "step"), opening.mode.name())
        }
        ClusterEntryKind::Resumed => "resumed".into(),
        ClusterEntryKind::Started { step: number } => format!("started: {}", step(number)),
        ClusterEntryKind::Done { step: number, changed: true } => format!("done: {}", step(number)),
        ClusterEntryKind::Done { step: number, changed: false } => format!("not needed: {}", step(number)),
        ClusterEntryKind::Failed { step: number, why, .. } => format!("failed: {}: {why}", step(number)),
        ClusterEntryKind::Released { why } => format!("paused: {why}"),
        ClusterEntryKind::BackoutRequested { reason, requested_by } => {
            whole_records::requested(reason.as_deref(), requested_by.as_deref())
        }
        ClusterEntryKind::Undoing => "undoing: restore the former configuration".into(),
        ClusterEntryKind::Undone => "undone: restored the former configuration".into(),
        ClusterEntryKind::Kept { why, .. } => format!("not undone: {why}"),
        ClusterEntryKind::Closed(closing) => format!("closed: {}", closing.outcome.name()),
    }
}

fn name(step: &ClusterStep) -> String {
    match step {
        ClusterStep::EnsureLogGroup(group) => format!("create log group {}", group.name),
        ClusterStep::SetRetention { name, new } => format!("set retention of {name} to {new} days"),
        ClusterStep::ConfigureCluster { cluster, before, after } => {
            format!("configure {}: {} → {}", cluster.short(), before.exec().words(), after.exec().words())
        }
    }
}
