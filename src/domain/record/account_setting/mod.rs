//! The record of the account setting `defaultLogDriverMode` in one account and Region. Before it sets a value, a worker
//! writes an entry with its intent; afterwards, the worker writes an entry with the result.
//!
//! The journal stores the whole record under the name of the account and Region, and replaces it only by the next
//! version. So the version is also the fence between two workers.

mod attempt;
mod entry;

pub use attempt::{SettingAttempt, SettingBackout, SettingEffect, SettingNext};
pub use entry::{SettingEntry, SettingEntryKind, SettingOpening};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ecs::default_log_mode::SettingName;
use crate::domain::outcome::Outcome;

/// The largest number of attempts in a record. A record forgets its oldest attempts.
const MOST_ATTEMPTS: usize = 16;

/// The largest number of entries in a record. A record with more entries forgets the tries before the newest ones of
/// the same kind.
const MOST_ENTRIES: usize = 200;

/// All entries about the setting of one account and Region, with the worker that holds the lease on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingRecord {
    pub schema: u32,
    #[serde(flatten)]
    pub name: SettingName,
    /// The number of times that this record was written. A write succeeds only if the stored number is still the number
    /// that the writer has read.
    pub version: u32,
    pub at: Timestamp,
    /// The worker that wrote the last entry.
    pub owner: String,
    pub lease_until: Timestamp,
    pub entries: Vec<SettingEntry>,
}

impl SettingRecord {
    pub const SCHEMA: u32 = 1;

    /// Creates a record without entries, which the journal does not contain yet.
    pub fn new(name: SettingName, now: Timestamp) -> Self {
        let (owner, entries) = (String::new(), Vec::new());
        Self { schema: Self::SCHEMA, name, version: 0, at: now, owner, lease_until: now, entries }
    }

    /// Returns the next version of the record, with one more entry of the worker `by`, which holds the lease for
    /// `lease` from now on. An entry that ends the work of the worker also ends its lease.
    pub fn with(&self, at: Timestamp, by: &str, lease: SignedDuration, what: SettingEntryKind) -> Self {
        let ends = matches!(what, SettingEntryKind::Closed(_) | SettingEntryKind::Released { .. });
        let lease_until = if ends { at } else { at.saturating_add(lease).unwrap_or(at) };
        let mut next = Self { version: self.version + 1, at, owner: by.to_owned(), lease_until, ..self.clone() };
        next.entries.push(SettingEntry { at, by: by.to_owned(), what });
        next.forget();
        next
    }

    /// Removes the tries that later tries repeat if there are too many entries, and the oldest attempts.
    fn forget(&mut self) {
        let starts: Vec<usize> =
            self.entries.iter().enumerate().filter(|(_, it)| opens(it)).map(|(at, _)| at).collect();
        if let Some(oldest) = starts.len().checked_sub(MOST_ATTEMPTS) {
            self.entries.drain(..starts[oldest]);
        }
        if self.entries.len() > MOST_ENTRIES {
            let kinds: Vec<_> = self.entries.iter().map(|entry| repeatable(&entry.what)).collect();
            let is_repeated = |at: usize| {
                let later = kinds[at + 1..].iter().take_while(|kind| kind.is_some());
                kinds[at].is_some() && later.into_iter().any(|kind| *kind == kinds[at])
            };
            let mut index = 0..;
            self.entries.retain(|_| index.next().is_some_and(|at| !is_repeated(at)));
        }
    }

    /// Whether a worker holds the lease on unfinished work of the record.
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.is_open() && self.lease_until > now
    }

    /// Whether the setting of the value or a backout is unfinished.
    pub fn is_open(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.closing.is_none())
    }

    /// Whether the newest attempt or backout waits for an operator.
    pub fn needs_operator(&self) -> bool {
        let closing = self.attempt().and_then(|attempt| attempt.closing.map(|closing| closing.outcome));
        closing == Some(Outcome::NeedsOperator)
    }

    /// Whether a backout was requested after the newest attempt. Logweir then sets the value again only with `--force`.
    pub fn is_suppressed(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.backout.is_some())
    }

    /// Whether a list of the journal shows the record.
    pub fn is_listed(&self) -> bool {
        true
    }
}

fn opens(entry: &SettingEntry) -> bool {
    matches!(entry.what, SettingEntryKind::Opened(_))
}

/// Returns the kind of an entry that a later entry of the same kind repeats. Returns `None` for an entry that every
/// reader of the record needs.
fn repeatable(what: &SettingEntryKind) -> Option<std::mem::Discriminant<SettingEntryKind>> {
    match what {
        SettingEntryKind::Resumed
        | SettingEntryKind::Started
        | SettingEntryKind::Released { .. }
        | SettingEntryKind::Undoing => Some(std::mem::discriminant(what)),
        SettingEntryKind::Opened(_)
        | SettingEntryKind::Done
        | SettingEntryKind::Failed { .. }
        | SettingEntryKind::BackoutRequested { .. }
        | SettingEntryKind::Undone
        | SettingEntryKind::Kept { .. }
        | SettingEntryKind::Closed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn record(entries: impl IntoIterator<Item = SettingEntryKind>) -> SettingRecord {
        let now = Timestamp::UNIX_EPOCH;
        let name = SettingName { account: "111122223333".into(), region: "eu-west-1".into() };
        let opened = SettingEntryKind::Opened(Box::new(SettingOpening::fixture()));
        let add = |record: SettingRecord, what| record.with(now, "worker", SignedDuration::from_mins(2), what);
        [opened].into_iter().chain(entries).fold(SettingRecord::new(name, now), add)
    }

    #[test]
    fn a_record_stays_small_and_keeps_its_meaning() {
        use SettingEntryKind::{BackoutRequested, Closed, Opened, Released, Resumed, Started, Undoing};
        let tries = (0..500).flat_map(|number| [Resumed, Started, Released { why: format!("no {number}") }]);
        let tried = record(tries);
        assert!(tried.entries.len() <= MOST_ENTRIES, "{}", tried.entries.len());
        assert_eq!(tried.attempt().unwrap().next(), SettingNext::Take(true));
        assert_eq!(tried.effect().map(|effect| effect.is_certain), Some(false));
        let add = |record: SettingRecord, what| record.with(Timestamp::UNIX_EPOCH, "w", SignedDuration::ZERO, what);
        let asked = add(tried, BackoutRequested { reason: None, requested_by: None });
        let undone = (0..500).flat_map(|_| [Resumed, Undoing]).fold(asked, add);
        assert!(undone.entries.len() <= MOST_ENTRIES);
        assert_eq!(undone.attempt().unwrap().next(), SettingNext::Undo(true));
        let opening = || Opened(Box::new(SettingOpening::fixture()));
        let closed = || Closed(Outcome::Remediated.into());
        let many = (0..40).flat_map(|_| [opening(), closed()]).fold(undone, add);
        assert_eq!(many.entries.len(), 2 * MOST_ATTEMPTS);
        assert!(!many.is_open() && !many.is_held(Timestamp::UNIX_EPOCH));
    }
}
