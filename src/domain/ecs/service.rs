//! A service as ECS describes it, with the members that decide which revision the service runs.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::arn::{is_account, is_partition_or_region};
use super::revision::RevisionArn;

/// A parsed ARN, `arn:PARTITION:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceArn {
    pub partition: String,
    pub region: String,
    pub account: String,
    pub cluster: String,
    pub name: String,
}

/// The error for a text that is not the ARN of a service. The message does not repeat the text, which is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a service (arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME)")]
pub struct NotAServiceArn;

/// Whether the text is a valid name of a service or cluster: 1 to 255 letters, digits, hyphens and underscores (source:
/// ECS API reference, CreateService).
pub fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl ServiceArn {
    /// Returns `CLUSTER/NAME`, the name that people use within one account and Region.
    pub fn short(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }

    pub fn cluster_arn(&self) -> String {
        let Self { partition, region, account, cluster, .. } = self;
        format!("arn:{partition}:ecs:{region}:{account}:cluster/{cluster}")
    }

    /// Parses the ARN of a service in an event. The old form of the ARN, `…:service/NAME`, does not contain the
    /// cluster, so the caller passes the cluster that the event names (source: ECS developer guide, Amazon Resource
    /// Names and IDs).
    pub fn of(arn: &str, cluster: Option<&str>) -> Result<Self, NotAServiceArn> {
        let (head, name) = arn.split_once(":service/").ok_or(NotAServiceArn)?;
        if name.contains('/') {
            return arn.parse();
        }
        let cluster = cluster.map(|cluster| cluster.rsplit('/').next().unwrap_or(cluster)).ok_or(NotAServiceArn)?;
        format!("{head}:service/{cluster}/{name}").parse()
    }
}

impl FromStr for ServiceArn {
    type Err = NotAServiceArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, "ecs", region, account, resource] = parts.as_slice() else {
            return Err(NotAServiceArn);
        };
        let (cluster, name) =
            resource.strip_prefix("service/").and_then(|rest| rest.split_once('/')).ok_or(NotAServiceArn)?;
        let is_prefix = is_partition_or_region(partition) && is_partition_or_region(region) && is_account(account);
        if !is_prefix || !is_name(cluster) || !is_name(name) {
            return Err(NotAServiceArn);
        }
        let [partition, region, account, cluster, name] = [partition, region, account, cluster, name].map(String::from);
        Ok(Self { partition, region, account, cluster, name })
    }
}

impl fmt::Display for ServiceArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, cluster, name } = self;
        write!(f, "arn:{partition}:ecs:{region}:{account}:service/{cluster}/{name}")
    }
}

impl TryFrom<String> for ServiceArn {
    type Error = NotAServiceArn;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ServiceArn> for String {
    fn from(arn: ServiceArn) -> Self {
        arn.to_string()
    }
}

/// A service as DescribeServices returns it.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub arn: ServiceArn,
    pub status: Status,
    pub controller: Controller,
    /// Whether the service belongs to an Express service, which ECS manages through a separate API
    /// (`resourceManagementType` ECS).
    pub managed: bool,
    /// The revision from which the service starts tasks.
    pub revision: RevisionArn,
    /// The deployments that ECS still lists, in no guaranteed order.
    pub deployments: Vec<Deployment>,
    /// Whether ECS rolls back a failed deployment, because `deploymentCircuitBreaker` is enabled with rollback.
    pub rolls_back: bool,
    /// Whether a lifecycle hook of the service pauses its deployments (`targetType` PAUSE).
    pub pauses: bool,
    pub tags: Vec<(String, String)>,
    /// The ARN of the current or last service deployment, if ECS names it.
    pub service_deployment: Option<String>,
    /// The ARNs of the service revisions that ECS lists, in no guaranteed order.
    pub service_revisions: Vec<String>,
    /// Whether the service has a separate log configuration for Service Connect, outside the task definition.
    pub service_connect_logs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Active,
    Draining,
    Inactive,
}

/// The controller of a service's deployments. The controller `Ecs` covers the deployment strategies ROLLING,
/// BLUE_GREEN, LINEAR and CANARY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    Ecs,
    CodeDeploy,
    External,
    /// A deployment controller that this version of Logweir does not know.
    Other,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// The id of the deployment, `ecs-svc/…`.
    pub id: String,
    /// Whether this is the newest deployment of the service.
    pub primary: bool,
    pub revision: RevisionArn,
    pub created: Option<Timestamp>,
    /// The time of the last change of the deployment. A completed deployment completed at this time or earlier, because
    /// a later change of the number of tasks may also set this time (source: ECS API reference, Deployment).
    pub updated: Option<Timestamp>,
    /// The state of the deployment, which ECS reports only for rolling deployments.
    pub state: Option<RolloutState>,
    /// The reason that ECS gives for the state of the deployment.
    pub reason: Option<String>,
    pub desired: i32,
    pub pending: i32,
    pub running: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RolloutState {
    InProgress,
    Completed,
    Failed,
}

