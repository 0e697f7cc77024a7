//! The function's own log.

use jiff::Timestamp;

use super::error::Answer;
use crate::domain::outcome::Outcome;

/// The lines that the function itself has written.
pub trait OwnLog: Sync {
    /// Hands every line since then to `line` that tells of an outcome of this name. `false`: there were too many, and some
    /// were left out.
    fn lines(
        &self,
        outcome: Outcome,
        since: Timestamp,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> impl Future<Output = Answer<bool>> + Send;
}
