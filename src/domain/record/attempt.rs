//! The state of a record's newest attempt, computed from the entries of the record.

use super::backout::Backout;
use super::entry::{Entry, EntryKind, Opening};
use super::head::Record;
use super::illegal::Illegal;
use super::rollout::{self, Rollout, RolloutPhase};
use super::step::Done;
use super::topic::{RecordEntry, RetirementEntry, RevisionEntry, ServiceEntry, StepEntry, Topic};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Conclusion, Reason};

/// The newest attempt of a record. An entry that repeats an earlier entry does not change the attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt<'r> {
    pub opening: &'r Opening,
    pub started: Vec<bool>,
    pub done: Vec<Option<&'r Done>>,
    pub failed: Option<(usize, &'r str, Option<Reason>)>,
    /// The corrected revisions that this attempt registered, in the order of their entries. Includes a revision that a
    /// worker found in ECS after the response to the registration was lost.
    pub registered: Vec<&'r RevisionArn>,
    /// The revisions that Logweir withdraws (deregisters again), each with the reason and whether the withdrawal is
    /// complete.
    pub withdrawals: Vec<(&'r RevisionArn, Reason, bool)>,
    /// The corrected revisions that another principal deregistered.
    pub vanished: Vec<&'r RevisionArn>,
    /// The revisions that workers without the lease on the record registered in any attempt. Logweir deregisters these
    /// revisions, and none of them is a corrected or restored revision of the record.
    pub unclaimed: Vec<&'r RevisionArn>,
    /// Whether the source was deregistered, so that Logweir retires the corrected revision.
    pub source_withdrawn: bool,
    /// The corrected revisions that Logweir retired (deregistered), each with the services and tasks that began to use
    /// it just before.
    pub retired: Vec<(&'r RevisionArn, &'r [String])>,
    /// The rollouts of this attempt, one for each service. Empty after a backout request.
    pub rollouts: Vec<Rollout<'r>>,
    /// The requested backout of the record, with its progress. `None` if no backout was requested.
    pub backout: Option<Backout<'r>>,
    pub closing: Option<&'r Conclusion>,
}

impl Record {
    /// Computes the newest attempt from the entries. Returns `None` if the record has no entries. Returns an error if
    /// an entry is not possible after the entries before it. If a sequence of entries is legal, every prefix of the
    /// sequence is legal too.
    pub fn attempt(&self) -> Result<Option<Attempt<'_>>, Illegal> {
        let mut attempt: Option<Attempt<'_>> = None;
        let is_request = |entry: &Entry| matches!(&entry.what, EntryKind::BackoutRequested(asked) if !asked.continues);
        let asked = self.entries.iter().rposition(is_request);
        for (index, entry) in self.entries.iter().enumerate() {
            let mut named = entry.what.topic().revisions().into_iter();
            if let Some(other) = named.find(|revision| !revision.is_sibling(&self.head.source)) {
                return Err(Illegal::OtherFamily(entry.sequence, other.short()));
            }
            match (entry.what.topic(), &mut attempt) {
                // After a backout request, the rollouts before it no longer count. A record may have thousands of them.
                (Topic::Service(..), Some(_)) if asked.is_some_and(|asked| index < asked) => {}
                (Topic::Record(RecordEntry::Opened(opening)), _) if opening.kind() != self.head.kind => {
                    return Err(Illegal::OtherKind(entry.sequence));
                }
                (Topic::Record(RecordEntry::Opened(opening)), earlier) => {
                    let unclaimed = earlier.take().map(|earlier| earlier.unclaimed).unwrap_or_default();
                    attempt = Some(Attempt { unclaimed, ..Attempt::new(opening) });
                }
                (_, Some(attempt)) => attempt.add(entry)?,
                (_, None) => return Err(Illegal::BeforeOpening(entry.sequence)),
            }
        }
        Ok(attempt)
    }
}

