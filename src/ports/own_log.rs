//! The log of the Lambda function itself.

use jiff::Timestamp;

use super::error::Answer;
use crate::domain::outcome::Outcome;

/// Reads the log lines that the Lambda function itself has written.
pub trait OwnLog: Sync {
    /// Calls `line` with every log line that reports `outcome` and that the function has written from the time `since`
    /// on. Returns `false` if some log lines were omitted, because there were too many log lines.
    fn lines(
        &self,
        outcome: Outcome,
        since: Timestamp,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> impl Future<Output = Answer<bool>> + Send;
}
