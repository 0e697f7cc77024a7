//! The log stream of a container that logs through awslogs. ECS names the stream `PREFIX/CONTAINER/TASK-ID`.

use crate::domain::baseline::LONGEST_LOG_NAME as LONGEST;
use crate::domain::rules::case::Subject;

/// The length of a task id in characters.
const TASK_ID: usize = 32;

/// The reason why CloudWatch Logs refuses the name of a log stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum StreamError {
    #[error("the prefix contains `{0}`")]
    Character(char),
    #[error("the name of the stream, PREFIX/CONTAINER/TASK-ID, has more than {LONGEST} characters")]
    TooLong,
}

impl Subject<'_, '_> {
    /// Checks that CloudWatch Logs accepts the names of the streams with this prefix. A placeholder is not checked.
    pub(super) fn check_stream_prefix(&self, prefix: &str) -> Result<(), StreamError> {
        if self.is_marked(prefix) {
            return Ok(());
        }
        if let Some(c) = prefix.chars().find(|c| ":*".contains(*c)) {
            return Err(StreamError::Character(c));
        }
        let container = match self.container.name() {
            Some(name) if !self.is_marked(name) => name.chars().count(),
            _ => 1,
        };
        let is_too_long = prefix.chars().count() + container + TASK_ID + "//".len() > LONGEST;
        if is_too_long { Err(StreamError::TooLong) } else { Ok(()) }
    }
}
