//! A service as ECS describes it, as far as it matters for what the service runs.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::revision::RevisionArn;

/// `arn:PARTITION:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceArn {
    pub partition: String,
    pub region: String,
    pub account: String,
    pub cluster: String,
    pub name: String,
}

/// A text that is no ARN of a service. The text itself is not repeated: it may come from anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a service (arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME)")]
pub struct NotAServiceArn;

/// Services and clusters are 1 to 255 letters, digits, hyphens and underscores (source: ECS API reference, CreateService).
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl ServiceArn {
    /// `CLUSTER/NAME`, the name that people use within one account and Region.
    pub fn short(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }

    pub fn cluster_arn(&self) -> String {
        let Self { partition, region, account, cluster, .. } = self;
        format!("arn:{partition}:ecs:{region}:{account}:cluster/{cluster}")
    }

    /// As an event names it. The old form of the ARN, `…:service/NAME`, leaves out the cluster, which then stands beside it
    /// (source: ECS developer guide, Amazon Resource Names and IDs).
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
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !plain(partition) || !plain(region) || !digits || !is_name(cluster) || !is_name(name) {
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

/// What DescribeServices says.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub arn: ServiceArn,
    pub status: Status,
    pub controller: Controller,
    /// Whether ECS keeps it for an Express service (`resourceManagementType` ECS): its own API changes it.
    pub managed: bool,
    /// What it starts tasks of.
    pub revision: RevisionArn,
    /// Those that ECS still lists, in no order that can be relied upon.
    pub deployments: Vec<Deployment>,
    /// Whether a deployment that fails is rolled back by ECS itself: `deploymentCircuitBreaker`, enabled and with rollback.
    pub rolls_back: bool,
    pub tags: Vec<(String, String)>,
    /// The ARN of the service deployment that is under way or was last, where ECS names it.
    pub service_deployment: Option<String>,
    /// The ARNs of the service revisions that ECS lists, in no order that can be relied upon.
    pub service_revisions: Vec<String>,
    /// Whether Service Connect has a log configuration of its own: it lies outside task definitions.
    pub service_connect_logs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Draining,
    Inactive,
}

/// Who carries out the service's deployments. The strategies ROLLING, BLUE_GREEN, LINEAR and CANARY are all ECS's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    Ecs,
    CodeDeploy,
    External,
    /// One that this version does not know.
    Other,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// `ecs-svc/…`
    pub id: String,
    /// Whether it is the service's newest: what was asked for last.
    pub primary: bool,
    pub revision: RevisionArn,
    pub created: Option<Timestamp>,
    /// ECS says it for rolling deployments alone.
    pub state: Option<RolloutState>,
    /// ECS's own words.
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

/// What DescribeServiceDeployments says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentProgress {
    pub stage: Stage,
    /// Whether a hook of its lifecycle waits for somebody to let it go on.
    pub paused: bool,
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    UnderWay,
    RollingBack,
    Succeeded,
    /// Stopped, failed, or rolled back.
    Over,
}

/// What uses a revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    pub place: Place,
    /// Whether all that is left are tasks of an older deployment of a service that was pointed elsewhere, or those of one that
    /// is being deleted: it ends by itself.
    pub draining: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Service(ServiceArn),
    /// `CLUSTER/ID` of a task that belongs to no service that uses the revision.
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

/// What a look at a service finds after it was to be pointed from one revision at another.
#[derive(Clone, Debug, PartialEq)]
pub enum After {
    /// Ours is its newest deployment: its id.
    Stands(String),
    /// Ours is its newest, and has overtaken somebody's, made after the look on which ours was decided.
    Overtook(RevisionArn),
    /// Nothing has happened.
    AsBefore,
    /// Somebody has deployed since: this.
    Other(RevisionArn),
}

impl Service {
    /// Whether what we did, or somebody else, decides what the service runs. `seen` are the deployments that were listed
    /// when it was decided to point it from `from` at `to`.
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
            Some(theirs) => After::Overtook(theirs.revision.clone()),
            None => After::Stands(newest.id.clone()),
        }
    }

    /// Adds the deployments that an earlier answer listed and this one does not any more: one that was overtaken before
    /// it had a task may vanish at once.
    pub fn with_those_of(&mut self, earlier: &Self) {
        let gone = earlier.deployments.iter().filter(|other| self.deployment(&other.id).is_none());
        let gone: Vec<_> = gone.map(|other| Deployment { primary: false, ..other.clone() }).collect();
        self.deployments.extend(gone);
    }

    /// The deployments that are listed.
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
    /// Whether ECS says that it takes another one back (source: ECS developer guide, service deployment state change
    /// events: "ECS deployment circuit breaker: rolling back to deploymentId …").
    pub fn is_rollback(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default().to_ascii_lowercase();
        reason.contains("rolling back") || reason.contains("rollback")
    }

    /// Whether it is over and well. Where ECS gives no state (it does for rolling deployments alone), the number of tasks
    /// says it.
    pub fn is_completed(&self) -> bool {
        match self.state {
            Some(state) => state == RolloutState::Completed,
            None => self.pending == 0 && self.running >= self.desired,
        }
    }
}
