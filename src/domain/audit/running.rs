//! The services and tasks of an account, as far as an audit needs them.

use serde::{Deserialize, Serialize};

use super::texts::Text;
use crate::domain::ecs::service::{Controller, Status};

/// A service of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetService {
    /// The name of the cluster.
    pub cluster: Text,
    pub name: Text,
    /// The ARN as ECS returns it. The old form of the ARN names no cluster.
    pub arn: Text,
    pub status: Status,
    pub controller: Controller,
    /// Whether the service belongs to an Express service, which ECS manages through a separate API.
    pub is_managed: bool,
    /// The ARN of the task definition from which the service starts tasks. `None` for a service with the controller
    /// EXTERNAL, whose task sets name their task definitions.
    pub definition: Option<Text>,
    pub desired: u32,
    pub running: u32,
    /// Whether the deployment circuit breaker is enabled.
    pub has_circuit_breaker: bool,
    /// Whether ECS rolls a failed deployment back, because the circuit breaker is enabled with rollback.
    pub rolls_back: bool,
    /// The deployments and the task sets that ECS still lists.
    pub deployments: Vec<FleetDeployment>,
    pub tags: Vec<(Text, Text)>,
}

/// A deployment or a task set of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetDeployment {
    /// The ARN of the task definition.
    pub definition: Text,
    /// Whether this is the newest deployment of the service (`PRIMARY`).
    pub is_primary: bool,
    pub desired: u32,
    pub running: u32,
}

/// A task that runs or starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetTask {
    /// The ARN of the task definition.
    pub definition: Text,
    /// The group, such as `service:web` or `family:jobs`.
    pub group: Text,
}

impl FleetTask {
    /// Returns the name of the service that started the task. Returns `None` for a standalone task.
    pub fn service(&self) -> Option<&str> {
        self.group.strip_prefix("service:")
    }
}
