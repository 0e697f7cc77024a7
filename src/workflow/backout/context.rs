//! The undo that a backout is carrying out, and the journal entries that follow from this undo.

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Service, ServiceArn};
use crate::domain::ecs::tags::{self, Tag};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::Edit;
use crate::domain::outcome::Reason;
use crate::domain::record::{Backout, EntryKind, NotRestored, NotUndone, Record, Rollback};
use crate::ports::{Described, Ports};
use crate::workflow::own_registration::{ExpectedDocument, ExpectedRevision, Registrars};

pub(in crate::workflow) struct UndoDriver<'p, P: Ports> {
    pub(in crate::workflow) ports: &'p P,
    pub(in crate::workflow) own: Registrars,
}

/// The undo that a backout is carrying out, and the progress of this backout.
pub(in crate::workflow) struct UndoContext<'a> {
    pub(in crate::workflow) step: usize,
    pub(in crate::workflow) started: bool,
    /// The rollback of the service that a worker was about to make.
    pub(in crate::workflow) rollback: Option<Rollback<'a>>,
    pub(in crate::workflow) restore_over_newer: bool,
    pub(in crate::workflow) restore_source: bool,
    pub(in crate::workflow) ignore_pins: bool,
    pub(in crate::workflow) restoring: bool,
    pub(in crate::workflow) restored: Option<&'a RevisionArn>,
    pub(in crate::workflow) uses_restored: bool,
    pub(in crate::workflow) is_withdrawable: bool,
    pub(in crate::workflow) not_restored: Option<NotRestored>,
    pub(in crate::workflow) source: &'a RevisionArn,
    pub(in crate::workflow) record: &'a Record,
}

/// The next action of a backout for the step that it undoes now.
pub(in crate::workflow) enum UndoAction {
    /// Write this entry to the journal, without an AWS call.
    Write(EntryKind),
    /// Deregister the corrected revision.
    Deregister(RevisionArn),
    /// Register the document of the source revision again, with these tags.
    Restore(Box<TaskDefinition>, Vec<Tag>),
    DeleteRetention(String),
    /// Update the service `found` to the revision `to`.
    Point {
        found: Box<Service>,
        to: RevisionArn,
    },
    /// Let ECS roll back this service deployment, which Logweir started. If ECS refuses the rollback, read the service
    /// again, and decide again.
    Stop(String),
    /// Update the service `found` to the revision `external`, because Logweir's rollback has replaced another
    /// principal's deployment of this revision.
    Yield {
        found: Box<Service>,
        external: RevisionArn,
    },
    /// Wait, because ECS first has to finish a rollback or to stop tasks. Contains the reason in words.
    Wait(String),
}

/// The undo of a rollout to one service.
pub(in crate::workflow) struct ServiceUndo<'b> {
    pub(in crate::workflow) service: &'b ServiceArn,
    pub(in crate::workflow) from: &'b RevisionArn,
    pub(in crate::workflow) to: &'b RevisionArn,
    pub(in crate::workflow) settled: bool,
    /// The id of Logweir's deployment of the service, if ECS may roll this deployment back.
    pub(in crate::workflow) stoppable: Option<String>,
}

impl<'a> UndoContext<'a> {
    pub(in crate::workflow) fn of(step: usize, backout: &Backout<'a>, record: &'a Record) -> Self {
        Self {
            step,
            started: backout.started[step],
            rollback: backout.rollbacks[step],
            restore_over_newer: backout.asked.restore_over_newer,
            restore_source: backout.asked.restore_source,
            ignore_pins: backout.asked.ignore_pins,
            restoring: backout.restoring,
            restored: backout.restored,
            uses_restored: backout.uses_restored,
            is_withdrawable: backout.is_withdrawable,
            not_restored: backout.not_restored,
            source: &record.head.source,
            record,
        }
    }

    /// Returns the tag of a restored revision, which contains the number of the source revision.
    pub(in crate::workflow) fn tag(&self) -> Tag {
        Tag::new(tags::RESTORES, self.source.revision.to_string())
    }

    /// Returns the restored revision, which Logweir registers from the revision `base` with the changes `edits`.
    pub(in crate::workflow) fn expected<'m>(
        &self,
        base: &'m RevisionArn,
        described: Option<&'m Described>,
        edits: &'m [Edit],
    ) -> ExpectedRevision<'m> {
        let document = ExpectedDocument::Edited { base: described, edits };
        ExpectedRevision { base, document, tags: vec![self.tag()] }
    }

    pub(in crate::workflow) fn keep(&self, why: String, reason: Option<Reason>) -> UndoAction {
        UndoAction::Write(EntryKind::Kept(NotUndone::open(self.step, why, reason)))
    }

    /// Returns the entry that closes this undo, because there is nothing left to undo.
    pub(in crate::workflow) fn done_with(&self, why: String) -> EntryKind {
        EntryKind::Kept(NotUndone { open: false, ..NotUndone::open(self.step, why, None) })
    }
}
