//! A migration while it is planned.

use super::blocker::Blocker;
use super::{Change, PlannedFile};
use crate::domain::edit::containers::ContainerChanges;

/// A migration while it is planned.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) containers: ContainerChanges,
    pub(super) files: Vec<PlannedFile>,
    pub(super) blockers: Vec<Blocker>,
    pub(super) changes: Vec<Change>,
}

impl Draft {
    pub(super) fn block(&mut self, rule: &'static str, message: impl Into<String>) {
        self.blockers.push(Blocker::new(rule, message));
    }

    pub(super) fn say(&mut self, what: &'static str, message: impl Into<String>) {
        self.changes.push(Change { what, message: message.into() });
    }

    pub(super) fn file(&mut self, path: &str, content: String) {
        self.files.push(PlannedFile { path: path.to_owned(), content });
    }
}