/// A service deployment as DescribeServiceDeployments returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentProgress {
    pub stage: Stage,
    /// Whether a lifecycle hook has paused the deployment. The deployment continues when a principal allows it.
    pub paused: bool,
    /// The time at which the deployment ended, if it has ended.
    pub finished: Option<Timestamp>,
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    UnderWay,
    RollingBack,
    Succeeded,
    /// Another deployment replaced the deployment, or a principal stopped it without a rollback.
    Stopped,
    /// The deployment failed, and ECS has rolled it back or could not roll it back.
    Over,
}

/// A service or a task that uses a revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    pub place: Place,
    /// Whether ECS will stop all tasks that still run the revision, because the tasks belong to an older deployment or
    /// to a service that is being deleted.
    pub draining: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Service(ServiceArn),
    /// A task, as `CLUSTER/ID`, that belongs to no service that uses the revision.
    Task(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(service) => write!(f, "service {}", service.short()),
            Self::Task(task) => write!(f, "task {task}"),
        }
    }
}

/// The state of a service after Logweir tried to update the service from one revision to another.
#[derive(Clone, Debug, PartialEq)]
pub enum After {
    /// Logweir started the newest deployment of the service. The text is the id of this deployment.
    Stands(String),
    /// Logweir started the newest deployment of the service. This deployment replaced a deployment of the given
    /// revision that another principal had started after Logweir read the service.
    Overtook(RevisionArn),
    /// The service is in the same state as before Logweir's update.
    AsBefore,
    /// Logweir did not start the newest deployment of the service. The value is the revision of this deployment.
    Other(RevisionArn),
}

impl Service {
    /// Determines whether Logweir started the newest deployment of the service. `seen` contains the ids of the
    /// deployments that ECS listed when Logweir decided to update the service from `from` to `to`.
    pub fn after(&self, seen: &[String], from: &RevisionArn, to: &RevisionArn) -> After {
        let Some(newest) = self.primary() else {
            return if self.revision == *from { After::AsBefore } else { After::Other(self.revision.clone()) };
        };
        if newest.revision != *to {
            let as_before = seen.contains(&newest.id) && newest.revision == *from && !newest.is_rollback();
            return if as_before { After::AsBefore } else { After::Other(newest.revision.clone()) };
        }
        let between = self.deployments.iter().filter(|other| {
            !other.primary && !seen.contains(&other.id) && other.revision != *from && other.revision != *to
        });
        match between.max_by_key(|other| other.created) {
            Some(external) => After::Overtook(external.revision.clone()),
            None => After::Stands(newest.id.clone()),
        }
    }

    /// Returns the id of the newest deployment, if ECS created it at the time `since` or later, it deploys the revision
    /// `to`, and it is none of the deployments `seen`. An update to the revision that a service already runs starts no
    /// deployment, so an older deployment of the revision belongs to another principal. ECS gives times in
    /// milliseconds.
    pub fn started(&self, since: Timestamp, seen: &[String], to: &RevisionArn) -> Option<&str> {
        let is_since = |created: Timestamp| created.as_millisecond() >= since.as_millisecond();
        let is_new = |newest: &&Deployment| {
            newest.revision == *to && !seen.contains(&newest.id) && newest.created.is_some_and(is_since)
        };
        self.primary().filter(is_new).map(|newest| newest.id.as_str())
    }

    /// Whether ECS created the newest deployment of this description before the newest deployment of `other`.
    pub fn is_older_than(&self, other: &Self) -> bool {
        let created = |service: &Self| service.primary().and_then(|newest| newest.created);
        matches!((created(self), created(other)), (Some(own), Some(others)) if own < others)
    }

    /// Adds the deployments that ECS listed in `earlier`, an earlier description of this service, and no longer lists.
    /// If a newer deployment replaces a deployment that has no task yet, ECS may immediately stop listing the replaced
    /// deployment.
    pub fn with_those_of(&mut self, earlier: &Self) {
        let gone = earlier.deployments.iter().filter(|other| self.deployment(&other.id).is_none());
        let gone: Vec<_> = gone.map(|other| Deployment { primary: false, ..other.clone() }).collect();
        self.deployments.extend(gone);
    }

    /// Returns the ids of the deployments that ECS lists.
    pub fn seen(&self) -> Vec<String> {
        self.deployments.iter().map(|deployment| deployment.id.clone()).collect()
    }

    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.primary)
    }

    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.id == id)
    }
}

impl Deployment {
    /// Whether the deployment rolls another deployment back, according to the reason that ECS gives (source: ECS
    /// developer guide, service deployment state change events: "ECS deployment circuit breaker: rolling back to
    /// deploymentId …").
    pub fn is_rollback(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default().to_ascii_lowercase();
        reason.contains("rolling back") || reason.contains("rollback")
    }

    /// Returns the time of the last known change of the deployment.
    pub fn latest(&self) -> Timestamp {
        self.updated.or(self.created).unwrap_or(Timestamp::MIN)
    }

    /// Whether the deployment is complete. If ECS reports no state, because the deployment is not a rolling deployment,
    /// the number of running tasks decides.
    pub fn is_completed(&self) -> bool {
        match self.state {
            Some(state) => state == RolloutState::Completed,
            None => self.pending == 0 && self.running >= self.desired,
        }
    }
}
