//! The journal, an append-only store of every action that Logweir takes.

use jiff::Timestamp;

use super::error::{Answer, PortError};
use super::state::StoredState;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::limits::family::Family;
use crate::domain::outcome::Outcome;
use crate::domain::record::{Entry, Head, Record, RecordKey, RecordKind};

/// The reason why a commit to the journal failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Another worker has changed the record or the state since this worker read the record or the state.
    #[error("another worker has changed the record or the state in the journal")]
    Lost,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The state of a record that a commit expects to find in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The journal has no record with this key.
    Nothing,
    /// The worker `owner` wrote the last entry of the record, and the next entry has the sequence number `next`.
    At { owner: String, next: u32 },
}

impl Expected {
    pub fn of(head: &Head) -> Self {
        Self::At { owner: head.owner.clone(), next: head.next }
    }
}

/// The records or families that a journal lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub readable: Vec<T>,
    /// The names of the records or families that this version of Logweir cannot read, because a newer version wrote
    /// them or because they are damaged. The name of a record is the ARN of its source revision, if the journal knows
    /// this ARN.
    pub unreadable: Vec<String>,
}

impl<T> Listed<T> {
    /// Adds the name of a record or family that this version of Logweir cannot read, unless the list already contains
    /// the name.
    pub fn skip(&mut self, name: String) {
        if !self.unreadable.contains(&name) {
            self.unreadable.push(name);
        }
    }
}

impl<T> From<Vec<T>> for Listed<T> {
    /// Creates a list without unreadable records or families.
    fn from(readable: Vec<T>) -> Self {
        Self { readable, unreadable: Vec::new() }
    }
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

/// The append-only store of records and their entries.
///
/// A journal guarantees that a commit is atomic, and that a commit is durable when [`Journal::commit`] returns. A
/// commit succeeds only if the record has the expected state. Every read after a commit returns the committed entry.
/// Logweir ensures that only one worker at a time writes entries to a record.
pub trait Journal: Sync {
    /// Returns the record with this key.
    fn read_record(&self, key: &RecordKey) -> impl Future<Output = Answer<Option<Record>>> + Send;

    /// Returns the record of the corrections of `source`.
    fn read(&self, source: &RevisionArn) -> impl Future<Output = Answer<Option<Record>>> + Send {
        let key = RecordKind::Correction.of(source);
        async move { self.read_record(&key).await }
    }

    /// Appends `entry`, which has the sequence number `head.next - 1`, to a record, and replaces the head of the record
    /// with `head`. Returns [`CommitError::Lost`] if the record does not have the state `expected`.
    fn commit(
        &self,
        expected: &Expected,
        head: &Head,
        entry: &Entry,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Returns the key of the record that says that Logweir registered `revision`. Returns `None` if there is no such
    /// record.
    fn record_of(&self, revision: &RevisionArn) -> impl Future<Output = Answer<Option<RecordKey>>> + Send;

    /// Returns the source revision of a corrected or restored revision. Returns `None` if no record of a correction says
    /// that Logweir registered the revision `corrected`, and so for a migrated revision.
    fn source_of(&self, corrected: &RevisionArn) -> impl Future<Output = Answer<Option<RevisionArn>>> + Send {
        async move {
            let key = self.record_of(corrected).await?;
            Ok(key.filter(|key| key.kind.is_correction()).map(|key| key.source))
        }
    }

    /// Returns the heads of at most `most` records, the most recently changed record first. Logweir uses these heads
    /// only for display and to find unfinished records. Before Logweir changes a record, it reads the whole record.
    ///
    /// Skips and names each head that this version of Logweir cannot read, so that one such head does not hide the
    /// other records. A filter cannot exclude such a head, except by its family or by `open`.
    fn list(&self, filter: &Filter, most: usize) -> impl Future<Output = Answer<Listed<Head>>> + Send;

    /// Returns the stored state with this name. Returns `None` if the journal has no such state.
    fn read_state<S: StoredState>(&self, name: &S::Name) -> impl Future<Output = Answer<Option<S>>> + Send;

    /// Stores `state` if its version is one higher than the version in the journal, or if its version is 1 and the
    /// journal has no such state yet. Otherwise returns [`CommitError::Lost`].
    fn put_state<S: StoredState>(&self, state: &S) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Returns the states of one kind that a list shows (see [`StoredState::is_listed`]). Before Logweir acts on one of
    /// them, it reads the state again. Skips and names each state that this version of Logweir cannot read.
    fn listed<S: StoredState>(&self) -> impl Future<Output = Answer<Listed<S>>> + Send;

    /// Returns the families whose corrections an open fuse or a hold stops, and the families with a deferred revision.
    /// Logweir uses this list only for display and metrics, and to find deferred revisions.
    fn stopped(&self) -> impl Future<Output = Answer<Listed<Family>>> + Send {
        self.listed()
    }
}

/// A filter for the records of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub family: Option<String>,
    pub open: bool,
    /// Selects only records that wait for the retirement of their corrected revision, and for nothing else.
    pub retiring: bool,
    /// Selects only records that changed at this time or later.
    pub since: Option<Timestamp>,
    pub outcome: Option<Outcome>,
    /// Selects only records that were caused by a principal whose ARN contains this text.
    pub actor: Option<String>,
    /// The current time. A journal that indexes its records by day searches backward from this time.
    pub now: Timestamp,
}

impl Filter {
    /// Creates a filter that matches every record.
    pub fn all(now: Timestamp) -> Self {
        Self { family: None, open: false, retiring: false, since: None, outcome: None, actor: None, now }
    }

    pub fn fits(&self, head: &Head) -> bool {
        let closing = head.ending().filter(|_| !head.has_work());
        (head.has_work() || !self.open)
            && (head.is_retiring() || !self.retiring)
            && self.family.as_ref().is_none_or(|family| *family == head.source.family)
            && self.since.is_none_or(|since| since <= head.at)
            && self.outcome.is_none_or(|outcome| closing.is_some_and(|closing| closing.outcome == outcome))
            && self.actor.as_ref().is_none_or(|part| head.actor.as_ref().is_some_and(|actor| actor.contains(part)))
    }
}
