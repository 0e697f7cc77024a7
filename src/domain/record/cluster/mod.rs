//! The record of one cluster: the corrections of where the cluster logs the sessions of ECS Exec. Before each action, a
//! worker writes an entry with its intent; after the action, the worker writes an entry with the result.

mod attempt;
mod entry;

pub use attempt::{ClusterAttempt, ClusterBackout, ClusterEffect, ClusterNext};
pub use entry::{ClusterEntry, ClusterEntryKind, ClusterOpening, ClusterStep};

use std::mem::Discriminant;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::record::whole::{Progress, WholeRecord};

/// The largest number of attempts in a record. An item of a DynamoDB table holds at most 400 KB, and an attempt contains
/// two configurations of at most 8 KB each. A record forgets its oldest attempts.
const MOST_ATTEMPTS: usize = 16;

/// The number of entries above which a record forgets some. A step that fails again and again, and is tried again every
/// few minutes, adds entries.
const MOST_ENTRIES: usize = 400;

/// The number of tries of one step, one after the other, that a record keeps if it has too many entries. Two tries show
/// whether the newest one ended like the one before.
const KEPT_TRIES: usize = 2;

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

    /// Removes older tries that later tries repeat, because the journal could otherwise no longer store the record, and
    /// no principal could back it out. Then removes the oldest attempts, but never the newest one.
    fn forget(&mut self) {
        if self.entries.len() > MOST_ENTRIES {
            self.forget_tries();
        }
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

    fn forget_tries(&mut self) {
        let mut later: Vec<(Discriminant<ClusterEntryKind>, usize)> = Vec::new();
        let mut kept = Vec::new();
        for entry in std::mem::take(&mut self.entries).into_iter().rev() {
            let tries = repeatable(&entry.what);
            let repeats = later.iter().filter(|other| tries.as_ref() == Some(*other)).count();
            match tries {
                Some(kind) if repeats < KEPT_TRIES => later.push(kind),
                Some(_) => continue,
                None => later.clear(),
            }
            kept.push(entry);
        }
        kept.reverse();
        self.entries = kept;
    }
}

impl WholeRecord for ClusterRecord {
    type Kind = ClusterEntryKind;

    fn entries(&self) -> &[ClusterEntry] {
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

    fn next_version(&self, entry: ClusterEntry, lease_until: Timestamp) -> Self {
        let (version, at, owner) = (self.version + 1, entry.at, entry.by.clone());
        let mut next = Self { version, at, owner, lease_until, ..self.clone() };
        next.entries.push(entry);
        next.forget();
        next
    }
}

/// Returns the kind and the step of an entry that has the same meaning as a later entry of this kind right after it.
/// Returns `None` for an entry that every reader of the record needs.
fn repeatable(what: &ClusterEntryKind) -> Option<(Discriminant<ClusterEntryKind>, usize)> {
    let kind = std::mem::discriminant(what);
    match what {
        ClusterEntryKind::Started { step } => Some((kind, *step)),
        ClusterEntryKind::Resumed | ClusterEntryKind::Released { .. } | ClusterEntryKind::Undoing => Some((kind, 0)),
        ClusterEntryKind::Opened(_)
        | ClusterEntryKind::Done { .. }
        | ClusterEntryKind::Failed { .. }
        | ClusterEntryKind::BackoutRequested { .. }
        | ClusterEntryKind::Undone
        | ClusterEntryKind::Kept { .. }
        | ClusterEntryKind::Closed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

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
    }

    #[test]
    fn a_record_that_is_tried_again_and_again_stays_small_and_keeps_its_meaning() {
        let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let cluster: ClusterArn = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod".parse().unwrap();
        let add = |record: ClusterRecord, what| record.with(now, "a", SignedDuration::from_mins(2), what);
        let begun = (0..2)
            .flat_map(|step| [ClusterEntryKind::Started { step }, ClusterEntryKind::Done { step, changed: true }]);
        let opened = ClusterEntryKind::Opened(Box::new(ClusterOpening::fixture()));
        let mut record = [opened].into_iter().chain(begun).fold(ClusterRecord::new(cluster, now), add);
        for number in 0..1000 {
            let why = format!("no {number}");
            for what in
                [ClusterEntryKind::Resumed, ClusterEntryKind::Started { step: 2 }, ClusterEntryKind::Released { why }]
            {
                record = add(record, what);
            }
            assert!(record.entries.len() <= MOST_ENTRIES);
        }
        let attempt = record.attempt().unwrap();
        assert!(matches!(attempt.next(), ClusterNext::Take(2, _, true)));
        assert_eq!((record.open_since(), record.needs_operator()), (Some(now), false));
        assert!(attempt.has_made("/ecs/exec/prod"));
        assert_eq!(record.effect().map(|effect| effect.is_certain), Some(false));
        record = add(record, ClusterEntryKind::BackoutRequested { reason: None, requested_by: None });
        for _ in 0..1000 {
            record = [ClusterEntryKind::Resumed, ClusterEntryKind::Undoing].into_iter().fold(record, add);
        }
        assert!(record.entries.len() <= MOST_ENTRIES);
        assert!(matches!(record.attempt().unwrap().next(), ClusterNext::Undo(true)));
        assert!(record.effect().is_some());
    }
}
