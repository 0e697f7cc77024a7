//! The record of the changes that `logweir runbook apply` makes of one cluster or service: its setting of Container
//! Insights and its tags. Before each action, a worker writes an entry with its intent; after the action, the worker
//! writes an entry with the result.
//!
//! Only the command line reads and writes these records.

mod attempt;
mod effects;
mod entry;

pub use attempt::{KeptEffect, ResourceAttempt, ResourceBackout, ResourceFailure, ResourceNext};
pub use effects::{InsightsChange, ResourceEffects};
pub use entry::{ResourceEntry, ResourceEntryKind, ResourceOpening, ResourceStep, ResourceUndo};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ecs::resource::ResourceArn;
use crate::domain::record::whole::{Progress, WholeRecord};

/// The beginning of the name of a record. It distinguishes the record from the record of where a cluster logs sessions.
pub const PREFIX: &str = "runbook/";

/// The number of attempts that a record keeps. An attempt has at most 50 tags of 384 characters, twice, and an item of
/// a DynamoDB table holds at most 400 KB.
const MOST_ATTEMPTS: usize = 4;

/// The number of entries above which a record forgets the tries of its newest attempt that later tries repeat.
const MOST_ENTRIES: usize = 200;

/// All entries about one cluster or service, with the worker that holds the lease on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceRecord {
    pub schema: u32,
    pub resource: ResourceArn,
    /// The number of times that this record was written. A write succeeds only if the stored number is still the number
    /// that the writer has read.
    pub version: u32,
    pub at: Timestamp,
    /// The worker that wrote the last entry.
    pub owner: String,
    pub lease_until: Timestamp,
    pub entries: Vec<ResourceEntry>,
}

impl ResourceRecord {
    pub const SCHEMA: u32 = 1;

    /// Creates a record without entries, which the journal does not contain yet.
    pub fn new(resource: ResourceArn, now: Timestamp) -> Self {
        let (owner, entries) = (String::new(), Vec::new());
        Self { schema: Self::SCHEMA, resource, version: 0, at: now, owner, lease_until: now, entries }
    }

    /// Returns the name of the record in commands, with the ARN of the resource.
    pub fn name_of(resource: &ResourceArn) -> String {
        format!("{PREFIX}{resource}")
    }

    /// Returns the name by which people name the record within one account and Region.
    pub fn short(&self) -> String {
        format!("{PREFIX}{}", self.resource.short())
    }

    /// Removes the oldest attempts, because each opening has the effects of the attempts before it. Then removes
    /// entries that say nothing more than a later entry of the same kind.
    fn forget(&mut self) {
        let is_opening = |at: &usize| matches!(self.entries[*at].what, ResourceEntryKind::Opened(_));
        let starts: Vec<usize> = (0..self.entries.len()).filter(is_opening).collect();
        if let Some(oldest) = starts.len().checked_sub(MOST_ATTEMPTS) {
            self.entries.drain(..starts[oldest]);
        }
        if self.entries.len() > MOST_ENTRIES {
            let mut newest_first = Vec::new();
            for entry in std::mem::take(&mut self.entries).into_iter().rev() {
                if !newest_first.iter().any(|later: &ResourceEntry| is_repeated(&entry, later)) {
                    newest_first.push(entry);
                }
            }
            newest_first.reverse();
            self.entries = newest_first;
        }
    }
}

impl WholeRecord for ResourceRecord {
    type Kind = ResourceEntryKind;

