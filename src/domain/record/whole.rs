//! The records that the journal stores as a whole: of a cluster, of the settings and tags of a resource, and of an
//! account setting. The journal keeps each of them under the name of what it is about, and replaces it only by the next
//! version. So the version is also the fence between two workers.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::outcome::{Conclusion, Outcome};

/// One entry of a record. Entries are appended and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WholeEntry<K> {
    pub at: Timestamp,
    /// The worker that wrote the entry.
    pub by: String,
    #[serde(flatten)]
    pub what: K,
}

/// The functions that the entries of all records have in common.
pub trait WholeEntryKind {
    /// Returns the entry of a worker that stops and releases its lease on the record, because a later try may succeed.
    fn released(why: String) -> Self;

    /// Whether the entry ends the work of its worker, and so its lease.
    fn ends_the_work(&self) -> bool;

    /// Whether the entry begins an attempt or a backout.
    fn begins_work(&self) -> bool;
}

/// The newest attempt of a record, as the lists of records show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress<'r> {
    /// The principal that caused the attempt.
    pub actor: Option<&'r str>,
    /// Whether a backout was requested since the attempt began.
    pub is_backed_out: bool,
    /// The conclusion. `None` if the attempt or the backout is unfinished.
    pub closing: Option<&'r Conclusion>,
}

/// A record that the journal stores as a whole.
pub trait WholeRecord: Clone {
    type Kind: WholeEntryKind;

    fn entries(&self) -> &[WholeEntry<Self::Kind>];

    fn lease_until(&self) -> Timestamp;

    /// Returns the newest attempt. Returns `None` if the record has no attempt.
    fn progress(&self) -> Option<Progress<'_>>;

    /// Returns the next version of the record, with one more entry, whose worker holds the lease until `lease_until`. The
    /// record may forget older entries, because the journal could otherwise no longer store it.
    fn next_version(&self, entry: WholeEntry<Self::Kind>, lease_until: Timestamp) -> Self;

    /// Returns the next version of the record, with one more entry of the worker `by`, which holds the lease for `lease`
    /// from now on. An entry that ends the work of the worker also ends its lease.
    fn with(&self, at: Timestamp, by: &str, lease: SignedDuration, what: Self::Kind) -> Self {
        let lease_until = if what.ends_the_work() { at } else { at.saturating_add(lease).unwrap_or(at) };
        self.next_version(WholeEntry { at, by: by.to_owned(), what }, lease_until)
    }

    /// Whether a worker holds the lease on unfinished work of the record.
    fn is_held(&self, now: Timestamp) -> bool {
        self.is_open() && self.lease_until() > now
    }

    /// Whether an attempt or a backout is unfinished.
    fn is_open(&self) -> bool {
        self.progress().is_some_and(|progress| progress.closing.is_none())
    }

    /// Returns when the unfinished attempt or backout began. `None` if no work is unfinished.
    fn open_since(&self) -> Option<Timestamp> {
        let newest = self.entries().iter().rev().find(|entry| entry.what.begins_work());
        newest.map(|entry| entry.at).filter(|_| self.is_open())
    }

    /// Whether the newest attempt or backout waits for an operator.
    fn needs_operator(&self) -> bool {
        let closing = self.progress().and_then(|progress| progress.closing);
        closing.is_some_and(|closing| closing.outcome == Outcome::NeedsOperator)
    }

    /// Whether a backout was requested after the newest attempt. Logweir then acts again only at the request of an
    /// operator.
    fn is_suppressed(&self) -> bool {
        self.progress().is_some_and(|progress| progress.is_backed_out)
    }
}
