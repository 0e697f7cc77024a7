//! The effects that the attempts of a record have left in place. A backout undoes the effects that are still in place.

use super::entry::{NotUndone, ServiceUpdate};
use super::head::Record;
use super::step::{Done, Step, Undo};
use super::topic::{RecordEntry, RetirementEntry, RevisionEntry, ServiceEntry, StepEntry, Topic, UndoEntry};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::Edit;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects<'r> {
    /// The revisions that Logweir registered, each with the edits that distinguish it from the source. A migrated revision
    /// has no edits.
    pub revisions: Vec<(&'r RevisionArn, &'r [Edit])>,
    /// The step number and the step of a registration that was started and that ECS may have carried out.
    pub possible: Option<(usize, &'r Step)>,
    /// The retentions that Logweir changed on log groups of other principals, each with its value before the first
    /// attempt.
    pub retentions: Vec<Retention<'r>>,
    /// The log groups that Logweir created. A backout does not delete a log group.
    pub made: Vec<&'r str>,
    pub restored: Option<&'r RevisionArn>,
    /// The services that Logweir updated or may have updated to a corrected revision, in the order of the updates. The
    /// second value of each pair is the revision to which a backout rolls the service back: the source, or another
    /// principal's revision if Logweir's update replaced the deployment of that revision.
    pub services: Vec<(&'r ServiceUpdate, &'r RevisionArn)>,
}

/// A retention that Logweir set, or may have set if the response was lost. The values `old` and `new` are in days.
/// `None` means that the events in the log group never expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention<'r> {
    pub group: &'r str,
    pub old: Option<u32>,
    pub new: u32,
}

impl<'r> Effects<'r> {
    pub fn of(record: &'r Record) -> Self {
        let mut effects = Self::default();
        let (mut steps, mut undo): (&[Step], Vec<&Undo>) = (&[], Vec::new());
        let mut backing_out = false;
        for entry in &record.entries {
            match entry.what.topic() {
                Topic::Record(entry) => match entry {
                    RecordEntry::Opened(opening) => (steps, backing_out) = (&opening.steps, false),
                    RecordEntry::BackoutRequested(asked) => {
                        backing_out = true;
                        if !asked.continues {
                            undo.clear();
                        }
                        undo.extend(&asked.steps);
                    }
                    RecordEntry::Released { refused: Some(step), .. } if !backing_out => {
                        effects.not_done(steps.get(step));
                    }
                    RecordEntry::Released { .. } | RecordEntry::Resumed { .. } | RecordEntry::Closed(_) => {}
                },
                Topic::Step(number, entry) => match entry {
                    StepEntry::Started { .. } => effects.started(number, steps.get(number)),
                    StepEntry::Done(done) => effects.done(steps.get(number), done),
                    StepEntry::Failed { .. } => effects.not_done(steps.get(number)),
                },
                Topic::Revision(revision, entry) => match entry {
                    RevisionEntry::Withdrawn | RevisionEntry::Vanished => effects.gone(revision),
                    RevisionEntry::Withdrawing(_) | RevisionEntry::Unclaimed => {}
                },
                Topic::Undo(number, entry) => effects.undoing(undo.get(number).copied(), entry),
                Topic::Service(service, entry) => effects.following(service, entry),
                Topic::Retirement(revision, entry) => match entry {
                    RetirementEntry::Retired { .. } => effects.gone(revision),
                    RetirementEntry::SourceWithdrawn(_)
                    | RetirementEntry::Delayed { .. }
                    | RetirementEntry::Forbidden
                    | RetirementEntry::Retiring => {}
                },
            }
        }
        effects.retentions = merged(effects.retentions);
        effects.retentions.retain(|retention| !effects.made.contains(&retention.group));
        effects
    }

    fn started(&mut self, number: usize, step: Option<&'r Step>) {
        match step {
            Some(step @ (Step::Register { .. } | Step::Migrate { .. })) => self.possible = Some((number, step)),
            Some(Step::SetRetention { name, old, new, .. }) => {
                let retention = Retention { group: name, old: *old, new: *new };
                if !self.retentions.contains(&retention) {
                    self.retentions.push(retention);
                }
            }
            Some(Step::EnsureLogGroup(_)) | None => {}
        }
    }

