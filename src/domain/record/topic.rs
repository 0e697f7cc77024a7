//! The subject of an entry. Every fold matches on the subject without a wildcard arm. A new kind of entry therefore
//! does not compile until each fold handles it.

use super::entry::{BackoutRequest, Ending, EntryKind, NotUndone, Opening, Pointing};
use super::step::Done;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Conclusion, Reason};

/// An entry, grouped by its subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Topic<'e> {
    /// The whole record: its request, its worker and its ending.
    Record(RecordEntry<'e>),
    /// A step of the newest opening, by its number.
    Step(usize, StepEntry<'e>),
    /// A revision that Logweir registered, after the end of its step.
    Revision(&'e RevisionArn, RevisionEntry),
    /// An undo of the newest backout, by its number.
    Undo(usize, UndoEntry<'e>),
    /// A service in the rollout, before or after its update.
    Service(&'e ServiceArn, ServiceEntry<'e>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RecordEntry<'e> {
    Opened(&'e Opening),
    Released { why: &'e str },
    Resumed { registrars: &'e [String] },
    BackoutAsked(&'e BackoutRequest),
    Closed(&'e Conclusion),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StepEntry<'e> {
    Started,
    Done(&'e Done),
    Failed { why: &'e str, reason: Option<Reason> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RevisionEntry {
    Withdrawing(Reason),
    Withdrawn,
    Vanished,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum UndoEntry<'e> {
    Undoing,
    Undone,
    Kept(&'e NotUndone),
    Restoring,
    Restored(&'e RevisionArn),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ServiceEntry<'e> {
    Waiting(Reason),
    Pointing(&'e Pointing),
    Pointed { deployment: &'e str },
    Yielding { to: &'e RevisionArn },
    Returning { why: &'e str },
    PointedBack { deployment: &'e str },
    Followed(&'e Ending),
}

impl EntryKind {
    pub(super) fn topic(&self) -> Topic<'_> {
        match self {
            Self::Opened(opening) => Topic::Record(RecordEntry::Opened(opening)),
            Self::Released { why } => Topic::Record(RecordEntry::Released { why }),
            Self::Resumed { registrars } => Topic::Record(RecordEntry::Resumed { registrars }),
            Self::BackoutAsked(asked) => Topic::Record(RecordEntry::BackoutAsked(asked)),
            Self::Closed(closing) => Topic::Record(RecordEntry::Closed(closing)),
            Self::Started { step } => Topic::Step(*step, StepEntry::Started),
            Self::Done { step, done } => Topic::Step(*step, StepEntry::Done(done)),
            Self::Failed { step, why, reason } => Topic::Step(*step, StepEntry::Failed { why, reason: *reason }),
            Self::Withdrawing { corrected, why } => Topic::Revision(corrected, RevisionEntry::Withdrawing(*why)),
            Self::Withdrawn { corrected } => Topic::Revision(corrected, RevisionEntry::Withdrawn),
            Self::Vanished { corrected } => Topic::Revision(corrected, RevisionEntry::Vanished),
            Self::Undoing { step } => Topic::Undo(*step, UndoEntry::Undoing),
            Self::Undone { step } => Topic::Undo(*step, UndoEntry::Undone),
            Self::Kept(kept) => Topic::Undo(kept.step, UndoEntry::Kept(kept)),
            Self::Restoring { step } => Topic::Undo(*step, UndoEntry::Restoring),
            Self::Restored { step, restored } => Topic::Undo(*step, UndoEntry::Restored(restored)),
            Self::Waiting { service, why } => Topic::Service(service, ServiceEntry::Waiting(*why)),
            Self::Pointing(pointing) => Topic::Service(&pointing.service, ServiceEntry::Pointing(pointing)),
            Self::Pointed { service, deployment } => Topic::Service(service, ServiceEntry::Pointed { deployment }),
            Self::Yielding { service, to } => Topic::Service(service, ServiceEntry::Yielding { to }),
            Self::Returning { service, why } => Topic::Service(service, ServiceEntry::Returning { why }),
            Self::PointedBack { service, deployment } => {
                Topic::Service(service, ServiceEntry::PointedBack { deployment })
            }
            Self::Followed { service, ending } => Topic::Service(service, ServiceEntry::Followed(ending)),
        }
    }

    /// The service that this entry is about.
    pub fn service(&self) -> Option<&ServiceArn> {
        self.topic().of_service().map(|(service, _)| service)
    }

    /// Returns the revision that Logweir registered according to this entry.
    pub fn registered(&self) -> Option<&RevisionArn> {
        match self.topic() {
            Topic::Step(_, StepEntry::Done(Done::Registered { corrected })) => Some(corrected),
            Topic::Undo(_, UndoEntry::Restored(restored)) => Some(restored),
            Topic::Step(_, StepEntry::Done(Done::LogGroup { .. } | Done::Retention { .. }))
            | Topic::Step(_, StepEntry::Started | StepEntry::Failed { .. })
            | Topic::Undo(_, UndoEntry::Undoing | UndoEntry::Undone | UndoEntry::Kept(_) | UndoEntry::Restoring)
            | Topic::Record(_)
            | Topic::Revision(..)
            | Topic::Service(..) => None,
        }
    }
}

impl<'e> Topic<'e> {
    pub(super) fn of_record(self) -> Option<RecordEntry<'e>> {
        match self {
            Self::Record(entry) => Some(entry),
            Self::Step(..) | Self::Revision(..) | Self::Undo(..) | Self::Service(..) => None,
        }
    }

    pub(super) fn of_service(self) -> Option<(&'e ServiceArn, ServiceEntry<'e>)> {
        match self {
            Self::Service(service, entry) => Some((service, entry)),
            Self::Record(_) | Self::Step(..) | Self::Revision(..) | Self::Undo(..) => None,
        }
    }

    /// Whether the entry records only an intent or its worker, and no result.
    pub(super) fn is_intent(self) -> bool {
        match self {
            Self::Record(entry) => match entry {
                RecordEntry::Resumed { .. } => true,
                RecordEntry::Opened(_)
                | RecordEntry::Released { .. }
                | RecordEntry::BackoutAsked(_)
                | RecordEntry::Closed(_) => false,
            },
            Self::Step(_, entry) => match entry {
                StepEntry::Started => true,
                StepEntry::Done(_) | StepEntry::Failed { .. } => false,
            },
            Self::Revision(_, entry) => match entry {
                RevisionEntry::Withdrawing(_) => true,
                RevisionEntry::Withdrawn | RevisionEntry::Vanished => false,
            },
            Self::Undo(_, entry) => match entry {
                UndoEntry::Undoing | UndoEntry::Restoring => true,
                UndoEntry::Undone | UndoEntry::Kept(_) | UndoEntry::Restored(_) => false,
            },
            Self::Service(_, entry) => match entry {
                ServiceEntry::Pointing(_) | ServiceEntry::Yielding { .. } | ServiceEntry::Returning { .. } => true,
                ServiceEntry::Waiting(_)
                | ServiceEntry::Pointed { .. }
                | ServiceEntry::PointedBack { .. }
                | ServiceEntry::Followed(_) => false,
            },
        }
    }

    /// Whether the entry records progress. A worker makes no progress by releasing or taking over a record, or by
    /// repeating a start.
    pub(super) fn is_progress(self) -> bool {
        match self {
            Self::Record(entry) => match entry {
                RecordEntry::Released { .. } | RecordEntry::Resumed { .. } => false,
                RecordEntry::Opened(_) | RecordEntry::BackoutAsked(_) | RecordEntry::Closed(_) => true,
            },
            Self::Step(_, entry) => match entry {
                StepEntry::Started => false,
                StepEntry::Done(_) | StepEntry::Failed { .. } => true,
            },
            Self::Undo(_, entry) => match entry {
                UndoEntry::Undoing => false,
                UndoEntry::Undone | UndoEntry::Kept(_) | UndoEntry::Restoring | UndoEntry::Restored(_) => true,
            },
            Self::Revision(_, RevisionEntry::Withdrawing(_) | RevisionEntry::Withdrawn | RevisionEntry::Vanished) => {
                true
            }
            Self::Service(
                _,
                ServiceEntry::Waiting(_)
                | ServiceEntry::Pointing(_)
                | ServiceEntry::Pointed { .. }
                | ServiceEntry::Yielding { .. }
                | ServiceEntry::Returning { .. }
                | ServiceEntry::PointedBack { .. }
                | ServiceEntry::Followed(_),
            ) => true,
        }
    }
}
