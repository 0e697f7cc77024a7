//! The errors in the entries of a record. Logweir's workers never write entries with such an error.

/// An entry of a record that is not possible after the entries before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    #[error("entry {0} comes before the opening entry")]
    BeforeOpening(u32),
    #[error("entry {0} names step {1}, which does not exist")]
    NoSuchStep(u32, usize),
    #[error("entry {0} says that step {1} is done, but the step was never started")]
    NotStarted(u32, usize),
    #[error("entry {0} follows the closing entry")]
    AfterClosing(u32),
    #[error("entry {0} says that a revision was withdrawn, but no withdrawal was started")]
    NothingWithdrawn(u32),
    #[error("entry {0} belongs to a backout, rollback or retirement that was never started")]
    NotAsked(u32),
    #[error("entry {0} names undo step {1}, which does not exist")]
    NothingToUndo(u32, usize),
    #[error("entry {0} says that undo step {1} is done, but the step was never started")]
    UndoNotStarted(u32, usize),
    #[error("entry {0} continues the correction after a backout was requested")]
    BackingOut(u32),
    #[error("entry {0} is about a service, but the source is not corrected yet")]
    NotCorrected(u32),
    /// A source revision has one record for its corrections and another one for its migrations.
    #[error("entry {0} opens a record of another kind")]
    OtherKind(u32),
    /// Logweir registers only revisions of the source's family, and updates services only to these revisions. A
    /// principal that can write to the journal could otherwise make Logweir deploy or deregister any revision.
    #[error("entry {0} names {1}, which is not a revision of the source's family")]
    OtherFamily(u32, String),
}
