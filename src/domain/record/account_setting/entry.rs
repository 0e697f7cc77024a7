//! The entries that make up the record of an account setting.

use serde::{Deserialize, Serialize};

use crate::domain::baseline::Delivery;
use crate::domain::event::Cause;
use crate::domain::outcome::{Conclusion, Reason};
use crate::domain::record::whole::{WholeEntry, WholeEntryKind};

/// One entry of the record of an account setting.
pub type SettingEntry = WholeEntry<SettingEntryKind>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum SettingEntryKind {
    /// A worker opened an attempt to set the account's default.
    Opened(Box<SettingOpening>),
    /// Another worker took the record over, to continue the work of a worker that stopped.
    Resumed,
    /// The worker is about to set the value. Without a later `Done` entry, the value counts as possibly set.
    Started,
    /// ECS shows the new value.
    Done,
    /// The worker did not set the value, and this attempt does not try again.
    Failed {
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// The worker stops and releases its lease on the record, because a later try may succeed.
    Released {
        why: String,
    },
    /// A caller requested a backout of the record.
    BackoutRequested {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requested_by: Option<String>,
    },
    /// The worker is about to set the former value.
    Undoing,
    Undone,
    /// The worker left the value as it is. `open` says whether another backout request may still undo it.
    Kept {
        why: String,
        open: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    Closed(Conclusion),
}

impl WholeEntryKind for SettingEntryKind {
    fn released(why: String) -> Self {
        Self::Released { why }
    }

    fn ends_the_work(&self) -> bool {
        matches!(self, Self::Closed(_) | Self::Released { .. })
    }

    fn begins_work(&self) -> bool {
        matches!(self, Self::Opened(_) | Self::BackoutRequested { .. })
    }
}

/// The beginning of an attempt, with the value before and after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingOpening {
    pub baseline_digest: String,
    pub cause: Cause,
    /// The value before the attempt. `None` if ECS listed no value.
    pub before: Option<Delivery>,
    pub after: Delivery,
}

#[cfg(test)]
impl SettingOpening {
    pub(super) fn fixture() -> Self {
        let (before, after) = (Some(Delivery::Blocking), Delivery::NonBlocking);
        Self { baseline_digest: "sha256:0".into(), cause: Cause::default(), before, after }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::outcome::Outcome;

    #[test]
    fn every_kind_of_entry_is_read_back_as_it_was_written() {
        let at: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let why = || String::from("why");
        for what in [
            SettingEntryKind::Opened(Box::new(SettingOpening::fixture())),
            SettingEntryKind::Resumed,
            SettingEntryKind::Started,
            SettingEntryKind::Done,
            SettingEntryKind::Failed { why: why(), reason: Some(Reason::SettingChanged) },
            SettingEntryKind::Released { why: why() },
            SettingEntryKind::BackoutRequested { reason: Some(why()), requested_by: None },
            SettingEntryKind::Undoing,
            SettingEntryKind::Undone,
            SettingEntryKind::Kept { why: why(), open: true, reason: None },
            SettingEntryKind::Closed(Outcome::Remediated.into()),
        ] {
            let entry = SettingEntry { at, by: "worker".into(), what };
            let text = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<SettingEntry>(&text).unwrap(), entry, "{text}");
        }
    }
}
