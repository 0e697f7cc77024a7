//! The facts that the rules about ECS Exec judge by. A fact that Logweir could not read is an [`Unread`], and never a
//! missing fact.

use std::collections::BTreeMap;

use super::rights::{Answer, Right};
use crate::domain::ecs::cluster::Cluster;
use crate::domain::ecs::task_definition::TaskDefinition;

/// A fact, or the reason why Logweir could not read it.
pub type Seen<T> = Result<T, Unread>;

/// A read that failed, so that some rules are not checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The IAM action that the caller needs for the read, such as `logs:DescribeLogGroups`.
    pub action: &'static str,
    pub message: String,
    /// Whether AWS denied the read. A read may also fail for another reason, such as an outage.
    pub is_denied: bool,
}

impl Unread {
    /// Returns the message without the name of the operation at its start, which the action names too.
    pub fn cause(&self) -> &str {
        let operation = self.action.rsplit(':').next().unwrap_or(self.action);
        self.message.strip_prefix(operation).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&self.message)
    }

    /// The reason for a fact that Logweir did not read, although a rule needs it.
    fn unasked(action: &'static str, name: &str) -> Self {
        Self { action, message: format!("Logweir did not read {name}"), is_denied: false }
    }
}

/// The clusters of one account and Region, and all facts about the resources that their sessions use.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub partition: String,
    pub account: String,
    pub region: String,
    pub clusters: Vec<ClusterFacts>,
    /// The task definitions of the workloads with ECS Exec, by their ARNs.
    pub definitions: BTreeMap<String, Seen<Definition>>,
    /// The log groups to which clusters send transcripts, by their names. `None` for a group that does not exist.
    pub groups: BTreeMap<String, Seen<Option<TranscriptGroup>>>,
    /// The buckets to which clusters send transcripts, by their names.
    pub buckets: BTreeMap<String, Seen<Bucket>>,
    /// The KMS keys of the clusters' sessions, as the clusters name them.
    pub keys: BTreeMap<String, Seen<SessionKey>>,
    /// The answers of IAM's policy simulator.
    pub rights: BTreeMap<Right, Seen<Answer>>,
    /// The ARNs of the roles and users that must not open sessions directly.
    pub principals: Seen<Vec<String>>,
}

/// A cluster with the workloads in it that have ECS Exec enabled.
#[derive(Clone, Debug)]
pub struct ClusterFacts {
    pub cluster: Cluster,
    pub services: Seen<Vec<Workload>>,
    pub daemons: Seen<Vec<Workload>>,
    /// The tasks with ECS Exec that belong to no service of the list `services`.
    pub tasks: Seen<Vec<Workload>>,
    /// The versions of the container agents on the instances of EC2, by the ARNs of the instances.
    pub agents: BTreeMap<String, Seen<ContainerAgent>>,
}

/// The container agent of an instance of EC2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerAgent {
    pub version: String,
    pub is_windows: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadKind {
    Service,
    Daemon,
    /// A task that no service with ECS Exec started.
    Task,
}

/// A service, a daemon or a task with ECS Exec enabled.
#[derive(Clone, Debug)]
pub struct Workload {
    pub kind: WorkloadKind,
    pub name: String,
    pub arn: String,
    /// The ARNs of the task definitions that the workload runs or deploys.
    pub definitions: Vec<String>,
    /// The Fargate platform version of the workload, such as `1.4.0` or `LATEST`.
    pub platform_version: Option<String>,
    /// The operating system of the platform, such as `Linux` or `WINDOWS_SERVER_2022_CORE`.
    pub platform_family: Option<String>,
    pub tags: Vec<(String, String)>,
    /// The running tasks of the workload. Empty if the tasks could not be read.
    pub running: Vec<RunningTask>,
}

/// A running task of a workload with ECS Exec.
#[derive(Clone, Debug)]
pub struct RunningTask {
    pub id: String,
    /// Whether the task itself has ECS Exec enabled. A task that started before the service enabled ECS Exec has not.
    pub is_enabled: bool,
    pub platform_version: Option<String>,
    pub platform_family: Option<String>,
    /// The ARN of the task's container instance. `None` on Fargate.
    pub instance: Option<String>,
    pub agents: Vec<ExecAgent>,
}

