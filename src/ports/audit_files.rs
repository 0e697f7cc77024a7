//! What an audit keeps between two runs, and what it shows while it runs.

use std::time::Duration;

use crate::domain::audit::{Memo, Step};

/// The cache and the resume file of an audit. A failed write costs only time later, so no method fails. The
/// implementation reports a failure to the caller once.
pub trait AuditMemory {
    /// Whether there is a cache to remember revisions in.
    fn has_cache(&self) -> bool;

    /// Returns the number of revisions that the cache knows.
    fn known(&self) -> usize;

    /// Whether the cache knows the revision.
    fn knows(&self, family: &str, revision: u32) -> bool;

    /// Returns what the cache keeps about a revision. Returns `None` if it keeps nothing, or cannot read it.
    fn recall(&mut self, family: &str, revision: u32) -> Option<Memo>;

    /// Keeps a memo of a revision that was described.
    fn remember(&mut self, memo: &Memo);

    /// Notes that a recalled memo is still in use, so that the cache does not drop it.
    fn keep(&mut self, memo: &Memo);

    /// Hands the steps of an interrupted audit to `take`, in their order.
    fn earlier(&mut self, take: &mut dyn FnMut(Step));

    /// Keeps a finished step, if there is a resume file.
    fn note(&mut self, step: &dyn Fn() -> Step);
}

/// No cache and no resume file.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMemory;

impl AuditMemory for NoMemory {
    fn has_cache(&self) -> bool {
        false
    }
    fn known(&self) -> usize {
        0
    }
    fn knows(&self, _: &str, _: u32) -> bool {
        false
    }
    fn recall(&mut self, _: &str, _: u32) -> Option<Memo> {
        None
    }
    fn remember(&mut self, _: &Memo) {}
    fn keep(&mut self, _: &Memo) {}
    fn earlier(&mut self, _: &mut dyn FnMut(Step)) {}
    fn note(&mut self, _: &dyn Fn() -> Step) {}
}

/// What an audit has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AuditProgress {
    pub part: AuditPart,
    /// The revisions and families to examine in this part, as far as they are known.
    pub known: u64,
    pub examined: u64,
    /// The findings that are no remarks, so far.
    pub faults: u64,
    pub calls: u64,
    pub throttled: u64,
    /// The calls of DescribeTaskDefinition a second that the audit may make now.
    pub rate: f64,
    /// The shortest time that the rest of this part takes.
    pub left: Duration,
}

/// A part of an audit. What runs comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditPart {
    /// Reading services and tasks.
    #[default]
    InUse,
    /// Judging the revisions that run.
    Running,
    /// Judging the newest revisions.
    Next,
    /// Judging the older ACTIVE revisions.
    Stale,
}

/// Shows the progress of an audit.
pub trait AuditWatch {
    fn progressed(&mut self, progress: &AuditProgress);

    /// Shows a note.
    fn noted(&mut self, note: &str);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl AuditWatch for Unwatched {
    fn progressed(&mut self, _: &AuditProgress) {}
    fn noted(&mut self, _: &str) {}
}
