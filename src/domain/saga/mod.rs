//! What is done about one revision, as steps, and the entries that say what was done: intent first, result after.

mod attempt;
mod entry;
mod rollout;
mod standing;
mod step;

pub use attempt::{Attempt, Backout, Illegal, Next, Settled, next};
pub use entry::{Asked, Closing, Entry, Head, Kept, Opening, Record, SCHEMA, What};
pub use rollout::{Ending, Pointing, Rollout, State};
pub use standing::Standing;
pub use step::{Done, Step, Undo};
