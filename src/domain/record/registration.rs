//! The registrations of revisions, computed from the entries of all attempts of a record.

use jiff::Timestamp;

use super::head::Record;
use super::step::{Step, Undo};
use super::topic::{RecordEntry, RetirementEntry, RevisionEntry, StepEntry, Topic, UndoEntry};
use crate::domain::ecs::revision::RevisionArn;

impl Record {
    /// Returns when a worker was about to register a revision, if no entry says whether ECS registered the revision.
    /// Returns `None` if the record has no such registration.
    pub fn unanswered_since(&self) -> Option<Timestamp> {
        let mut steps: &[Step] = &[];
        let mut since: Option<(usize, Timestamp)> = None;
        for entry in &self.entries {
            match entry.what.topic() {
                Topic::Record(RecordEntry::Opened(opening)) => (steps, since) = (&opening.steps, None),
                Topic::Step(step, StepEntry::Started { .. }) => {
                    if steps.get(step).is_some_and(Step::registers) {
                        since = Some((step, entry.at));
                    }
                }
                Topic::Undo(step, UndoEntry::Restoring) => since = Some((step, entry.at)),
                Topic::Step(step, StepEntry::Done(_) | StepEntry::Failed { .. })
                | Topic::Undo(step, UndoEntry::Kept(_) | UndoEntry::Restored(_))
                | Topic::Record(RecordEntry::Released { refused: Some(step), .. }) => {
                    since = since.filter(|(other, _)| *other != step);
                }
                Topic::Record(
                    RecordEntry::Released { refused: None, .. }
                    | RecordEntry::Resumed { .. }
                    | RecordEntry::BackoutRequested(_)
                    | RecordEntry::Closed(_),
                )
                | Topic::Undo(_, UndoEntry::Undoing(_) | UndoEntry::Undone)
                | Topic::Revision(..)
                | Topic::Service(..)
                | Topic::Retirement(..) => {}
            }
        }
        since.map(|(_, at)| at)
    }

    /// Returns the number of tags that a worker last sent with RegisterTaskDefinition. Returns `None` if no entry
    /// contains the number.
    pub fn tags_sent(&self) -> Option<u32> {
        self.entries.iter().rev().find_map(|entry| match entry.what.topic() {
            Topic::Step(_, StepEntry::Started { tags }) => tags,
            Topic::Step(_, StepEntry::Done(_) | StepEntry::Failed { .. })
            | Topic::Record(_)
            | Topic::Revision(..)
            | Topic::Undo(..)
            | Topic::Service(..)
            | Topic::Retirement(..) => None,
        })
    }

    /// Whether the record says that Logweir deregistered `revision`.
    pub fn deregistered(&self, revision: &RevisionArn) -> bool {
        let mut undo: Vec<&Undo> = Vec::new();
        self.entries.iter().any(|entry| match entry.what.topic() {
            Topic::Record(RecordEntry::BackoutRequested(asked)) => {
                if !asked.continues {
                    undo.clear();
                }
                undo.extend(&asked.steps);
                false
            }
            Topic::Revision(other, RevisionEntry::Withdrawn) => other == revision,
            Topic::Undo(step, UndoEntry::Undone) => {
                matches!(undo.get(step), Some(Undo::Deregister { corrected, .. }) if corrected == revision)
            }
            Topic::Record(
                RecordEntry::Opened(_)
                | RecordEntry::Released { .. }
                | RecordEntry::Resumed { .. }
                | RecordEntry::Closed(_),
            )
            | Topic::Revision(_, RevisionEntry::Withdrawing(_) | RevisionEntry::Vanished | RevisionEntry::Unclaimed)
            | Topic::Undo(
                _,
                UndoEntry::Undoing(_) | UndoEntry::Kept(_) | UndoEntry::Restoring | UndoEntry::Restored(_),
            )
            | Topic::Step(..)
            | Topic::Service(..)
            | Topic::Retirement(
                _,
                RetirementEntry::SourceWithdrawn(_)
                | RetirementEntry::Delayed { .. }
                | RetirementEntry::Forbidden
                | RetirementEntry::Retiring,
            ) => false,
            Topic::Retirement(corrected, RetirementEntry::Retired { .. }) => corrected == revision,
        })
    }
}
