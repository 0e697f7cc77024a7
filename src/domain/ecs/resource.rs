//! A cluster or a service: the resources of ECS that have tags of their own and exist without a revision.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cluster::ClusterArn;
use super::service::ServiceArn;

/// The ARN of a cluster or a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ResourceArn {
    Cluster(ClusterArn),
    Service(ServiceArn),
}

/// The error for a text that is the ARN of neither a cluster nor a service. The message does not repeat the text, which
/// is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a cluster or of a service with the name of its cluster")]
pub struct NotAResourceArn;

/// The settings and tags of a cluster or a service, as ECS describes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceState {
    /// The value of the setting `containerInsights`. `None` for a service, and for a cluster without the setting.
    pub insights: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// The values of the setting `containerInsights` that switch Container Insights on (source: ECS API reference,
/// ClusterSetting).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Insights {
    /// Metrics of clusters, services and tasks.
    Enabled,
    /// The same metrics, with more detail and also for each container.
    Enhanced,
}

impl Insights {
    /// Returns the word of the ECS API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Enhanced => "enhanced",
        }
    }

    /// Returns the value of the setting. Returns `None` if the setting does not switch Container Insights on.
    pub fn of(setting: Option<&str>) -> Option<Self> {
        [Self::Enabled, Self::Enhanced].into_iter().find(|insights| setting == Some(insights.name()))
    }
}

/// The name of the setting of clusters that switches Container Insights on.
pub const CONTAINER_INSIGHTS: &str = "containerInsights";

/// The value of the setting that switches Container Insights off.
pub const DISABLED: &str = "disabled";

impl ResourceArn {
    /// Returns `cluster/NAME` or `service/CLUSTER/NAME`, by which people name the resource within one account and
    /// Region.
    pub fn short(&self) -> String {
        match self {
            Self::Cluster(cluster) => cluster.short(),
            Self::Service(service) => format!("service/{}", service.short()),
        }
    }

    pub fn account(&self) -> &str {
        match self {
            Self::Cluster(cluster) => &cluster.account,
            Self::Service(service) => &service.account,
        }
    }

    pub fn region(&self) -> &str {
        match self {
            Self::Cluster(cluster) => &cluster.region,
            Self::Service(service) => &service.region,
        }
    }

    /// Returns the ARN of the cluster: the resource itself, or the cluster of the service.
    pub fn cluster(&self) -> ClusterArn {
        match self {
            Self::Cluster(cluster) => cluster.clone(),
            Self::Service(ServiceArn { partition, region, account, cluster, .. }) => {
                let [partition, region, account, name] = [partition, region, account, cluster].map(Clone::clone);
                ClusterArn { partition, region, account, name }
            }
        }
    }
}

impl FromStr for ResourceArn {
    type Err = NotAResourceArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let service = || text.parse().map(Self::Service);
        text.parse().map(Self::Cluster).or_else(|_| service()).map_err(|_| NotAResourceArn)
    }
}

impl fmt::Display for ResourceArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(cluster) => cluster.fmt(f),
            Self::Service(service) => service.fmt(f),
        }
    }
}

impl TryFrom<String> for ResourceArn {
    type Error = NotAResourceArn;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ResourceArn> for String {
    fn from(arn: ResourceArn) -> Self {
        arn.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_of_a_cluster_and_of_a_service_are_read_and_written_back() {
        for (arn, short, cluster) in [
            ("arn:aws:ecs:eu-west-1:111122223333:cluster/prod", "cluster/prod", "prod"),
            ("arn:aws-cn:ecs:cn-north-1:111122223333:service/prod/web", "service/prod/web", "prod"),
        ] {
            let parsed: ResourceArn = arn.parse().unwrap();
            assert_eq!(
                (parsed.to_string(), parsed.short(), parsed.cluster().name),
                (arn.into(), short.into(), cluster.into())
            );
        }
        for text in
            ["prod", "arn:aws:ecs:eu-west-1:111122223333:service/web", "arn:aws:ecs:eu-west-1:111122223333:task/a/b"]
        {
            assert_eq!(text.parse::<ResourceArn>(), Err(NotAResourceArn), "{text}");
        }
    }

    #[test]
    fn only_two_values_of_the_setting_switch_container_insights_on() {
        assert_eq!(Insights::of(Some("enabled")), Some(Insights::Enabled));
        assert_eq!(Insights::of(Some("enhanced")), Some(Insights::Enhanced));
        for setting in [None, Some("disabled"), Some("Enabled"), Some("")] {
            assert_eq!(Insights::of(setting), None, "{setting:?}");
        }
    }
}