impl<'r> Attempt<'r> {
    fn new(opening: &'r Opening) -> Self {
        let steps = opening.steps.len();
        Self {
            opening,
            started: vec![false; steps],
            done: vec![None; steps],
            failed: None,
            registered: Vec::new(),
            withdrawals: Vec::new(),
            vanished: Vec::new(),
            unclaimed: Vec::new(),
            source_withdrawn: false,
            retired: Vec::new(),
            rollouts: Vec::new(),
            backout: None,
            closing: None,
        }
    }

    fn add(&mut self, entry: &'r Entry) -> Result<(), Illegal> {
        let sequence = entry.sequence;
        match entry.what.topic() {
            Topic::Revision(revision, RevisionEntry::Unclaimed) => {
                if !self.unclaimed.contains(&revision) {
                    self.unclaimed.push(revision);
                }
                Ok(())
            }
            Topic::Revision(revision, RevisionEntry::Withdrawn) if self.unclaimed.contains(&revision) => Ok(()),
            // During a retirement, Logweir may find that another principal has deregistered the corrected revision.
            Topic::Revision(revision, entry @ RevisionEntry::Vanished) if self.source_withdrawn => {
                self.add_revision(sequence, revision, entry)
            }
            Topic::Step(..) | Topic::Revision(..) | Topic::Undo(..) if self.closing.is_some() => {
                Err(Illegal::AfterClosing(sequence))
            }
            Topic::Record(entry) => {
                self.add_record(entry);
                Ok(())
            }
            Topic::Step(step, entry) => self.add_step(sequence, step, entry),
            Topic::Revision(revision, entry) => self.add_revision(sequence, revision, entry),
            Topic::Undo(step, about) => {
                let backout = self.backout.as_mut().ok_or(Illegal::NotAsked(sequence))?;
                backout.add(&self.opening.source, sequence, entry.at, step, about)
            }
            Topic::Service(service, about) => self.add_service(entry, service, about),
            Topic::Retirement(revision, entry) => self.add_retirement(sequence, revision, entry),
        }
    }

    fn add_record(&mut self, entry: RecordEntry<'r>) {
        match entry {
            RecordEntry::Opened(_) | RecordEntry::Resumed { .. } => {}
            RecordEntry::Released { refused, .. } => self.refused(refused),
            RecordEntry::BackoutRequested(asked) => {
                let is_unfinished = self.closing.take().is_none();
                let backout = Backout::asked(asked, self.backout.take(), is_unfinished);
                if !asked.continues {
                    // The undo steps deregister a corrected revision, but not a restored revision.
                    self.withdrawals.retain(|(revision, _, withdrawn)| {
                        is_unfinished && !withdrawn && backout.restored == Some(*revision)
                    });
                }
                self.backout = Some(backout);
            }
            RecordEntry::Closed(closing) => {
                self.closing.get_or_insert(closing);
            }
        }
    }

    /// Marks a registration as not started, because ECS refused the registration.
    fn refused(&mut self, step: Option<usize>) {
        match (&mut self.backout, step) {
            (_, None) => {}
            (Some(backout), Some(_)) => backout.restoring = false,
            (None, Some(step)) => {
                if let Some(started) = self.started.get_mut(step) {
                    *started = false;
                }
            }
        }
    }

    fn add_step(&mut self, sequence: u32, step: usize, entry: StepEntry<'r>) -> Result<(), Illegal> {
        if self.backout.is_some() {
            return Err(Illegal::BackingOut(sequence));
        }
        if step >= self.started.len() {
            return Err(Illegal::NoSuchStep(sequence, step));
        }
        match entry {
            StepEntry::Started { .. } => self.started[step] = true,
            StepEntry::Done(_) if !self.started[step] => return Err(Illegal::NotStarted(sequence, step)),
            StepEntry::Done(done) => {
                self.done[step].get_or_insert(done);
                if let Done::Registered { corrected } = done
                    && !self.registered.contains(&corrected)
                {
                    self.registered.push(corrected);
                }
            }
            StepEntry::Failed { why, reason } => {
                self.failed.get_or_insert((step, why, reason));
            }
        }
        Ok(())
    }

