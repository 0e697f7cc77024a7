//! The record of one cluster: the corrections of where the cluster logs the sessions of ECS Exec. Before each action, a
//! worker writes an entry with its intent; after the action, the worker writes an entry with the result.
//!
//! The journal stores the whole record under the name of the cluster, and replaces it only by the next version. So the
//! version is also the fence between two workers.

mod attempt;
mod entry;

pub use attempt::{ClusterAttempt, ClusterBackout, ClusterEffect, ClusterNext};
pub use entry::{ClusterEntry, ClusterEntryKind, ClusterOpening, ClusterStep};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ecs::cluster::ClusterArn;

/// The largest number of attempts in a record. An item of a DynamoDB table holds at most 400 KB, and an attempt contains
/// two configurations of at most 8 KB each. A record forgets its oldest attempts.
const MOST_ATTEMPTS: usize = 16;

/// The largest number of entries in a record. A step that fails again and again, and is tried again, adds entries.
const MOST_ENTRIES: usize = 400;

/// All entries about one cluster, with the worker that holds the lease on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterRecord {
    pub schema: u32,
    pub cluster: ClusterArn,
    /// The number of times that this record was written. A write succeeds only if the stored number is still the number
    /// that the writer has read.
    pub version: u32,
    pub at: Timestamp,
    /// The worker that wrote the last entry.
    pub owner: String,
    pub lease_until: Timestamp,
    pub entries: Vec<ClusterEntry>,
}

impl ClusterRecord {
    pub const SCHEMA: u32 = 1;

    /// Creates a record without entries, which the journal does not contain yet.
    pub fn new(cluster: ClusterArn, now: Timestamp) -> Self {
        let (owner, entries) = (String::new(), Vec::new());
        Self { schema: Self::SCHEMA, cluster, version: 0, at: now, owner, lease_until: now, entries }
    }

    /// Returns the next version of the record, with one more entry of the worker `by`, which holds the lease for `lease`
    /// from now on. An entry that ends the work of the worker also ends its lease.
    pub fn with(&self, at: Timestamp, by: &str, lease: SignedDuration, what: ClusterEntryKind) -> Self {
        let ends = matches!(what, ClusterEntryKind::Closed(_) | ClusterEntryKind::Released { .. });
        let lease_until = if ends { at } else { at.saturating_add(lease).unwrap_or(at) };
        let mut next = Self { version: self.version + 1, at, owner: by.to_owned(), lease_until, ..self.clone() };
        next.entries.push(ClusterEntry { at, by: by.to_owned(), what });
        next.forget();
        next
    }

    /// Removes the oldest attempts, but never the newest one.
    fn forget(&mut self) {
        let openings = |entries: &[ClusterEntry]| {
            let is_opening = |entry: &ClusterEntry| matches!(entry.what, ClusterEntryKind::Opened(_));
            (0..entries.len()).filter(|index| is_opening(&entries[*index])).collect::<Vec<_>>()
        };
        let starts = openings(&self.entries);
        let newest = starts.last().copied().unwrap_or_default();
        let oldest = starts.len().checked_sub(MOST_ATTEMPTS).map_or(0, |index| starts[index]);
        let too_many = self.entries.len().saturating_sub(MOST_ENTRIES);
        let fitting = starts.into_iter().find(|start| *start >= too_many).unwrap_or(newest);
        self.entries.drain(..oldest.max(fitting).min(newest));
    }

    /// Whether a worker holds the lease on unfinished work of the record.
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.is_open() && self.lease_until > now
    }

    /// Whether a correction or a backout is unfinished.
    pub fn is_open(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.closing.is_none())
    }

    /// Whether a backout was requested after the newest correction. Logweir then corrects the cluster again only at the
    /// request of an operator.
    pub fn is_suppressed(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.backout.is_some())
    }

    /// Whether a list of the journal shows the record.
    pub fn is_listed(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::Outcome;

    #[test]
    fn a_record_forgets_its_oldest_attempts_and_ends_the_lease_with_the_work() {
        let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let cluster: ClusterArn = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod".parse().unwrap();
        let opening = || ClusterEntryKind::Opened(Box::new(ClusterOpening::fixture()));
        let lease = SignedDuration::from_mins(2);
        let mut record = ClusterRecord::new(cluster, now);
        for _ in 0..40 {
            record = record.with(now, "a", lease, opening());
            assert!(record.is_held(now) && record.is_open());
            record = record.with(now, "a", lease, ClusterEntryKind::Closed(Outcome::Remediated.into()));
            assert!(!record.is_held(now) && !record.is_open());
        }
        assert_eq!((record.version, record.entries.len()), (80, 2 * MOST_ATTEMPTS));
        record = record.with(now, "a", lease, opening());
        for _ in 0..1000 {
            record = record.with(now, "a", lease, ClusterEntryKind::Resumed);
        }
        assert_eq!(record.entries.len(), 1001, "the newest attempt stays whole");
        record = record.with(now, "a", lease, opening());
        assert_eq!(record.entries.len(), 1);
    }
}
