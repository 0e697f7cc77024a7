//! The settings and tags of clusters and services. Only the command line changes them.

use std::collections::BTreeMap;

use super::error::Answer;
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::resource::{ResourceArn, ResourceState};

pub trait Resources: Sync {
    /// Returns the settings and tags of a cluster or a service. Returns `None` if it does not exist, or was deleted.
    fn resource(&self, arn: &ResourceArn) -> impl Future<Output = Answer<Option<ResourceState>>> + Send;

    /// Returns the value of the account setting `containerInsights` that is in effect for the caller. Returns `None` if
    /// ECS shows no value.
    fn account_insights(&self) -> impl Future<Output = Answer<Option<String>>> + Send;

    /// Sets the setting `containerInsights` of a cluster, and no other setting. Calls UpdateClusterSettings only once.
    /// If the error is [`ErrorKind::Retry`](super::ErrorKind::Retry), ECS may have changed the cluster all the same.
    fn set_insights(&self, cluster: &ClusterArn, value: &str) -> impl Future<Output = Answer<()>> + Send;

    /// Sets tags, and replaces the value of a key that the resource has. Calls TagResource only once.
    fn tag(&self, arn: &ResourceArn, tags: &BTreeMap<String, String>) -> impl Future<Output = Answer<()>> + Send;

    /// Removes the tags with these keys. A key that the resource does not have is no error. Calls UntagResource only
    /// once.
    fn untag(&self, arn: &ResourceArn, keys: &[String]) -> impl Future<Output = Answer<()>> + Send;
}
