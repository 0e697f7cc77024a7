//! Log groups of CloudWatch Logs.

use std::collections::BTreeMap;

use super::error::Answer;
use crate::domain::edit::NewLogGroup;
use crate::domain::rules::facts::LogGroup;

pub trait LogGroups: Sync {
    /// Those of the groups that exist. `empty` is `Some(false)` where bytes are stored, else open.
    fn look(&self, names: &[String]) -> impl Future<Output = Answer<BTreeMap<String, LogGroup>>> + Send;

    /// Whether no log stream was ever made in the group.
    fn is_empty(&self, name: &str) -> impl Future<Output = Answer<bool>> + Send;

    /// Makes the group, without its retention; `false`: it is there already.
    fn create(&self, group: &NewLogGroup) -> impl Future<Output = Answer<bool>> + Send;

    fn set_retention(&self, name: &str, days: u32) -> impl Future<Output = Answer<()>> + Send;

    /// The group never expires after it.
    fn delete_retention(&self, name: &str) -> impl Future<Output = Answer<()>> + Send;
}
