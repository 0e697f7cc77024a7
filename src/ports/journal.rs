//! The append-only store of all actions.

use jiff::Timestamp;

use super::error::{Answer, PortError};
use super::state::StoredState;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::limits::family::Family;
use crate::domain::outcome::Outcome;
use crate::domain::record::{Entry, Head, Record};

/// What a commit found instead of what it expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Somebody else has written since.
    #[error("somebody else works on this record")]
    Lost,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The state that a commit builds upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No record of this source.
    Nothing,
    /// The record as this owner left it, with this as its next sequence.
    At { owner: String, next: u32 },
}

impl Expected {
    pub fn of(head: &Head) -> Self {
        Self::At { owner: head.owner.clone(), next: head.next }
    }
}

/// The append-only store of entries.
///
/// Guarantees: a commit is atomic and durable when it returns; it succeeds only upon the expected state; what was
/// committed is read back by every later read. Assumptions: entries of one record are written by one owner at a time.
pub trait Journal: Sync {
    fn read(&self, source: &RevisionArn) -> impl Future<Output = Answer<Option<Record>>> + Send;

    /// Appends `entry` (number `head.next - 1`) and puts `head` in the place of the one that was expected.
    fn commit(
        &self,
        expected: &Expected,
        head: &Head,
        entry: &Entry,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// The source of a revision that a record says we registered: a corrected one, or one that was restored.
    fn source_of(&self, corrected: &RevisionArn) -> impl Future<Output = Answer<Option<RevisionArn>>> + Send;

    /// The newest heads, newest first: for showing, never for deciding.
    fn list(&self, filter: &Filter, most: usize) -> impl Future<Output = Answer<Vec<Head>>> + Send;

    /// Reads the state with this name. Returns `None` if the journal has none.
    fn read_state<S: StoredState>(&self, name: &S::Name) -> impl Future<Output = Answer<Option<S>>> + Send;

    /// Replaces the state with the version before that of `state`. Version 1 replaces no state.
    fn put_state<S: StoredState>(&self, state: &S) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// The families that have a fuse open or are held: for showing, never for deciding.
    fn stopped(&self) -> impl Future<Output = Answer<Vec<Family>>> + Send;
}

/// Which records to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub family: Option<String>,
    pub open: bool,
    /// Only records that changed at this time or later.
    pub since: Option<Timestamp>,
    pub outcome: Option<Outcome>,
    /// A part of the name of whoever caused it.
    pub actor: Option<String>,
    /// The time of asking: a journal that finds its records by day looks back from here.
    pub now: Timestamp,
}

impl Filter {
    /// Every record.
    pub fn all(now: Timestamp) -> Self {
        Self { family: None, open: false, since: None, outcome: None, actor: None, now }
    }

    pub fn fits(&self, head: &Head) -> bool {
        let closing = head.ending().filter(|_| !head.has_work());
        (head.has_work() || !self.open)
            && self.family.as_ref().is_none_or(|family| *family == head.source.family)
            && self.since.is_none_or(|since| since <= head.at)
            && self.outcome.is_none_or(|outcome| closing.is_some_and(|closing| closing.outcome == outcome))
            && self.actor.as_ref().is_none_or(|part| head.actor.as_ref().is_some_and(|actor| actor.contains(part)))
    }
}