    fn add_revision(&mut self, sequence: u32, revision: &'r RevisionArn, entry: RevisionEntry) -> Result<(), Illegal> {
        let of_it = self.withdrawals.iter_mut().find(|(other, ..)| *other == revision);
        match entry {
            RevisionEntry::Withdrawing(why) => {
                if of_it.is_none() {
                    self.withdrawals.push((revision, why, false));
                }
            }
            RevisionEntry::Withdrawn => {
                let (_, why, withdrawn) = of_it.ok_or(Illegal::NothingWithdrawn(sequence))?;
                *withdrawn = true;
                if let Some(backout) = &mut self.backout {
                    backout.withdrawn(revision, *why);
                }
            }
            // Only Attempt::add handles this entry, because a worker writes it at any time.
            RevisionEntry::Unclaimed => {}
            RevisionEntry::Vanished => {
                if let Some(backout) = &mut self.backout {
                    backout.vanished(revision);
                }
                if !self.vanished.contains(&revision) {
                    self.vanished.push(revision);
                }
            }
        }
        Ok(())
    }

    /// Adds an entry about the retirement of a corrected revision. A retirement begins only after the correction.
    fn add_retirement(
        &mut self,
        sequence: u32,
        revision: &'r RevisionArn,
        entry: RetirementEntry<'r>,
    ) -> Result<(), Illegal> {
        if self.closing.is_none() {
            return Err(Illegal::NotCorrected(sequence));
        }
        match entry {
            RetirementEntry::SourceWithdrawn(_) => self.source_withdrawn = true,
            _ if !self.source_withdrawn => return Err(Illegal::NotAsked(sequence)),
            RetirementEntry::Delayed { .. } | RetirementEntry::Forbidden | RetirementEntry::Retiring => {}
            RetirementEntry::Retired { users } => self.retired.push((revision, users)),
        }
        Ok(())
    }

    /// Adds an entry about a service. A rollout starts only after the correction of the source. During a backout, undo
    /// steps roll services back, so `Yielding` and `ServiceRolledBack` are the only legal entries about services.
    fn add_service(
        &mut self,
        entry: &'r Entry,
        service: &'r ServiceArn,
        about: ServiceEntry<'r>,
    ) -> Result<(), Illegal> {
        let sequence = entry.sequence;
        if let Some(backout) = &mut self.backout {
            return match about {
                ServiceEntry::Yielding { to } => {
                    backout.yields(service, to);
                    Ok(())
                }
                ServiceEntry::ServiceRolledBack { .. } => Ok(()),
                ServiceEntry::Waiting(_)
                | ServiceEntry::UpdatingService(_)
                | ServiceEntry::ServiceUpdated { .. }
                | ServiceEntry::DeploymentPaused
                | ServiceEntry::DeploymentContinued
                | ServiceEntry::RollingBack { .. }
                | ServiceEntry::RolloutEnded(_) => Err(Illegal::BackingOut(sequence)),
            };
        }
        if self.closing.is_none() {
            return Err(Illegal::NotCorrected(sequence));
        }
        let returns = || self.rollout(service).is_some_and(|it| matches!(it.state, RolloutPhase::RollingBack(_)));
        if matches!(about, ServiceEntry::ServiceRolledBack { .. }) && !returns() {
            return Err(Illegal::NotAsked(sequence));
        }
        rollout::fold(&mut self.rollouts, entry.at, service, about);
        Ok(())
    }

    /// Returns the rollout to this service. Returns `None` if the attempt has no entry about the service.
    pub fn rollout(&self, service: &ServiceArn) -> Option<Rollout<'r>> {
        self.rollouts.iter().find(|rollout| rollout.service == service).cloned()
    }

    /// Returns the attempt's corrected revision, unless Logweir withdraws or has retired this revision, or another
    /// principal deregistered it. If several corrected revisions remain, returns the one with the lowest revision
    /// number, because Logweir withdraws the others.
    pub fn corrected(&self) -> Option<&'r RevisionArn> {
        let stands = |revision: &&&RevisionArn| {
            !self.vanished.contains(revision)
                && self.withdrawals.iter().all(|(other, ..)| other != *revision)
                && self.retired.iter().all(|(other, _)| other != *revision)
        };
        self.registered.iter().filter(stands).min_by_key(|revision| revision.revision).copied()
    }
}
