//! The errors of a history that no worker can have written.

/// An entry that cannot follow those before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    #[error("entry {0} comes before any opening")]
    BeforeOpening(u32),
    #[error("entry {0} is about step {1}, and there is none")]
    NoSuchStep(u32, usize),
    #[error("entry {0} says that step {1} is done, which was never started")]
    NotStarted(u32, usize),
    #[error("entry {0} follows a closing")]
    AfterClosing(u32),
    #[error("entry {0} says that a revision was withdrawn, and none was being")]
    NothingWithdrawn(u32),
    #[error("entry {0} is about a backout, and nobody asked for one")]
    NotAsked(u32),
    #[error("entry {0} is about taking step {1} back, and there is none")]
    NothingToUndo(u32, usize),
    #[error("entry {0} says that step {1} was undone, which was never begun")]
    UndoNotStarted(u32, usize),
    #[error("entry {0} takes a step, and a backout was asked for")]
    BackingOut(u32),
    #[error("entry {0} is about a service, and the source is not corrected yet")]
    NotCorrected(u32),
}
