//! The part of a report about an account setting.

use serde::Serialize;

/// The value of the account setting `defaultLogDriverMode` before and after an action of Logweir: `blocking`,
/// `non-blocking` or `not set`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SettingReport {
    pub action: SettingAction,
    pub from: &'static str,
    pub to: &'static str,
}

/// The completed or planned action of Logweir on an account setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingAction {
    Changed,
    NotChanged,
    /// A backout set the former value.
    Restored,
    /// Planned: Logweir would set the value.
    Change,
    /// Planned: a backout would set the former value.
    Restore,
}
