//! What is done about one revision, as steps, and the entries that say what was done: intent first, result after.

mod record;
mod step;

pub use record::{Attempt, Closing, Entry, Head, Illegal, Next, Opening, Record, SCHEMA, What, next};
pub use step::{Done, Step};
