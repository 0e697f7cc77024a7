//! The state of a backout, folded from its entries.

use super::entry::{BackoutRequest, NotUndone};
use super::illegal::Illegal;
use super::topic::UndoEntry;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::Reason;

/// A backout: forward steps are not taken any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Backout<'r> {
    pub asked: &'r BackoutRequest,
    pub started: Vec<bool>,
    pub settled: Vec<Option<Settled<'r>>>,
    /// Whether the source's document may have been registered once more.
    pub restoring: bool,
    pub restored: Option<&'r RevisionArn>,
    /// Why the restored revision had to be withdrawn.
    pub not_restored: Option<Reason>,
    /// Services that are to be pointed at somebody's revision, which we had overtaken.
    pub yielding: Vec<(&'r ServiceArn, &'r RevisionArn)>,
}

/// How the undoing of one step ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Settled<'r> {
    Undone,
    Kept(&'r NotUndone),
}

impl<'r> Backout<'r> {
    /// Starts the backout that the caller requests now. A revision that an earlier backout restored stays restored. All
    /// other undos start again.
    pub(super) fn asked(asked: &'r BackoutRequest, earlier: Option<&Self>) -> Self {
        let steps = asked.steps.len();
        Self {
            asked,
            started: vec![false; steps],
            settled: vec![None; steps],
            restoring: earlier.is_some_and(|backout| backout.restoring),
            restored: earlier.and_then(|backout| backout.restored),
            not_restored: None,
            yielding: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, sequence: u32, step: usize, entry: UndoEntry<'r>) -> Result<(), Illegal> {
        if step >= self.started.len() {
            return Err(Illegal::NothingToUndo(sequence, step));
        }
        match entry {
            UndoEntry::Undoing => self.started[step] = true,
            UndoEntry::Undone if !self.started[step] => return Err(Illegal::UndoNotStarted(sequence, step)),
            UndoEntry::Undone => {
                self.settled[step].get_or_insert(Settled::Undone);
            }
            UndoEntry::Kept(kept) => {
                self.settled[step].get_or_insert(Settled::Kept(kept));
            }
            UndoEntry::Restoring => self.restoring = true,
            UndoEntry::Restored(restored) => {
                self.restored.get_or_insert(restored);
                self.not_restored = None;
            }
        }
        Ok(())
    }

    /// Records that Logweir withdrew a revision for this reason. It may be the restored revision.
    pub(super) fn withdrawn(&mut self, revision: &RevisionArn, why: Reason) {
        if self.restored == Some(revision) {
            (self.restored, self.not_restored) = (None, Some(why));
        }
    }

    pub(super) fn yields(&mut self, service: &'r ServiceArn, to: &'r RevisionArn) {
        self.yielding.retain(|(other, _)| *other != service);
        self.yielding.push((service, to));
    }

    /// What stays although it should have been taken back.
    pub fn kept(&self) -> impl Iterator<Item = &'r NotUndone> {
        self.settled.iter().filter_map(|settled| match settled {
            Some(Settled::Kept(kept)) => Some(*kept),
            Some(Settled::Undone) | None => None,
        })
    }
}
