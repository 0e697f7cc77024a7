//! The state of a backout, computed from the entries of the record.

use super::entry::{BackoutRequest, NotUndone};
use super::illegal::Illegal;
use super::topic::UndoEntry;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::Reason;

/// A requested backout. After a backout request, no worker takes further steps of the correction.
#[derive(Clone, Debug, PartialEq)]
pub struct Backout<'r> {
    pub asked: &'r BackoutRequest,
    pub started: Vec<bool>,
    pub settled: Vec<Option<Settled<'r>>>,
    /// Whether Logweir may have registered the document of the deregistered source again.
    pub restoring: bool,
    pub restored: Option<&'r RevisionArn>,
    /// Why Logweir withdrew the restored revision. `None` if Logweir did not withdraw the restored revision.
    pub not_restored: Option<Reason>,
    /// The services that Logweir is about to update to a revision of another principal, because Logweir's update
    /// replaced the deployment of that revision.
    pub yielding: Vec<(&'r ServiceArn, &'r RevisionArn)>,
}

/// The result of one undo step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Settled<'r> {
    Undone,
    Kept(&'r NotUndone),
}

impl<'r> Backout<'r> {
    /// Creates the state of a newly requested backout. A revision that an earlier backout restored stays restored, and
    /// all other undo steps start again.
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

    /// Records that Logweir withdrew `revision` for the reason `why`. If the backout had restored the source as
    /// `revision`, the source no longer counts as restored.
    pub(super) fn withdrawn(&mut self, revision: &RevisionArn, why: Reason) {
        if self.restored == Some(revision) {
            (self.restored, self.not_restored) = (None, Some(why));
        }
    }

    pub(super) fn yields(&mut self, service: &'r ServiceArn, to: &'r RevisionArn) {
        self.yielding.retain(|(other, _)| *other != service);
        self.yielding.push((service, to));
    }

    /// Returns the undo steps whose effects stay in place, with the reasons.
    pub fn kept(&self) -> impl Iterator<Item = &'r NotUndone> {
        self.settled.iter().filter_map(|settled| match settled {
            Some(Settled::Kept(kept)) => Some(*kept),
            Some(Settled::Undone) | None => None,
        })
    }
}
