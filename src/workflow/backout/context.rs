//! The current undo, and the entries that follow from it.

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Service, ServiceArn};
use crate::domain::ecs::tags::{self, Tag};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::outcome::Reason;
use crate::domain::record::{Backout, EntryKind, NotUndone};
use crate::ports::Ports;
use crate::workflow::ownership::Registrars;

pub(in crate::workflow) struct UndoDriver<'p, P: Ports> {
    pub(in crate::workflow) ports: &'p P,
    pub(in crate::workflow) own: Registrars,
}

/// The undo that is at hand, and how far its backout is.
pub(in crate::workflow) struct UndoContext<'a> {
    pub(in crate::workflow) step: usize,
    pub(in crate::workflow) started: bool,
    pub(in crate::workflow) restore_stale: bool,
    pub(in crate::workflow) restoring: bool,
    pub(in crate::workflow) restored: Option<RevisionArn>,
    pub(in crate::workflow) not_restored: Option<Reason>,
    pub(in crate::workflow) source: &'a RevisionArn,
}

/// What follows for the undo at hand.
pub(in crate::workflow) enum UndoAction {
    /// This entry, without an act.
    Write(EntryKind),
    /// Deregister our revision.
    Deregister(RevisionArn),
    /// Register the source's document once more.
    Restore(Box<TaskDefinition>, Vec<Tag>),
    DeleteRetention(String),
    /// Point a service, seen so, at this revision.
    Point {
        found: Box<Service>,
        to: RevisionArn,
    },
    /// Have ECS roll our deployment back; where it cannot, point the service.
    Stop {
        deployment: String,
        found: Box<Service>,
        to: RevisionArn,
    },
    /// Point a service at somebody's revision, which a pointing back has overtaken.
    Yield {
        found: Box<Service>,
        theirs: RevisionArn,
    },
    /// Nothing for now: ECS has something to finish.
    Wait(String),
}

/// What is to be undone about one service.
pub(in crate::workflow) struct ServiceUndo<'b> {
    pub(in crate::workflow) service: &'b ServiceArn,
    pub(in crate::workflow) from: &'b RevisionArn,
    pub(in crate::workflow) to: &'b RevisionArn,
    pub(in crate::workflow) settled: bool,
}

impl<'a> UndoContext<'a> {
    pub(in crate::workflow) fn of(step: usize, backout: &Backout<'_>, source: &'a RevisionArn) -> Self {
        Self {
            step,
            started: backout.started[step],
            restore_stale: backout.asked.restore_stale,
            restoring: backout.restoring,
            restored: backout.restored.cloned(),
            not_restored: backout.not_restored,
            source,
        }
    }

    /// The tag of a restored revision.
    pub(in crate::workflow) fn tag(&self) -> Tag {
        Tag::new(tags::RESTORES, self.source.revision.to_string())
    }

    pub(in crate::workflow) fn keep(&self, why: String, reason: Option<Reason>) -> UndoAction {
        UndoAction::Write(EntryKind::Kept(NotUndone::open(self.step, why, reason)))
    }

    /// There is nothing left to take back.
    pub(in crate::workflow) fn done_with(&self, why: String) -> EntryKind {
        EntryKind::Kept(NotUndone { open: false, ..NotUndone::open(self.step, why, None) })
    }
}
