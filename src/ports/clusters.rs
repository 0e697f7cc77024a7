//! The clusters of ECS and their configurations.

use super::error::Answer;
use crate::domain::ecs::cluster::{Cluster, ClusterArn, ClusterConfiguration};

pub trait Clusters: Sync {
    /// Returns the clusters with these names or ARNs, with their configurations, settings and tags. Leaves out a cluster
    /// that does not exist. A deleted cluster may be in the result, with the status `INACTIVE`.
    fn clusters(&self, named: &[String]) -> impl Future<Output = Answer<Vec<Cluster>>> + Send;

    /// Replaces the configuration of a cluster, and changes nothing else. Calls UpdateCluster only once. If the error is
    /// [`ErrorKind::Retry`](super::ErrorKind::Retry), ECS may have changed the cluster all the same.
    fn configure(
        &self,
        cluster: &ClusterArn,
        configuration: &ClusterConfiguration,
    ) -> impl Future<Output = Answer<Cluster>> + Send;
}
