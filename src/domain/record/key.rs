//! The kinds of records, and the key of a record in the journal.

use serde::{Deserialize, Serialize};

use crate::domain::ecs::revision::RevisionArn;

/// The kind of a record. A source revision has at most one record of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// Logweir corrects the log configurations of the source revision.
    #[default]
    Correction,
    /// A person moves the containers of the source revision to another log driver with `logweir firelens apply`. To
    /// every correction, the migrated revision is a revision that a person registered.
    Migration,
}

/// The key of a record in the journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordKey {
    pub kind: RecordKind,
    pub source: RevisionArn,
}

impl RecordKind {
    /// Whether this is the kind of the records that every version of Logweir writes.
    pub fn is_correction(&self) -> bool {
        *self == Self::Correction
    }

    /// Returns the key of the record of this kind.
    pub fn of(self, source: &RevisionArn) -> RecordKey {
        RecordKey { kind: self, source: source.clone() }
    }
}
