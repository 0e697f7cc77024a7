//! The head of a record, and the record itself. Every commit of entries to a record also replaces the head by a
//! compare-and-swap.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{BackoutRequest, Ending, Entry, EntryKind, NotUndone, Opening, SCHEMA};
use super::key::{RecordKey, RecordKind};
use super::retirement::Retirement;
use super::step::{Done, Undo};
use super::topic::{RecordEntry, RetirementEntry, RevisionEntry, ServiceEntry, StepEntry, Topic, UndoEntry};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Conclusion, Outcome, Reason};

/// The state of a record: the worker that holds the lease, the end of the lease, the next sequence number and a summary
/// of the entries. Every commit of entries also replaces the head by a compare-and-swap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub source: RevisionArn,
    #[serde(default, skip_serializing_if = "RecordKind::is_correction")]
    pub kind: RecordKind,
    /// The sequence number of the next entry.
    pub next: u32,
    pub owner: String,
    pub lease_until: Timestamp,
    /// Whether a correction or a backout of the source is unfinished. Unfinished rollouts to services do not count.
    pub open: bool,
    pub opened_at: Timestamp,
    pub at: Timestamp,
    /// The conclusion of the last attempt that ended. `None` until the first attempt of the record ends.
    pub closing: Option<Conclusion>,
    /// The revision that Logweir registered for the source: the corrected revision or, in the record of a migration, the
    /// migrated revision.
    pub corrected: Option<RevisionArn>,
    pub actor: Option<String>,
    /// Whether a backout was requested. After a backout request, Logweir corrects the source again only at the request
    /// of an operator.
    #[serde(default)]
    pub suppressed: bool,
    /// Whether a backout of the record is unfinished.
    #[serde(default)]
    pub backing_out: bool,
    /// The number of times that a worker has taken the record over since an entry last recorded progress.
    #[serde(default)]
    pub tries: u32,
    /// The revision that a backout registered in place of a deregistered source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<RevisionArn>,
    /// The services whose update to the corrected revision is in progress or has to wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub following: Vec<ServiceArn>,
    /// The revisions that workers without the lease on the record registered, and that Logweir still has to deregister.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclaimed: Vec<RevisionArn>,
    /// The most severe conclusion among the record's rollouts to services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled: Option<Conclusion>,
    /// The retirement of the corrected revision. `None` if no principal has deregistered the source, or if the
    /// retirement has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement: Option<Retirement>,
}

impl Head {
    /// Creates the head of a record that is about to be opened.
    pub fn new(opening: &Opening, now: Timestamp) -> Self {
        Self {
            source: opening.source.clone(),
            kind: opening.kind(),
            next: 0,
            owner: String::new(),
            lease_until: now,
            open: true,
            opened_at: now,
            at: now,
            closing: None,
            corrected: None,
            actor: opening.cause.actor.clone(),
            suppressed: false,
            backing_out: false,
            tries: 0,
            restored: None,
            following: Vec::new(),
            unclaimed: Vec::new(),
            rolled: None,
            retirement: None,
        }
    }

    pub fn key(&self) -> RecordKey {
        self.kind.of(&self.source)
    }

    /// Returns the revision by which an operator names the record. A migration is named by the revision that Logweir
    /// registered, because the source revision may also have the record of a correction.
    pub fn named_by(&self) -> &RevisionArn {
        match self.kind {
            RecordKind::Correction => &self.source,
            RecordKind::Migration => self.corrected.as_ref().unwrap_or(&self.source),
        }
    }

    /// Whether the record has unfinished work: a correction, a migration, a backout, a rollout to a service, or a revision that a
    /// worker registered without the lease.
    pub fn has_work(&self) -> bool {
        self.is_unfinished() || !self.following.is_empty()
    }

    /// Whether the record has unfinished work other than a rollout. A rollout may take hours.
    pub fn is_unfinished(&self) -> bool {
        self.open || !self.unclaimed.is_empty()
    }

    /// Whether the record has no unfinished work except for the retirement of the corrected revision. The retirement
    /// does not count as unfinished work, because Logweir may have to wait for its end for months.
    pub fn is_retiring(&self) -> bool {
        self.retirement.is_some() && !self.has_work()
    }

