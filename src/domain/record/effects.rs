//! What stands of all that a record did, over all its attempts: that is what a backout takes back.

use super::entry::{Ending, EntryKind, NotUndone, Pointing};
use super::head::Record;
use super::step::{Done, Step, Undo};
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
        let mut standing = Self::default();
        let (mut steps, mut undo): (&[Step], &[Undo]) = (&[], &[]);
        for entry in &record.entries {
            match &entry.what {
                EntryKind::Opened(opening) => steps = &opening.steps,
                EntryKind::BackoutAsked(asked) => undo = &asked.steps,
                EntryKind::Started { step } => standing.started(*step, steps.get(*step)),
                EntryKind::Done { step, done } => standing.done(steps.get(*step), done),
                EntryKind::Failed { step, .. } => standing.not_done(steps.get(*step)),
                EntryKind::Withdrawn { corrected } | EntryKind::Vanished { corrected } => standing.gone(corrected),
                EntryKind::Undone { step } | EntryKind::Kept(NotUndone { step, open: false, .. }) => {
                    match undo.get(*step) {
                        Some(Undo::Deregister { corrected, .. }) => standing.gone(corrected),
                        Some(Undo::RestoreRetention { name, .. }) => {
                            standing.retentions.retain(|retention| retention.group != name);
                        }
                        Some(Undo::PointBack { service, .. }) => standing.left(service),
                        None => {}
                    }
                }
                EntryKind::Restored { restored, .. } => standing.restored = Some(restored),
                EntryKind::Pointing(pointing) => {
                    standing.left(&pointing.service);
                    standing.services.push((pointing, &pointing.from));
                }
                // Looked at: it was not carried out.
                EntryKind::Waiting { service, .. } => standing.left(service),
                EntryKind::Yielding { service, to } => {
                    let of_it = standing.services.iter_mut().find(|(pointing, _)| pointing.service == *service);
                    if let Some((_, back)) = of_it {
                        *back = to;
                    }
                }
                EntryKind::Followed { service, ending }
                    if !matches!(ending, Ending::Completed | Ending::Overdue | Ending::Stuck { .. }) =>
                {
                    standing.left(service);
                }
                _ => {}
            }
        }
        standing.retentions = merged(standing.retentions);
        standing.retentions.retain(|retention| !standing.made.contains(&retention.group));
        standing
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
        match (step, done) {
            (Some(Step::Register { edits }), Done::Registered { corrected }) => {
                self.possible = None;
                if self.revisions.iter().all(|(other, _)| *other != corrected) {
                    self.revisions.push((corrected, edits));
                }
            }
            (Some(Step::EnsureLogGroup(group)), Done::LogGroup { made: true })
                if !self.made.contains(&group.name.as_str()) =>
            {
                self.made.push(&group.name);
            }
            (step, Done::Retention { set: false }) => self.not_done(step),
            _ => {}
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
