//! The state of a backout, computed from the entries of the record.

use jiff::Timestamp;

use super::entry::{BackoutRequest, NotUndone};
use super::illegal::Illegal;
use super::rollback::Rollback;
use super::step::Undo;
use super::topic::UndoEntry;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::Reason;

/// The maximum size, in bytes, of the undo steps in one backout request. An item of a DynamoDB table holds at most 400
/// KB, and the entry contains the undo steps together with the other members of the request.
const LARGEST: usize = 256 * 1024;

/// A requested backout. After a backout request, no worker takes further steps of the correction.
#[derive(Clone, Debug, PartialEq)]
pub struct Backout<'r> {
    pub asked: &'r BackoutRequest,
    /// The undo steps of the backout, in the order in which Logweir takes them.
    pub steps: Vec<&'r Undo>,
    pub started: Vec<bool>,
    pub settled: Vec<Option<Settled<'r>>>,
    /// The rollback of a service that Logweir was about to make in an undo step.
    pub rollbacks: Vec<Option<Rollback<'r>>>,
    /// Whether Logweir may have registered the document of the deregistered source again, and does not know the result.
    pub restoring: bool,
    pub restored: Option<&'r RevisionArn>,
    /// Whether Logweir may have updated a service to the restored revision. Logweir no longer withdraws the restored
    /// revision then.
    pub uses_restored: bool,
    /// Whether this backout, and no earlier one, registered the restored revision.
    pub restores: bool,
    /// Whether no backout has closed since Logweir registered the restored revision. Logweir withdraws the restored
    /// revision then if nothing needs it.
    pub is_withdrawable: bool,
    /// Why the restored revision is no longer ACTIVE. `None` if Logweir did not withdraw the restored revision, and
    /// another principal did not deregister it.
    pub not_restored: Option<NotRestored>,
    /// The services that Logweir is about to update to a revision of another principal, because Logweir's update
    /// replaced the deployment of that revision.
    pub yielding: Vec<(&'r ServiceArn, &'r RevisionArn)>,
}

/// The reason why a revision that a backout restored is no longer ACTIVE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRestored {
    /// Logweir withdrew the restored revision for this reason.
    Withdrawn(Reason),
    /// Another principal deregistered the restored revision.
    Vanished,
}

/// The result of one undo step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Settled<'r> {
    Undone,
    Kept(&'r NotUndone),
}

impl BackoutRequest {
    /// Returns the first of these undo steps, as many as one request may contain. Returns at least one of them.
    pub fn first(steps: Vec<Undo>) -> Vec<Undo> {
        let mut size = 0;
        let fits = |undo: &Undo| {
            let first = size == 0;
            size += serde_json::to_string(undo).map_or(0, |text| text.len()) + 1;
            first || size <= LARGEST
        };
        steps.into_iter().take_while(fits).collect()
    }
}

impl<'r> Backout<'r> {
    /// Creates the state of a newly requested backout, or adds the undo steps of a request that continues the backout
    /// `earlier`. A revision that an earlier backout restored stays restored, a rollback with an unknown result stays
    /// started, and all other undo steps start again.
    /// `is_unfinished` says whether the backout `earlier` has not closed.
    pub(super) fn asked(asked: &'r BackoutRequest, earlier: Option<Self>, is_unfinished: bool) -> Self {
        let unknown = earlier.as_ref().map(Self::unknown).unwrap_or_default();
        let mut backout = match earlier {
            Some(earlier) if asked.continues => Self { asked, ..earlier },
            earlier => Self {
                asked,
                steps: Vec::new(),
                started: Vec::new(),
                settled: Vec::new(),
                rollbacks: Vec::new(),
                restoring: earlier.as_ref().is_some_and(|backout| backout.restoring),
                restored: earlier.as_ref().and_then(|backout| backout.restored),
                uses_restored: earlier.as_ref().is_some_and(|backout| backout.uses_restored),
                restores: false,
                is_withdrawable: is_unfinished && earlier.is_some_and(|backout| backout.is_withdrawable),
                not_restored: None,
                yielding: Vec::new(),
            },
        };
        backout.steps.extend(&asked.steps);
        backout.started.resize(backout.steps.len(), false);
        backout.settled.resize(backout.steps.len(), None);
        backout.rollbacks.resize(backout.steps.len(), None);
        for (undo, rollback) in unknown {
            if let Some(step) = backout.steps.iter().position(|step| step.is_about_the_same(undo)) {
                (backout.started[step], backout.rollbacks[step]) = (true, Some(rollback));
            }
        }
        backout
    }

    /// Returns the rollbacks of services that Logweir may have made, and whose results the record does not contain. A
    /// later request continues with them, because such a rollback may have replaced another principal's deployment.
    fn unknown(&self) -> Vec<(&'r Undo, Rollback<'r>)> {
        let steps = self.steps.iter().zip(&self.rollbacks).zip(&self.settled);
        let unknown = steps.filter(|(_, settled)| settled.is_none());
        unknown.filter_map(|((undo, rollback), _)| rollback.map(|rollback| (*undo, rollback))).collect()
    }

    /// Adds an entry about the undo step number `step` of the record of `source`.
    pub(super) fn add(
        &mut self,
        source: &RevisionArn,
        sequence: u32,
        at: Timestamp,
        step: usize,
        entry: UndoEntry<'r>,
    ) -> Result<(), Illegal> {
        if step >= self.started.len() {
            return Err(Illegal::NothingToUndo(sequence, step));
        }
        match entry {
            UndoEntry::Undoing(rollback) => {
                self.started[step] = true;
                if let Some(intent) = rollback {
                    let earlier = self.rollbacks[step].take();
                    self.rollbacks[step] = Some(Rollback::announced(intent, at, earlier));
                }
                let to_source = matches!(self.steps[step], Undo::RollBackService { from, .. } if from == source);
                self.uses_restored |= to_source && self.restored.is_some();
            }
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
                (self.restoring, self.not_restored) = (false, None);
                (self.restores, self.is_withdrawable) = (true, true);
            }
        }
        Ok(())
    }

    /// Records that Logweir withdrew `revision` for the reason `why`. If this backout registered the restored revision,
    /// it does not restore the source again. If an earlier backout registered it, this backout may restore the source.
    pub(super) fn withdrawn(&mut self, revision: &RevisionArn, why: Reason) {
        if self.restored == Some(revision) {
            (self.restored, self.uses_restored) = (None, false);
            self.not_restored = self.restores.then_some(NotRestored::Withdrawn(why));
        }
    }

    /// Records that another principal deregistered `revision`. If this backout registered the restored revision, it
    /// does not restore the source again. If an earlier backout registered it, this backout may restore the source.
    pub(super) fn vanished(&mut self, revision: &RevisionArn) {
        if self.restored == Some(revision) {
            (self.restored, self.uses_restored) = (None, false);
            self.not_restored = self.restores.then_some(NotRestored::Vanished);
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