    /// Whether the record has unfinished work, and a worker holds the lease on the record.
    pub fn is_held(&self, now: Timestamp) -> bool {
        let deregisters = self.retirement.as_ref().is_some_and(|retirement| retirement.begun);
        (self.has_work() || deregisters) && self.lease_until > now
    }

    /// Returns the conclusion of the rollouts to services, or the conclusion of the last attempt if no rollout has
    /// ended. After a backout request, the conclusions of rollouts no longer count.
    pub fn ending(&self) -> Option<&Conclusion> {
        if self.suppressed {
            return self.closing.as_ref();
        }
        self.rolled.as_ref().or(self.closing.as_ref())
    }

    /// Creates the entry that follows the entries `before`, and updates the head to include the new entry.
    pub fn write(&mut self, at: Timestamp, what: EntryKind, before: &[Entry]) -> Entry {
        let topic = what.topic();
        match topic {
            Topic::Record(entry) => self.take_in_record(at, entry),
            Topic::Step(_, entry) => match entry {
                StepEntry::Done(Done::Registered { corrected }) => {
                    let lower = self.corrected.take().filter(|standing| standing.revision < corrected.revision);
                    self.corrected = Some(lower.unwrap_or_else(|| corrected.clone()));
                }
                StepEntry::Started { .. }
                | StepEntry::Done(Done::LogGroup { .. } | Done::Retention { .. })
                | StepEntry::Failed { .. } => {}
            },
            Topic::Revision(revision, entry) => match entry {
                RevisionEntry::Withdrawn | RevisionEntry::Vanished => self.gone(revision),
                RevisionEntry::Unclaimed => self.unclaimed.push(revision.clone()),
                RevisionEntry::Withdrawing(_) => {}
            },
            Topic::Undo(step, entry) => match entry {
                UndoEntry::Undone | UndoEntry::Kept(NotUndone { open: false, .. }) => {
                    if let Some(Undo::Deregister { corrected, .. }) = undo(before, step) {
                        self.gone(corrected);
                    }
                }
                UndoEntry::Restored(restored) => self.restored = Some(restored.clone()),
                UndoEntry::Undoing(_) | UndoEntry::Restoring | UndoEntry::Kept(NotUndone { open: true, .. }) => {}
            },
            Topic::Service(service, entry) if !self.suppressed => {
                self.rolled = rolled(before.iter().map(|entry| &entry.what).chain([&what]));
                self.follow(at, service, entry);
            }
            Topic::Service(..) => {}
            Topic::Retirement(revision, entry) => self.take_in_retirement(at, revision, entry),
        }
        if topic.is_progress() {
            self.tries = 0;
        }
        let entry = Entry { schema: SCHEMA, sequence: self.next, at, by: self.owner.clone(), what };
        self.next += 1;
        self.at = at;
        entry
    }

    fn take_in_record(&mut self, at: Timestamp, entry: RecordEntry<'_>) {
        match entry {
            RecordEntry::Opened(_) => {
                (self.open, self.suppressed, self.backing_out) = (true, false, false);
                (self.corrected, self.rolled) = (None, None);
                self.following.clear();
                self.retirement = None;
            }
            RecordEntry::BackoutRequested(_) => {
                (self.open, self.suppressed, self.backing_out) = (true, true, true);
                self.following.clear();
            }
            RecordEntry::Resumed { .. } => self.tries += 1,
            RecordEntry::Released { .. } => self.lease_until = at,
            RecordEntry::Closed(closing) => {
                (self.open, self.backing_out) = (false, false);
                self.closing = Some(closing.clone());
            }
        }
    }

    /// Updates the list of services whose rollout is unfinished. Ends the lease on the record if the service needs no
    /// worker: if its update has to wait, while its deployment is in progress, and after its rollout.
    fn follow(&mut self, at: Timestamp, service: &ServiceArn, entry: ServiceEntry<'_>) {
        let (is_over, needs_worker) = match entry {
            ServiceEntry::Waiting(_)
            | ServiceEntry::ServiceUpdated { .. }
            | ServiceEntry::DeploymentPaused
            | ServiceEntry::DeploymentContinued => (false, false),
            ServiceEntry::UpdatingService(_)
            | ServiceEntry::Yielding { .. }
            | ServiceEntry::RollingBack { .. }
            | ServiceEntry::ServiceRolledBack { .. } => (false, true),
            ServiceEntry::RolloutEnded(_) => (true, false),
        };
        if is_over {
            self.following.retain(|other| other != service);
        } else if !self.following.contains(service) {
            self.following.push(service.clone());
        }
        if !needs_worker {
            self.lease_until = at;
        }
    }

