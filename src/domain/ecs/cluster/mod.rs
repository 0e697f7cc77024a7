//! A cluster as ECS describes it, with its configuration of ECS Exec.

mod arn;
mod configuration;
mod wire;

pub use arn::{ClusterArn, NotAClusterArn};
pub use configuration::{ClusterConfiguration, ExecConfiguration, ExecLogConfiguration, ExecLogging, NotConfigurable};
pub use wire::{described, update, updated};

use super::tags::Tag;

/// A cluster in a response of DescribeClusters that includes the configuration, the settings and the tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    pub arn: ClusterArn,
    /// The status of the cluster, such as `ACTIVE` or `INACTIVE`, without unsafe characters.
    pub status: String,
    pub tags: Vec<Tag>,
    /// The settings of the cluster, such as `containerInsights`, as pairs of a name and a value.
    pub settings: Vec<(String, String)>,
    pub configuration: ClusterConfiguration,
}

impl Cluster {
    pub fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }
}