    fn entries(&self) -> &[ResourceEntry] {
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

    fn next_version(&self, entry: ResourceEntry, lease_until: Timestamp) -> Self {
        let (version, at, owner) = (self.version + 1, entry.at, entry.by.clone());
        let mut next = Self { version, at, owner, lease_until, ..self.clone() };
        next.entries.push(entry);
        next.forget();
        next
    }
}

/// Whether the entry is a try that a later entry repeats, so that it says nothing more.
fn is_repeated(entry: &ResourceEntry, later: &ResourceEntry) -> bool {
    match &entry.what {
        ResourceEntryKind::Started { .. } | ResourceEntryKind::Undoing { .. } => entry.what == later.what,
        ResourceEntryKind::Resumed
        | ResourceEntryKind::Released { .. }
        | ResourceEntryKind::BackoutRequested { .. }
        | ResourceEntryKind::Kept { open: true, .. }
        | ResourceEntryKind::Closed(_) => std::mem::discriminant(&entry.what) == std::mem::discriminant(&later.what),
        ResourceEntryKind::Opened(_)
        | ResourceEntryKind::Done { .. }
        | ResourceEntryKind::Failed { .. }
        | ResourceEntryKind::Undone { .. }
        | ResourceEntryKind::Kept { open: false, .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::ecs::resource::Insights;
    use crate::domain::event::Cause;
    use crate::domain::outcome::Outcome;

    const NOW: &str = "2026-12-01T12:00:00Z";

    fn opened(steps: Vec<ResourceStep>, standing: ResourceEffects) -> ResourceEntryKind {
        let cause = Cause::default();
        ResourceEntryKind::Opened(Box::new(ResourceOpening { baseline_digest: "d".into(), cause, steps, standing }))
    }

    fn insights(before: &str, after: Insights) -> ResourceStep {
        ResourceStep::SetInsights { before: Some(before.into()), after, account: None }
    }

    fn tags(key: &str) -> ResourceStep {
        ResourceStep::AddTags { tags: [(key.to_owned(), "v".to_owned())].into() }
    }

    fn begun() -> ResourceRecord {
        let cluster = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod".parse().unwrap();
        let record = ResourceRecord::new(cluster, NOW.parse().unwrap());
        add(record, opened(vec![insights("disabled", Insights::Enabled), tags("a")], ResourceEffects::default()))
    }

    fn add(record: ResourceRecord, what: ResourceEntryKind) -> ResourceRecord {
        record.with(NOW.parse().unwrap(), "w", SignedDuration::from_mins(2), what)
    }

    fn all(record: ResourceRecord) -> ResourceRecord {
        use ResourceEntryKind::{Closed, Done, Started};
        let steps = (0..2).flat_map(|step| [Started { step }, Done { step }]);
        steps.chain([Closed(Outcome::Remediated.into())]).fold(record, add)
    }

    #[test]
    fn the_entries_alone_determine_the_next_action() {
        use ResourceEntryKind::{BackoutRequested, Closed, Done, Kept, Started, Undoing, Undone};
        let next = |record: &ResourceRecord| match record.attempt().unwrap().next() {
            ResourceNext::Take(step, _, started) => format!("take {step} {started}"),
            ResourceNext::Undo(what, started) => format!("undo {what:?} {started}"),
            ResourceNext::Close => "close".into(),
            ResourceNext::Finished(closing) => closing.outcome.name().into(),
        };
        let asked = || BackoutRequested { reason: None, requested_by: None };
        let mut record = begun();
        let steps = [
            (Started { step: 0 }, "take 0 true"),
            (Done { step: 0 }, "take 1 false"),
            (Started { step: 1 }, "take 1 true"),
            (Done { step: 1 }, "close"),
            (Closed(Outcome::Remediated.into()), "remediated"),
            (asked(), "undo Tags false"),
            (Undoing { what: ResourceUndo::Tags }, "undo Tags true"),
            (Undone { what: ResourceUndo::Tags, kept: Vec::new() }, "undo Insights false"),
            (Kept { what: ResourceUndo::Insights, why: "no".into(), open: true, reason: None }, "close"),
            (Closed(Outcome::NeedsOperator.into()), "needs-operator"),
            (asked(), "undo Insights false"),
            (Undone { what: ResourceUndo::Insights, kept: Vec::new() }, "close"),
        ];
        assert_eq!(next(&record), "take 0 false");
        for (what, expected) in steps {
            record = add(record, what);
            assert_eq!(next(&record), expected);
        }
        assert!(record.effects().is_nothing());
    }

    #[test]
    fn a_second_attempt_keeps_the_value_before_the_first_one() {
        let record = all(begun());
        let standing = record.effects();
        let again = vec![insights("enabled", Insights::Enhanced), tags("b")];
        let effects = all(add(record, opened(again, standing.clone()))).effects();
        assert_eq!(
            effects.insights.as_ref().map(|change| (change.former(), change.after)),
            Some(("disabled", Insights::Enhanced))
        );
        assert_eq!(effects.tags.len(), 2);
        // Another principal has set the value between the two attempts.
        let other = vec![insights("disabled", Insights::Enhanced)];
        let record = add(begun(), opened(other, standing));
        let effects = add(record, ResourceEntryKind::Started { step: 0 }).effects();
        assert_eq!(effects.insights.unwrap().former(), "disabled");
    }

    #[test]
    fn a_step_that_certainly_did_nothing_has_no_effect() {
        use ResourceEntryKind::{Failed, Started};
        let failed = |is_possibly_done| {
            let failed = Failed { step: 0, why: "no".into(), reason: None, is_possibly_done };
            [Started { step: 0 }, failed].into_iter().fold(begun(), add).effects().is_nothing()
        };
        assert_eq!((failed(false), failed(true)), (true, false));
    }

    #[test]
    fn a_record_stays_small_and_keeps_its_effects() {
        use ResourceEntryKind::{BackoutRequested, Closed, Kept, Released, Resumed, Started};
        let mut record = all(begun());
        for _ in 0..30 {
            let standing = record.effects();
            record = add(record, opened(vec![tags("b")], standing));
            for _ in 0..200 {
                record = [Resumed, Started { step: 0 }, Released { why: "later".into() }].into_iter().fold(record, add);
            }
            record = add(record, Closed(Outcome::Failed.into()));
        }
        for _ in 0..300 {
            let kept = Kept { what: ResourceUndo::Tags, why: "no".into(), open: true, reason: None };
            let asked = BackoutRequested { reason: None, requested_by: None };
            record = [asked, kept, Closed(Outcome::NeedsOperator.into())].into_iter().fold(record, add);
        }
        assert!(record.entries.len() <= MOST_ENTRIES, "{}", record.entries.len());
        assert_eq!(record.effects().tags.len(), 2);
        assert!(record.effects().insights.is_some() && record.needs_operator());
    }
}
