//! What is done about one revision, as steps, and the entries that say what was done: intent first, result after.

mod attempt;
mod effects;
mod entry;
mod rollout;
mod step;

pub use attempt::{Attempt, Backout, Illegal, Next, Settled, next};
pub use effects::Standing;
pub use entry::{Asked, Closing, Entry, Head, Kept, Opening, Record, SCHEMA, What};
pub use rollout::{Ending, Pointing, Rollout, State};
pub use step::{Done, Step, Undo};
