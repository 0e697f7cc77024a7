//! The text output about the records of clusters.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::record::{ClusterEntryKind, ClusterRecord, ClusterStep};
use crate::domain::report::schema;
use crate::domain::text::plain::{plain, shortened};
use crate::render::Output;

/// The maximum length, in characters, of a text in the output that another principal may have written.
const LONGEST: usize = 512;

/// The record of a cluster, with the command that backs its correction out. `None` if there is nothing to undo.
pub struct ClusterRecordOutput {
    pub record: ClusterRecord,
    pub backout: Option<String>,
}

impl Output for ClusterRecordOutput {
    fn text(&self) -> String {
        let Self { record, backout } = self;
        let mut out = String::new();
        let _ = writeln!(out, "{}  {}", record.cluster, state(record));
        if let Some(actor) = actor(record) {
            let _ = writeln!(out, "caused by  {actor}");
        }
        if let Some(backout) = backout {
            let _ = writeln!(out, "undo       {backout}");
        }
        let mut steps: &[ClusterStep] = &[];
        for (number, entry) in record.entries.iter().enumerate() {
            if let ClusterEntryKind::Opened(opening) = &entry.what {
                steps = &opening.steps;
            }
            let said = shortened(&said(&entry.what, steps), LONGEST);
            let _ = writeln!(out, "{number:>4}  {:.3}  {said}", entry.at);
        }
        out
    }

    fn json(&self) -> Value {
        json!({"schema": schema::RECORD, "cluster": self.record, "backout": self.backout})
    }
}

/// Returns one row of the list of records: name, outcome, time, account, Region and cause.
pub(super) fn row(record: &ClusterRecord) -> [String; 7] {
    let actor = actor(record).unwrap_or_else(|| "-".into());
    let actor = actor.rsplit_once(':').map_or(actor.as_str(), |(_, name)| name).to_owned();
    let (account, region) = (record.cluster.account.clone(), record.cluster.region.clone());
    [record.cluster.short(), state(record), "-".into(), at(record.at), account, region, actor]
}

fn at(at: Timestamp) -> String {
    format!("{at:.0}")
}

fn actor(record: &ClusterRecord) -> Option<String> {
    Some(plain(record.attempt()?.opening.cause.actor.as_ref()?, LONGEST))
}

fn state(record: &ClusterRecord) -> String {
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

fn said(what: &ClusterEntryKind, steps: &[ClusterStep]) -> String {
    let step = |number: &usize| steps.get(*number).map_or_else(String::new, name);
    match what {
        ClusterEntryKind::Opened(opening) => {
            format!("opened: {} steps in mode {}", opening.steps.len(), opening.mode.name())
        }
        ClusterEntryKind::Resumed => "resumed".into(),
        ClusterEntryKind::Started { step: number } => format!("started: {}", step(number)),
        ClusterEntryKind::Done { step: number, changed: true } => format!("done: {}", step(number)),
        ClusterEntryKind::Done { step: number, changed: false } => format!("not needed: {}", step(number)),
        ClusterEntryKind::Failed { step: number, why, .. } => format!("failed: {}: {why}", step(number)),
        ClusterEntryKind::Released { why } => format!("paused: {why}"),
        ClusterEntryKind::BackoutRequested { reason, requested_by } => {
            let who = requested_by.as_deref().map(|who| format!(" by {who}")).unwrap_or_default();
            let why = reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("backout requested{who}{why}")
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
