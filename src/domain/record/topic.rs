//! The subject of an entry in a record. Every function that computes a state from entries matches on the subject
//! without a wildcard arm, so the compiler rejects a new kind of entry until each of these functions handles the new
//! kind.

use jiff::Timestamp;

use super::entry::{
    BackoutRequest, Ending, EntryKind, NotUndone, Opening, ServiceRollback, ServiceUpdate, SourceWithdrawn,
};
use super::step::{Done, Undo};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Conclusion, Reason};

/// An entry of a record, classified by its subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Topic<'e> {
    /// An entry about the record as a whole: an opening, a change of the worker, a backout request or a closing.
    Record(RecordEntry<'e>),
    /// An entry about a step of the newest attempt, with the number of the step.
    Step(usize, StepEntry<'e>),
    /// An entry about a revision that an earlier step registered, such as the withdrawal of this revision.
    Revision(&'e RevisionArn, RevisionEntry),
    /// An entry about an undo step of the newest backout, with the number of the undo step.
    Undo(usize, UndoEntry<'e>),
    /// An entry about the rollout to a service.
    Service(&'e ServiceArn, ServiceEntry<'e>),
    /// An entry about the retirement of a corrected revision, after the correction.
    Retirement(&'e RevisionArn, RetirementEntry<'e>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RecordEntry<'e> {
    Opened(&'e Opening),
    Released { why: &'e str, refused: Option<usize> },
    Resumed { registrars: &'e [String] },
    BackoutRequested(&'e BackoutRequest),
    Closed(&'e Conclusion),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StepEntry<'e> {
    Started { tags: Option<u32> },
    Done(&'e Done),
    Failed { why: &'e str, reason: Option<Reason> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RevisionEntry {
    Withdrawing(Reason),
    Withdrawn,
    Vanished,
    Unclaimed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum UndoEntry<'e> {
    Undoing(Option<&'e ServiceRollback>),
    Undone,
    Kept(&'e NotUndone),
    Restoring,
    Restored(&'e RevisionArn),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ServiceEntry<'e> {
    Waiting(Reason),
    UpdatingService(&'e ServiceUpdate),
    ServiceUpdated { deployment: &'e str, stoppable: bool },
    DeploymentPaused,
    DeploymentContinued,
    Yielding { to: &'e RevisionArn },
    RollingBack { why: &'e str },
    ServiceRolledBack { deployment: &'e str },
    RolloutEnded(&'e Ending),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RetirementEntry<'e> {
    SourceWithdrawn(&'e SourceWithdrawn),
    Delayed { until: Timestamp, unused: bool, users: &'e [String] },
    Forbidden,
    Retiring,
    Retired { users: &'e [String] },
}

impl EntryKind {
    pub(super) fn topic(&self) -> Topic<'_> {
        match self {
            Self::Opened(opening) => Topic::Record(RecordEntry::Opened(opening)),
            Self::Released { why, refused } => Topic::Record(RecordEntry::Released { why, refused: *refused }),
            Self::Resumed { registrars } => Topic::Record(RecordEntry::Resumed { registrars }),
            Self::BackoutRequested(asked) => Topic::Record(RecordEntry::BackoutRequested(asked)),
            Self::Closed(closing) => Topic::Record(RecordEntry::Closed(closing)),
            Self::Started { step, tags } => Topic::Step(*step, StepEntry::Started { tags: *tags }),
            Self::Done { step, done } => Topic::Step(*step, StepEntry::Done(done)),
            Self::Failed { step, why, reason } => Topic::Step(*step, StepEntry::Failed { why, reason: *reason }),
            Self::Withdrawing { corrected, why } => Topic::Revision(corrected, RevisionEntry::Withdrawing(*why)),
            Self::Withdrawn { corrected } => Topic::Revision(corrected, RevisionEntry::Withdrawn),
            Self::Vanished { corrected } => Topic::Revision(corrected, RevisionEntry::Vanished),
            Self::Unclaimed { registered } => Topic::Revision(registered, RevisionEntry::Unclaimed),
            Self::Undoing { step, rollback } => Topic::Undo(*step, UndoEntry::Undoing(rollback.as_deref())),
            Self::Undone { step } => Topic::Undo(*step, UndoEntry::Undone),
            Self::Kept(kept) => Topic::Undo(kept.step, UndoEntry::Kept(kept)),
            Self::Restoring { step } => Topic::Undo(*step, UndoEntry::Restoring),
            Self::Restored { step, restored } => Topic::Undo(*step, UndoEntry::Restored(restored)),
            Self::Waiting { service, why } => Topic::Service(service, ServiceEntry::Waiting(*why)),
            Self::UpdatingService(update) => Topic::Service(&update.service, ServiceEntry::UpdatingService(update)),
            Self::ServiceUpdated { service, deployment, stoppable } => {
                Topic::Service(service, ServiceEntry::ServiceUpdated { deployment, stoppable: *stoppable })
            }
            Self::DeploymentPaused { service } => Topic::Service(service, ServiceEntry::DeploymentPaused),
            Self::DeploymentContinued { service } => Topic::Service(service, ServiceEntry::DeploymentContinued),
            Self::Yielding { service, to } => Topic::Service(service, ServiceEntry::Yielding { to }),
            Self::RollingBack { service, why } => Topic::Service(service, ServiceEntry::RollingBack { why }),
            Self::ServiceRolledBack { service, deployment } => {
                Topic::Service(service, ServiceEntry::ServiceRolledBack { deployment })
            }
            Self::RolloutEnded { service, ending } => Topic::Service(service, ServiceEntry::RolloutEnded(ending)),
            Self::SourceWithdrawn(withdrawn) => {
                Topic::Retirement(&withdrawn.corrected, RetirementEntry::SourceWithdrawn(withdrawn))
            }
            Self::RetirementDelayed { corrected, until, unused, users } => {
                Topic::Retirement(corrected, RetirementEntry::Delayed { until: *until, unused: *unused, users })
            }
            Self::RetirementForbidden { corrected } => Topic::Retirement(corrected, RetirementEntry::Forbidden),
            Self::Retiring { corrected } => Topic::Retirement(corrected, RetirementEntry::Retiring),
            Self::Retired { corrected, users } => Topic::Retirement(corrected, RetirementEntry::Retired { users }),
        }
    }

    /// Returns the service that this entry is about.
    pub fn service(&self) -> Option<&ServiceArn> {
        self.topic().of_service().map(|(service, _)| service)
    }

    /// Returns the revision that Logweir registered, if this entry records a registration.
    pub fn registered(&self) -> Option<&RevisionArn> {
        match self.topic() {
            Topic::Step(_, StepEntry::Done(Done::Registered { corrected })) => Some(corrected),
            Topic::Undo(_, UndoEntry::Restored(restored)) => Some(restored),
            Topic::Revision(registered, RevisionEntry::Unclaimed) => Some(registered),
            Topic::Step(_, StepEntry::Done(Done::LogGroup { .. } | Done::Retention { .. }))
            | Topic::Step(_, StepEntry::Started { .. } | StepEntry::Failed { .. })
            | Topic::Undo(_, UndoEntry::Undoing(_) | UndoEntry::Undone | UndoEntry::Kept(_) | UndoEntry::Restoring)
            | Topic::Record(_)
            | Topic::Revision(_, RevisionEntry::Withdrawing(_) | RevisionEntry::Withdrawn | RevisionEntry::Vanished)
            | Topic::Service(..)
            | Topic::Retirement(..) => None,
        }
    }
}

impl<'e> Topic<'e> {
    pub(super) fn of_record(self) -> Option<RecordEntry<'e>> {
        match self {
            Self::Record(entry) => Some(entry),
            Self::Step(..) | Self::Revision(..) | Self::Undo(..) | Self::Service(..) | Self::Retirement(..) => None,
        }
    }

    /// Returns the revisions of the source's family that the entry names. Leaves out the revisions of deployments of
    /// other principals, which may belong to any family.
    pub(super) fn revisions(self) -> Vec<&'e RevisionArn> {
        match self {
            Self::Record(entry) => match entry {
                RecordEntry::Opened(opening) => vec![&opening.source],
                RecordEntry::BackoutRequested(asked) => asked.steps.iter().filter_map(Undo::corrected).collect(),
                RecordEntry::Released { .. } | RecordEntry::Resumed { .. } | RecordEntry::Closed(_) => Vec::new(),
            },
            Self::Step(_, entry) => match entry {
                StepEntry::Done(Done::Registered { corrected }) => vec![corrected],
                StepEntry::Started { .. }
                | StepEntry::Done(Done::LogGroup { .. } | Done::Retention { .. })
                | StepEntry::Failed { .. } => Vec::new(),
            },
            Self::Revision(
                revision,
                RevisionEntry::Withdrawing(_)
                | RevisionEntry::Withdrawn
                | RevisionEntry::Vanished
                | RevisionEntry::Unclaimed,
            )
            | Self::Retirement(
                revision,
                RetirementEntry::SourceWithdrawn(_)
                | RetirementEntry::Delayed { .. }
                | RetirementEntry::Forbidden
                | RetirementEntry::Retiring
                | RetirementEntry::Retired { .. },
            ) => {
                vec![revision]
            }
            Self::Undo(_, entry) => match entry {
                UndoEntry::Restored(restored) => vec![restored],
                UndoEntry::Undoing(rollback) => rollback.map(|rollback| &rollback.to).into_iter().collect(),
                UndoEntry::Undone | UndoEntry::Kept(_) | UndoEntry::Restoring => Vec::new(),
            },
            Self::Service(_, entry) => match entry {
                ServiceEntry::UpdatingService(update) => vec![&update.from, &update.to],
                ServiceEntry::Waiting(_)
                | ServiceEntry::ServiceUpdated { .. }
                | ServiceEntry::Yielding { .. }
                | ServiceEntry::RollingBack { .. }
                | ServiceEntry::ServiceRolledBack { .. }
                | ServiceEntry::DeploymentPaused
                | ServiceEntry::DeploymentContinued
                | ServiceEntry::RolloutEnded(_) => Vec::new(),
            },
        }
    }

    pub(super) fn of_service(self) -> Option<(&'e ServiceArn, ServiceEntry<'e>)> {
        match self {
            Self::Service(service, entry) => Some((service, entry)),
            Self::Record(_) | Self::Step(..) | Self::Revision(..) | Self::Undo(..) | Self::Retirement(..) => None,
        }
    }

    /// Whether the entry records no result, but only the intent of a worker or the arrival of a new worker.
    pub(super) fn is_intent(self) -> bool {
        match self {
            Self::Record(entry) => match entry {
                RecordEntry::Resumed { .. } => true,
                RecordEntry::Opened(_)
                | RecordEntry::Released { .. }
                | RecordEntry::BackoutRequested(_)
                | RecordEntry::Closed(_) => false,
            },
            Self::Step(_, entry) => match entry {
                StepEntry::Started { .. } => true,
                StepEntry::Done(_) | StepEntry::Failed { .. } => false,
            },
            Self::Revision(_, entry) => match entry {
                RevisionEntry::Withdrawing(_) => true,
                RevisionEntry::Withdrawn | RevisionEntry::Vanished | RevisionEntry::Unclaimed => false,
            },
            Self::Undo(_, entry) => match entry {
                UndoEntry::Undoing(_) | UndoEntry::Restoring => true,
                UndoEntry::Undone | UndoEntry::Kept(_) | UndoEntry::Restored(_) => false,
            },
            Self::Service(_, entry) => match entry {
                ServiceEntry::UpdatingService(_) | ServiceEntry::Yielding { .. } | ServiceEntry::RollingBack { .. } => {
                    true
                }
                ServiceEntry::Waiting(_)
                | ServiceEntry::ServiceUpdated { .. }
                | ServiceEntry::DeploymentPaused
                | ServiceEntry::DeploymentContinued
                | ServiceEntry::ServiceRolledBack { .. }
                | ServiceEntry::RolloutEnded(_) => false,
            },
            Self::Retirement(_, entry) => match entry {
                RetirementEntry::Retiring => true,
                RetirementEntry::SourceWithdrawn(_)
                | RetirementEntry::Delayed { .. }
                | RetirementEntry::Forbidden
                | RetirementEntry::Retired { .. } => false,
            },
        }
    }

    /// Whether the entry records progress. A worker makes no progress if it only releases the record, takes the record
    /// over, or starts a step.
    pub(super) fn is_progress(self) -> bool {
        match self {
            Self::Record(entry) => match entry {
                RecordEntry::Released { .. } | RecordEntry::Resumed { .. } => false,
                RecordEntry::Opened(_) | RecordEntry::BackoutRequested(_) | RecordEntry::Closed(_) => true,
            },
            Self::Step(_, entry) => match entry {
                StepEntry::Started { .. } => false,
                StepEntry::Done(_) | StepEntry::Failed { .. } => true,
            },
            Self::Undo(_, entry) => match entry {
                UndoEntry::Undoing(_) => false,
                UndoEntry::Undone | UndoEntry::Kept(_) | UndoEntry::Restoring | UndoEntry::Restored(_) => true,
            },
            Self::Revision(
                _,
                RevisionEntry::Withdrawing(_)
                | RevisionEntry::Withdrawn
                | RevisionEntry::Vanished
                | RevisionEntry::Unclaimed,
            ) => true,
            Self::Service(
                _,
                ServiceEntry::Waiting(_)
                | ServiceEntry::UpdatingService(_)
                | ServiceEntry::ServiceUpdated { .. }
                | ServiceEntry::DeploymentPaused
                | ServiceEntry::DeploymentContinued
                | ServiceEntry::Yielding { .. }
                | ServiceEntry::RollingBack { .. }
                | ServiceEntry::ServiceRolledBack { .. }
                | ServiceEntry::RolloutEnded(_),
            ) => true,
            Self::Retirement(
                _,
                RetirementEntry::SourceWithdrawn(_)
                | RetirementEntry::Delayed { .. }
                | RetirementEntry::Forbidden
                | RetirementEntry::Retiring
                | RetirementEntry::Retired { .. },
            ) => true,
        }
    }
}