/// The agent of ECS Exec in one container of a running task.
#[derive(Clone, Debug)]
pub struct ExecAgent {
    pub container: String,
    /// The status, such as `RUNNING`, `PENDING` or `STOPPED`.
    pub status: String,
    pub reason: Option<String>,
}

/// A task definition of a workload with ECS Exec.
#[derive(Clone, Debug)]
pub struct Definition {
    pub definition: TaskDefinition,
    pub revision: Option<u32>,
    pub tags: Vec<(String, String)>,
}

/// A log group to which a cluster sends transcripts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranscriptGroup {
    /// The retention in days. `None` if events in the group never expire.
    pub retention: Option<u32>,
    /// The account-level policy that overrides the retention of the group, if there is such a policy.
    pub policy: Option<String>,
    pub kms_key: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket {
    Missing,
    Exists {
        /// The algorithm of the default encryption, such as `AES256` or `aws:kms`. `None` if there is none.
        encryption: Option<String>,
    },
}

/// The KMS key of a cluster's sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionKey {
    Missing,
    Exists {
        /// The ARN of the key, which a cluster may name by an alias.
        arn: String,
        /// The state of the key, such as `Enabled` or `PendingDeletion`.
        state: String,
    },
}

impl Fleet {
    pub fn definition(&self, arn: &str) -> Seen<&Definition> {
        seen(&self.definitions, arn, "ecs:DescribeTaskDefinition", arn)
    }

    /// Returns the log group, or `None` if it does not exist.
    pub fn group(&self, name: &str) -> Seen<Option<&TranscriptGroup>> {
        seen(&self.groups, name, "logs:DescribeLogGroups", name).map(Option::as_ref)
    }

    pub fn bucket(&self, name: &str) -> Seen<&Bucket> {
        seen(&self.buckets, name, "s3:GetEncryptionConfiguration", name)
    }

    pub fn key(&self, name: &str) -> Seen<&SessionKey> {
        seen(&self.keys, name, "kms:DescribeKey", name)
    }

    pub fn answer(&self, right: &Right) -> Seen<&Answer> {
        match self.rights.get(right) {
            Some(answer) => answer.as_ref().map_err(Clone::clone),
            None => Err(Unread::unasked("iam:SimulatePrincipalPolicy", &right.action)),
        }
    }
}

fn seen<'f, T>(facts: &'f BTreeMap<String, Seen<T>>, key: &str, action: &'static str, name: &str) -> Seen<&'f T> {
    match facts.get(key) {
        Some(fact) => fact.as_ref().map_err(Clone::clone),
        None => Err(Unread::unasked(action, name)),
    }
}

impl ClusterFacts {
    /// Returns the container agent of an instance.
    pub fn agent(&self, instance: &str) -> Seen<&ContainerAgent> {
        seen(&self.agents, instance, "ecs:DescribeContainerInstances", instance)
    }

    /// Returns the workloads with ECS Exec that Logweir could read.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> {
        self.lists().into_iter().filter_map(|list| list.as_ref().ok()).flatten()
    }

    /// Returns the reasons why Logweir could not read all workloads.
    pub fn unread(&self) -> impl Iterator<Item = &Unread> {
        self.lists().into_iter().filter_map(|list| list.as_ref().err())
    }

    fn lists(&self) -> [&Seen<Vec<Workload>>; 3] {
        [&self.services, &self.daemons, &self.tasks]
    }
}

impl WorkloadKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Daemon => "daemon",
            Self::Task => "task",
        }
    }
}

impl Workload {
    /// Returns the name for messages, such as ``service `web` ``.
    pub fn called(&self) -> String {
        format!("{} `{}`", self.kind.name(), self.name)
    }
}

/// Whether the operating system of a platform is Windows. The API spells the name in several ways, such as
/// `Windows_Server_2022_Core` and `WINDOWS_SERVER_2022_CORE`.
pub fn is_windows(platform_family: Option<&str>) -> bool {
    platform_family.is_some_and(|family| family.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("windows")))
}
