//! A line of the journal file.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ports::StateKind;

/// A line of the journal file, which contains either a commit (`head` and `entry`) or exactly one state (`family`,
/// `pointings`, `budget` or `reconciliation`). The checksum `crc32` covers the texts of all other members of the line.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<'t> {
    pub(super) crc32: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) entry: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) family: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) pointings: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) budget: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) reconciliation: Option<&'t RawValue>,
}

impl<'t> Line<'t> {
    /// Returns the member of the line in which the journal stores a state of this kind.
    pub(super) fn state(&mut self, kind: StateKind) -> &mut Option<&'t RawValue> {
        match kind {
            StateKind::Family => &mut self.family,
            StateKind::ServiceHistory => &mut self.pointings,
            StateKind::RateLimit => &mut self.budget,
            StateKind::Reconciliation => &mut self.reconciliation,
        }
    }

    pub(super) fn checksum(&self) -> u32 {
        let mut crc32 = crc32fast::Hasher::new();
        let states = [self.family, self.pointings, self.budget, self.reconciliation];
        for text in [self.head, self.entry].into_iter().chain(states).flatten() {
            crc32.update(text.get().as_bytes());
        }
        crc32.finalize()
    }

    /// Returns whether the line contains either exactly one commit or exactly one state.
    pub(super) fn is_one_thing(&self) -> bool {
        let states = [self.family, self.pointings, self.budget, self.reconciliation].into_iter().flatten().count();
        matches!((self.head, self.entry, states), (Some(_), Some(_), 0) | (None, None, 1))
    }
}

/// Returns the complete lines of a text. Omits the last line if this line does not end with a newline.
pub(super) fn whole(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)]
}