    /// Updates the state of the retirement. Ends the lease on the record, unless a worker is about to deregister the
    /// corrected revision.
    fn take_in_retirement(&mut self, at: Timestamp, corrected: &RevisionArn, entry: RetirementEntry<'_>) {
        self.retirement = Retirement::after(self.retirement.take(), at, entry);
        match entry {
            RetirementEntry::Retiring => {}
            RetirementEntry::SourceWithdrawn(_) | RetirementEntry::Delayed { .. } | RetirementEntry::Forbidden => {
                self.lease_until = at;
            }
            RetirementEntry::Retired { users } => {
                self.gone(corrected);
                self.lease_until = at;
                self.rolled = None;
                self.closing = Some(if users.is_empty() {
                    Outcome::Retired.because(Reason::SourceWithdrawn)
                } else {
                    Outcome::NeedsOperator.because(Reason::StillRunning)
                });
            }
        }
    }

    fn gone(&mut self, revision: &RevisionArn) {
        self.retirement.take_if(|retirement| retirement.cause.corrected == *revision);
        self.corrected = self.corrected.take().filter(|corrected| corrected != revision);
        self.restored = self.restored.take().filter(|restored| restored != revision);
        self.unclaimed.retain(|other| other != revision);
    }
}

/// A record: its head and its entries, with the oldest entry first.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub head: Head,
    pub entries: Vec<Entry>,
}

/// Returns an undo step of the newest backout. Several requests may contain the undo steps of one backout.
fn undo(before: &[Entry], mut step: usize) -> Option<&Undo> {
    let newest_first = before.iter().rev().filter_map(|entry| entry.what.topic().of_record());
    let mut requests: Vec<&BackoutRequest> = Vec::new();
    for entry in newest_first {
        match entry {
            RecordEntry::BackoutRequested(asked) => {
                requests.push(asked);
                if !asked.continues {
                    break;
                }
            }
            RecordEntry::Opened(_)
            | RecordEntry::Released { .. }
            | RecordEntry::Resumed { .. }
            | RecordEntry::Closed(_) => {}
        }
    }
    for asked in requests.into_iter().rev() {
        match asked.steps.get(step) {
            Some(undo) => return Some(undo),
            None => step -= asked.steps.len(),
        }
    }
    None
}

/// Returns the most severe conclusion of the rollouts since the record was last opened. A service that Logweir is
/// updating again has no conclusion yet.
fn rolled<'r>(entries: impl Iterator<Item = &'r EntryKind>) -> Option<Conclusion> {
    let mut ends: Vec<(&ServiceArn, Option<&Ending>)> = Vec::new();
    for what in entries {
        let (service, ending) = match what.topic() {
            Topic::Record(RecordEntry::Opened(_)) => {
                ends.clear();
                continue;
            }
            Topic::Service(service, entry) => match entry {
                ServiceEntry::UpdatingService(_) => (service, None),
                ServiceEntry::RolloutEnded(ending) => (service, Some(ending)),
                ServiceEntry::Waiting(_)
                | ServiceEntry::ServiceUpdated { .. }
                | ServiceEntry::DeploymentPaused
                | ServiceEntry::DeploymentContinued
                | ServiceEntry::Yielding { .. }
                | ServiceEntry::RollingBack { .. }
                | ServiceEntry::ServiceRolledBack { .. } => continue,
            },
            Topic::Record(
                RecordEntry::Released { .. }
                | RecordEntry::Resumed { .. }
                | RecordEntry::BackoutRequested(_)
                | RecordEntry::Closed(_),
            )
            | Topic::Step(..)
            | Topic::Revision(..)
            | Topic::Undo(..)
            | Topic::Retirement(..) => continue,
        };
        ends.retain(|(other, _)| *other != service);
        ends.push((service, ending));
    }
    ends.into_iter()
        .filter_map(|(_, ending)| ending.map(|ending| ending.conclusion().without_words()))
        .max_by_key(|closing| closing.outcome.gravity())
}
