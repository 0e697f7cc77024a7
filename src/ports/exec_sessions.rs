//! The sources that describe the sessions of ECS Exec, beside CloudTrail: Systems Manager, ECS, CloudWatch Logs and
//! Amazon S3.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::error::Answer;
use crate::domain::exec::{SsmSession, TaskFacts};

/// A log stream or an object that may be the transcript of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The size in bytes. `None` if the service tells no size.
    pub bytes: Option<u64>,
    /// Whether there is nothing in the log stream or in the object.
    pub is_empty: bool,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

pub trait ExecSessions: Sync {
    /// Returns the open sessions in containers of ECS, and those that started after `since` and have ended. Systems
    /// Manager lists ended sessions for 30 days.
    fn sessions(&self, since: Timestamp) -> impl Future<Output = Answer<Vec<SsmSession>>> + Send;

    /// Returns those tasks of a cluster that ECS still describes, by their IDs.
    fn tasks(&self, cluster: &str, ids: &[String]) -> impl Future<Output = Answer<BTreeMap<String, TaskFacts>>> + Send;

    /// Returns the log stream of exactly this name. Returns `None` if the stream or the log group does not exist.
    fn stream(&self, group: &str, stream: &str) -> impl Future<Output = Answer<Option<Stored>>> + Send;

    /// Returns the object with exactly this key. Returns `None` if the object or the bucket does not exist.
    fn object(&self, bucket: &str, key: &str) -> impl Future<Output = Answer<Option<Stored>>> + Send;
}
