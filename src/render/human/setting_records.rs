//! The text output about the records of account settings.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::domain::ecs::default_log_mode::{SETTING, words};
use crate::domain::record::{SettingEntryKind, SettingRecord};
use crate::domain::report::schema;
use crate::domain::text::plain::{plain, shortened};
use crate::render::Output;

/// The maximum length, in characters, of a text in the output that another principal may have written.
const LONGEST: usize = 512;

/// The record of an account setting, with the command that backs it out. `None` if there is nothing to undo.
pub struct SettingRecordOutput {
    pub record: SettingRecord,
    pub backout: Option<String>,
}

impl Output for SettingRecordOutput {
    fn text(&self) -> String {
        let Self { record, backout } = self;
        let mut out = String::new();
        let _ = writeln!(out, "{}  {}", record.name, state(record));
        if let Some(actor) = actor(record) {
            let _ = writeln!(out, "caused by  {actor}");
        }
        if let Some(backout) = backout {
            let _ = writeln!(out, "undo       {backout}");
        }
        for (number, entry) in record.entries.iter().enumerate() {
            let said = shortened(&said(&entry.what), LONGEST);
            let _ = writeln!(out, "{number:>4}  {:.3}  {said}", entry.at);
        }
        out
    }

    fn json(&self) -> Value {
        json!({"schema": schema::RECORD, "setting": self.record, "backout": self.backout})
    }
}

/// Returns one row of the list of records: name, outcome, corrected revision, time, account, Region and cause.
pub(super) fn row(record: &SettingRecord) -> [String; 7] {
    let actor = actor(record).unwrap_or_else(|| "-".into());
    let actor = actor.rsplit_once(':').map_or(actor.as_str(), |(_, name)| name).to_owned();
    let (account, region) = (record.name.account.clone(), record.name.region.clone());
    ["account-default".into(), state(record), "-".into(), format!("{:.0}", record.at), account, region, actor]
}

fn actor(record: &SettingRecord) -> Option<String> {
    Some(plain(record.attempt()?.opening.cause.actor.as_ref()?, LONGEST))
}

fn state(record: &SettingRecord) -> String {
    let closing = record.attempt().and_then(|attempt| attempt.closing);
    match closing {
        Some(closing) => match closing.reason {
            Some(reason) => format!("{} ({})", closing.outcome.name(), reason.name()),
            None => closing.outcome.name().into(),
        },
        None if record.is_suppressed() => "backing out".into(),
        None => "open".into(),
    }
}

fn said(what: &SettingEntryKind) -> String {
    match what {
        SettingEntryKind::Opened(opening) => {
            format!("opened: {SETTING}, {} → {}", words(opening.before), words(Some(opening.after)))
        }
        SettingEntryKind::Resumed => "resumed".into(),
        SettingEntryKind::Started => "started: set the value".into(),
        SettingEntryKind::Done => "done: set the value".into(),
        SettingEntryKind::Failed { why, .. } => format!("failed: set the value: {why}"),
        SettingEntryKind::Released { why } => format!("paused: {why}"),
        SettingEntryKind::BackoutRequested { reason, requested_by } => {
            let who = requested_by.as_deref().map(|who| format!(" by {who}")).unwrap_or_default();
            let why = reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("backout requested{who}{why}")
        }
        SettingEntryKind::Undoing => "undoing: set the former value".into(),
        SettingEntryKind::Undone => "undone: set the former value".into(),
        SettingEntryKind::Kept { why, .. } => format!("not undone: {why}"),
        SettingEntryKind::Closed(closing) => format!("closed: {}", closing.outcome.name()),
    }
}
