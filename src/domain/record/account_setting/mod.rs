//! The record of the account setting `defaultLogDriverMode` in one account and Region. Before it sets a value, a worker
//! writes an entry with its intent; afterwards, the worker writes an entry with the result.

mod attempt;
mod entry;

pub use attempt::{SettingAttempt, SettingBackout, SettingEffect, SettingNext};
pub use entry::{SettingEntry, SettingEntryKind, SettingOpening};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ecs::default_log_mode::SettingName;
use crate::domain::record::whole::{Progress, WholeRecord};

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
}

impl WholeRecord for SettingRecord {
    type Kind = SettingEntryKind;

    fn entries(&self) -> &[SettingEntry] {
        &self.entries
    }

    fn lease_until(&self) -> Timestamp {
        self.lease_until
    }

    fn progress(&self) -> Option<Progress<'_>> {
        let attempt = self.attempt()?;
        let actor = attempt.opening.cause.actor.as_deref();
        Some(Progress { actor, is_backed_out: attempt.backout.is_some(), closing: attempt.closing })
    }

    fn next_version(&self, entry: SettingEntry, lease_until: Timestamp) -> Self {
        let (version, at, owner) = (self.version + 1, entry.at, entry.by.clone());
        let mut next = Self { version, at, owner, lease_until, ..self.clone() };
        next.entries.push(entry);
        next.forget();
        next
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
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::outcome::Outcome;

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
