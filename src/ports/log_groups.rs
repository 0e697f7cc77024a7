//! Log groups of CloudWatch Logs.

use std::collections::BTreeMap;

use super::error::Answer;
use crate::domain::edit::NewLogGroup;
use crate::domain::rules::facts::LogGroup;

pub trait LogGroups: Sync {
    /// Returns those log groups in `names` that exist. The member `empty` of a returned log group is `Some(false)` if
    /// the log group has stored bytes, and otherwise `None` (unknown).
    fn look(&self, names: &[String]) -> impl Future<Output = Answer<BTreeMap<String, LogGroup>>> + Send;

    /// Returns whether the log group has no log stream.
    fn is_empty(&self, name: &str) -> impl Future<Output = Answer<bool>> + Send;

    /// Creates a log group, and does not set its retention. Returns `false` if the log group already exists.
    fn create(&self, group: &NewLogGroup) -> impl Future<Output = Answer<bool>> + Send;

    fn set_retention(&self, name: &str, days: u32) -> impl Future<Output = Answer<()>> + Send;

    /// Removes the retention of a log group, so that the log events in the group never expire.
    fn delete_retention(&self, name: &str) -> impl Future<Output = Answer<()>> + Send;
}
