//! What is done about one revision, as steps, and the entries that say what was done: intent first, result after.

mod attempt;
mod effects;
mod entry;
mod finish;
mod head;
mod rollout;
mod step;

pub use attempt::{Attempt, Backout, Illegal, Next, Settled, next};
pub use effects::Effects;
pub use entry::{BackoutRequest, Ending, Entry, EntryKind, NotUndone, Opening, Pointing, SCHEMA};
pub use finish::{Fact, Facts, FinishStep, Sighting, next_step, words};
pub use head::{Head, Record};
pub use rollout::{Rollout, RolloutPhase};
pub use step::{Done, Step, Undo};