    fn done(&mut self, step: Option<&'r Step>, done: &'r Done) {
        match done {
            Done::Registered { corrected } => {
                let Some(step) = step.filter(|step| step.registers()) else { return };
                let edits = step.edits().unwrap_or_default();
                self.possible = None;
                if self.revisions.iter().all(|(other, _)| *other != corrected) {
                    self.revisions.push((corrected, edits));
                }
            }
            Done::LogGroup { made } => {
                let Some(Step::EnsureLogGroup(group)) = step else { return };
                if *made && !self.made.contains(&group.name.as_str()) {
                    self.made.push(&group.name);
                }
            }
            Done::Retention { set: true } => {}
            Done::Retention { set: false } => self.not_done(step),
        }
    }

    fn not_done(&mut self, step: Option<&Step>) {
        match step {
            Some(Step::Register { .. } | Step::Migrate { .. }) => self.possible = None,
            Some(Step::SetRetention { name, old, new, .. }) => {
                self.retentions.retain(|other| (other.group, other.old, other.new) != (name.as_str(), *old, *new));
            }
            Some(Step::EnsureLogGroup(_)) | None => {}
        }
    }

    fn undoing(&mut self, undo: Option<&Undo>, entry: UndoEntry<'r>) {
        match entry {
            UndoEntry::Undone | UndoEntry::Kept(NotUndone { open: false, .. }) => match undo {
                Some(Undo::Deregister { corrected, .. }) => self.gone(corrected),
                Some(Undo::RestoreRetention { name, .. }) => self.retentions.retain(|other| other.group != name),
                Some(Undo::RollBackService { service, .. }) => self.left(service),
                None => {}
            },
            UndoEntry::Restored(restored) => self.restored = Some(restored),
            UndoEntry::Undoing(_) | UndoEntry::Restoring | UndoEntry::Kept(NotUndone { open: true, .. }) => {}
        }
    }

    fn following(&mut self, service: &ServiceArn, entry: ServiceEntry<'r>) {
        match entry {
            ServiceEntry::UpdatingService(update) => {
                self.left(service);
                self.services.push((update, &update.from));
            }
            // Logweir had recorded the intent to update the service, but a later read of the service showed that ECS
            // had not carried out the update.
            ServiceEntry::Waiting(_) => self.left(service),
            ServiceEntry::Yielding { to } => {
                let of_it = self.services.iter_mut().find(|(update, _)| update.service == *service);
                if let Some((_, back)) = of_it {
                    *back = to;
                }
            }
            ServiceEntry::RolloutEnded(ending) if ending.runs_corrected() => {}
            ServiceEntry::RolloutEnded(_) => self.left(service),
            // The earlier entry `UpdatingService` already counts as an update of the service.
            ServiceEntry::ServiceUpdated { .. }
            | ServiceEntry::DeploymentPaused
            | ServiceEntry::DeploymentContinued
            | ServiceEntry::RollingBack { .. }
            | ServiceEntry::ServiceRolledBack { .. } => {}
        }
    }

    fn left(&mut self, service: &ServiceArn) {
        self.services.retain(|(update, _)| update.service != *service);
    }

    fn gone(&mut self, revision: &RevisionArn) {
        self.revisions.retain(|(other, _)| *other != revision);
        self.restored = self.restored.filter(|restored| *restored != revision);
    }

    /// Whether no effect is in place, not even a registration that may have been carried out.
    pub fn is_nothing(&self) -> bool {
        self.possible.is_none() && self.revisions.is_empty() && self.retentions.is_empty() && self.services.is_empty()
    }

    /// Returns the undo steps for all effects: first for services, then for corrected revisions, and last for
    /// retentions. Within each group, the newest effect is undone first.
    pub fn undo(&self) -> Vec<Undo> {
        let services = self.services.iter().rev().map(|(update, back)| {
            let ServiceUpdate { service, from, to, settled, .. } = (*update).clone();
            let settled = settled && from == **back;
            Undo::RollBackService { service, from: (*back).clone(), to, settled }
        });
        let revisions = self
            .revisions
            .iter()
            .rev()
            .map(|(corrected, edits)| Undo::Deregister { corrected: (*corrected).clone(), edits: edits.to_vec() });
        let retentions = self.retentions.iter().rev().map(|Retention { group, old, new }| Undo::RestoreRetention {
            name: (*group).to_owned(),
            old: *old,
            new: *new,
        });
        services.chain(revisions).chain(retentions).collect()
    }
}

/// Merges all retention changes of a log group into one change. The merged change has the old value of the first
/// attempt, because a later attempt may have changed a retention that an earlier attempt had set.
fn merged(changes: Vec<Retention<'_>>) -> Vec<Retention<'_>> {
    let mut merged: Vec<Retention<'_>> = Vec::new();
    for change in changes {
        match merged.iter_mut().find(|retention| retention.group == change.group) {
            Some(retention) => retention.new = change.new,
            None => merged.push(change),
        }
    }
    merged
}
