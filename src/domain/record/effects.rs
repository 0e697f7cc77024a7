//! The effects of a record that are still in place, over all its attempts: what a backout undoes.

use super::entry::{NotUndone, Pointing};
use super::head::Record;
use super::step::{Done, Step, Undo};
use super::topic::{RecordEntry, RevisionEntry, ServiceEntry, StepEntry, Topic, UndoEntry};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::Edit;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects<'r> {
    /// Revisions of ours, and the edits that made them of the source.
    pub revisions: Vec<(&'r RevisionArn, &'r [Edit])>,
    /// A Register that was started, its number and its edits: nobody knows whether it was carried out.
    pub possible: Option<(usize, &'r [Edit])>,
    /// Retentions of groups that others made, each with what was before all attempts.
    pub retentions: Vec<Retention<'r>>,
    /// The log groups that were made. They stay.
    pub made: Vec<&'r str>,
    pub restored: Option<&'r RevisionArn>,
    /// Services that were pointed at a revision of ours, or may have been, in that order, and what they go back to: the
    /// source, or what somebody had deployed and we overtook.
    pub services: Vec<(&'r Pointing, &'r RevisionArn)>,
}

/// A retention that was set, or (where an answer was lost) may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention<'r> {
    pub group: &'r str,
    pub old: Option<u32>,
    pub new: u32,
}

impl<'r> Effects<'r> {
    pub fn of(record: &'r Record) -> Self {
        let mut effects = Self::default();
        let (mut steps, mut undo): (&[Step], &[Undo]) = (&[], &[]);
        for entry in &record.entries {
            match entry.what.topic() {
                Topic::Record(entry) => match entry {
                    RecordEntry::Opened(opening) => steps = &opening.steps,
                    RecordEntry::BackoutAsked(asked) => undo = &asked.steps,
                    RecordEntry::Released { .. } | RecordEntry::Resumed { .. } | RecordEntry::Closed(_) => {}
                },
                Topic::Step(number, entry) => match entry {
                    StepEntry::Started => effects.started(number, steps.get(number)),
                    StepEntry::Done(done) => effects.done(steps.get(number), done),
                    StepEntry::Failed { .. } => effects.not_done(steps.get(number)),
                },
                Topic::Revision(revision, entry) => match entry {
                    RevisionEntry::Withdrawn | RevisionEntry::Vanished => effects.gone(revision),
                    RevisionEntry::Withdrawing(_) => {}
                },
                Topic::Undo(number, entry) => effects.undoing(undo.get(number), entry),
                Topic::Service(service, entry) => effects.following(service, entry),
            }
        }
        effects.retentions = merged(effects.retentions);
        effects.retentions.retain(|retention| !effects.made.contains(&retention.group));
        effects
    }

    fn started(&mut self, number: usize, step: Option<&'r Step>) {
        match step {
            Some(Step::Register { edits }) => self.possible = Some((number, edits)),
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
                let Some(Step::Register { edits }) = step else { return };
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
            Some(Step::Register { .. }) => self.possible = None,
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
                Some(Undo::PointBack { service, .. }) => self.left(service),
                None => {}
            },
            UndoEntry::Restored(restored) => self.restored = Some(restored),
            UndoEntry::Undoing | UndoEntry::Restoring | UndoEntry::Kept(NotUndone { open: true, .. }) => {}
        }
    }

    fn following(&mut self, service: &ServiceArn, entry: ServiceEntry<'r>) {
        match entry {
            ServiceEntry::Pointing(pointing) => {
                self.left(service);
                self.services.push((pointing, &pointing.from));
            }
            // Logweir has read the service since the intent: ECS did not carry out the update.
            ServiceEntry::Waiting(_) => self.left(service),
            ServiceEntry::Yielding { to } => {
                let of_it = self.services.iter_mut().find(|(pointing, _)| pointing.service == *service);
                if let Some((_, back)) = of_it {
                    *back = to;
                }
            }
            ServiceEntry::Followed(ending) if ending.runs_corrected() => {}
            ServiceEntry::Followed(_) => self.left(service),
            // The preceding intent already counts, unless an ending contradicts it.
            ServiceEntry::Pointed { .. } | ServiceEntry::Returning { .. } | ServiceEntry::PointedBack { .. } => {}
        }
    }

    fn left(&mut self, service: &ServiceArn) {
        self.services.retain(|(pointing, _)| pointing.service != *service);
    }

    fn gone(&mut self, revision: &RevisionArn) {
        self.revisions.retain(|(other, _)| *other != revision);
        self.restored = self.restored.filter(|restored| *restored != revision);
    }

    /// Whether there is nothing to take back, nor anything that may be.
    pub fn is_nothing(&self) -> bool {
        self.possible.is_none() && self.revisions.is_empty() && self.retentions.is_empty() && self.services.is_empty()
    }

    /// All that is to be undone: the last first.
    pub fn undo(&self) -> Vec<Undo> {
        let services = self.services.iter().rev().map(|(pointing, back)| {
            let Pointing { service, from, to, settled, .. } = (*pointing).clone();
            let settled = settled && from == **back;
            Undo::PointBack { service, from: (*back).clone(), to, settled }
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

/// One for each group. A later attempt may have raised what an earlier one set: back goes to what was before both.
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
