//! The reads that the watch over one session of ECS Exec needs. No method opens or ends a session.

use super::error::Answer;
use crate::domain::exec::TaskFacts;
use crate::domain::exec::watch::ListedSession;

pub trait WatchedSessions: Sync {
    /// Returns the session with this ID. Returns `None` if Systems Manager does not list the session. Makes one or two
    /// AWS calls.
    fn session(&self, id: &str) -> impl Future<Output = Answer<Option<ListedSession>>> + Send;

    /// Returns the task with this ID. Returns `None` if ECS no longer describes the task.
    fn task(&self, cluster: &str, id: &str) -> impl Future<Output = Answer<Option<TaskFacts>>> + Send;

    /// Returns whether the log group has a log stream with the name of the session, and an event in it.
    fn has_transcript(&self, group: &str, session: &str) -> impl Future<Output = Answer<bool>> + Send;
}
