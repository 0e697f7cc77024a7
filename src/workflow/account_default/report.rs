//! The part of a report about an account setting.

use crate::domain::account_default::WANTED;
use crate::domain::baseline::Delivery;
use crate::domain::ecs::default_log_mode::{DefaultLogMode, SERVICE_DEFAULT, words};
use crate::domain::record::SettingRecord;
use crate::domain::report::{BackoutBy, Report, SettingAction, SettingReport};
use crate::domain::text::plain::shortened;

/// The maximum length of a text in a report, in characters.
const LONGEST: usize = 512;

/// Adds the planned change.
pub(super) fn planned(report: &mut Report, found: &DefaultLogMode) {
    let to = words(Some(WANTED));
    report.setting = Some(SettingReport { action: SettingAction::Change, from: words(found.value), to });
}

/// Marks the planned change as not carried out.
pub(super) fn not_changed(report: &mut Report) {
    if let Some(setting) = &mut report.setting {
        setting.action = SettingAction::NotChanged;
    }
}

/// Adds the change of a record, and the command that undoes it. Returns why the work ended as it did.
pub(super) fn tell(report: &mut Report, record: &SettingRecord, by: &BackoutBy) -> Option<String> {
    let attempt = record.attempt()?;
    let (before, after) = (attempt.opening.before, Some(attempt.opening.after));
    if let Some(backout) = &attempt.backout {
        let action = if backout.undone { SettingAction::Restored } else { SettingAction::NotChanged };
        report.setting = Some(SettingReport { action, from: words(after), to: former(before) });
        if backout.undone && before.is_none() {
            report.notes.push(formerly_unset());
        }
        let (why, open, _) = backout.kept?;
        report.notes.push(shortened(why, LONGEST));
        return open.then(|| why.to_owned());
    }
    report.backout = record.effect().map(|_| by.command_for(&record.name.to_string()));
    let action = if attempt.done { SettingAction::Changed } else { SettingAction::NotChanged };
    report.setting = Some(SettingReport { action, from: words(before), to: words(after) });
    attempt.failed.map(|(why, _)| why.to_owned())
}

/// Adds what a backout would undo.
pub(super) fn would_undo(report: &mut Report, record: &SettingRecord) {
    match record.effect() {
        Some(effect) => {
            let (from, to) = (words(Some(effect.after)), former(effect.before));
            report.setting = Some(SettingReport { action: SettingAction::Restore, from, to });
            if effect.before.is_none() {
                report.notes.push(formerly_unset());
            }
        }
        None => report.notes.push("there is nothing to undo in the record of the setting".into()),
    }
}

/// Returns the value that a backout sets.
fn former(before: Option<Delivery>) -> &'static str {
    words(Some(before.unwrap_or(SERVICE_DEFAULT)))
}

fn formerly_unset() -> String {
    format!(
        "the account had no value before; a backout sets the default of ECS explicitly, `{}`, which has the same effect",
        SERVICE_DEFAULT.mode()
    )
}
