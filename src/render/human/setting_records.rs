//! The text output about the records of account settings.

use serde_json::{Value, json};

use super::whole_records;
use crate::domain::ecs::default_log_mode::{SETTING, words};
use crate::domain::record::{SettingEntryKind, SettingRecord};
use crate::domain::report::schema;
use crate::render::Output;

/// The record of an account setting, with the command that backs it out. `None` if there is nothing to undo.
pub struct SettingRecordOutput {
    pub record: SettingRecord,
    pub backout: Option<String>,
}

impl Output for SettingRecordOutput {
    fn text(&self) -> String {
        let Self { record, backout } = self;
        whole_records::text(&record.name.to_string(), record, backout.as_ref(), said)
    }

    fn json(&self) -> Value {
        json!({"schema": schema::RECORD, "setting": self.record, "backout": self.backout})
    }
}

/// Returns one row of the list of records: name, outcome, corrected revision, time, account, Region and cause.
pub(super) fn row(record: &SettingRecord) -> [String; 7] {
    whole_records::row("account-default".into(), record.at, &record.name.account, &record.name.region, record)
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
            whole_records::requested(reason.as_deref(), requested_by.as_deref())
        }
        SettingEntryKind::Undoing => "undoing: set the former value".into(),
        SettingEntryKind::Undone => "undone: set the former value".into(),
        SettingEntryKind::Kept { why, .. } => format!("not undone: {why}"),
        SettingEntryKind::Closed(closing) => format!("closed: {}", closing.outcome.name()),
    }
}
