//! The facts of Amazon ECS: clusters with their services and tasks, capacity providers, and account settings.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::fact::Fact;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::fleet::facts::Unread;
use crate::domain::runbook::verdict::{Resource, ResourceKind};

/// A key and a value.
pub type TagPair = (String, String);

/// The facts of Amazon ECS in one account and Region.
#[derive(Clone, Debug)]
pub struct EcsFacts {
    /// The clusters of the run, in the order of their names.
    pub clusters: Fact<Vec<Cluster>>,
    /// The capacity providers that the account has created. AWS's own providers of Fargate are not in the list.
    pub capacity_providers: Fact<Vec<CapacityProvider>>,
    /// The value of the account setting `containerInsights` that new clusters get. `None` if ECS shows none.
    pub default_insights: Fact<Option<String>>,
    /// The roles and images of the task definitions in scope.
    pub definitions: Vec<Definition>,
    /// The task definitions in scope that Logweir could not read, and the list of them, if Logweir could not read it.
    pub unread_definitions: Vec<Unread>,
}

/// A cluster with what runs in it.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub arn: String,
    pub name: String,
    /// The settings, such as `containerInsights`, as pairs of a name and a value.
    pub settings: Vec<(String, String)>,
    pub tags: Vec<TagPair>,
    /// The names of the capacity providers.
    pub capacity_providers: Vec<String>,
    /// The names of the capacity providers of the default strategy.
    pub default_strategy: Vec<String>,
    /// The key of AWS KMS that encrypts the sessions of ECS Exec.
    pub session_key: Option<String>,
    /// The number of the registered container instances, which are instances of EC2 or external ones.
    pub container_instances: u64,
    pub services: Fact<Vec<Service>>,
    /// The running tasks, also those of services.
    pub tasks: Fact<Vec<Task>>,
}

/// Where ECS starts tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// `FARGATE`, `EC2`, `EXTERNAL` or `MANAGED_INSTANCES`. `None` with a strategy, also with that of the cluster.
    pub launch_type: Option<String>,
    /// The names of the capacity providers of the strategy.
    pub strategy: Vec<String>,
    /// The platform version of Fargate, such as `1.4.0` or `LATEST`.
    pub platform_version: Option<String>,
    /// The platform family, such as `Linux` or `Windows Server 2022 Core`.
    pub platform_family: Option<String>,
    /// The network of tasks with the mode `awsvpc`.
    pub network: Option<Network>,
}

/// A service or a task set, with where ECS starts its tasks.
#[derive(Clone, Debug)]
pub struct Placed<'a> {
    pub resource: Resource,
    pub placement: &'a Placement,
    /// The launch type, or the names of the capacity providers of the strategy. Empty if the task sets of the service
    /// decide, or if ECS shows neither.
    pub places: Vec<&'a str>,
    /// Whether the default strategy of the cluster decides.
    pub is_by_default: bool,
}

/// The network of tasks with the mode `awsvpc`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The ids of the subnets.
    pub subnets: Vec<String>,
    /// The ids of the security groups.
    pub security_groups: Vec<String>,
    /// `ENABLED` or `DISABLED`. `None` if ECS shows neither.
    pub assign_public_ip: Option<String>,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    pub arn: String,
    pub name: String,
    /// The name of the cluster.
    pub cluster: String,
    pub placement: Placement,
    pub task_sets: Vec<TaskSet>,
    pub tags: Vec<TagPair>,
    /// `SERVICE`, `TASK_DEFINITION` or `NONE`. `None` if ECS shows no value, which counts as `NONE`.
    pub propagate_tags: Option<String>,
    pub has_managed_tags: bool,
    pub has_exec: bool,
    /// The Service Connect of the newest deployment. `None` if the service has none.
    pub service_connect: Option<ServiceConnect>,
    /// The ARNs of the target groups that contain the tasks.
    pub target_groups: Vec<String>,
    /// The names of the Classic Load Balancers that send traffic to the tasks.
    pub classic_balancers: Vec<String>,
    /// The ARNs of the task definitions that the deployments and task sets use.
    pub definitions: BTreeSet<String>,
}

/// A task set of a service with an external or a CodeDeploy deployment.
#[derive(Clone, Debug)]
pub struct TaskSet {
    pub arn: String,
    pub id: String,
    pub placement: Placement,
}

/// The Service Connect of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceConnect {
    /// The index of the newest deployment among the deployments of the service, from 0.
    pub deployment: usize,
    pub is_enabled: bool,
    /// The ports that other services reach.
    pub ports: Vec<ConnectPort>,
}

/// A port that other services reach by Service Connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectPort {
    pub name: String,
    pub has_tls: bool,
}

/// A running task.
#[derive(Clone, Debug)]
pub struct Task {
    pub arn: String,
    pub id: String,
    /// The name of the cluster.
    pub cluster: String,
    /// The group, such as `service:web` or `family:jobs`.
    pub group: String,
    /// The ARN of the task definition.
    pub definition: String,
    pub launch_type: Option<String>,
    /// The name of the capacity provider.
    pub capacity_provider: Option<String>,
    pub platform_version: Option<String>,
    pub platform_family: Option<String>,
    /// The ARN of the container instance, if the task runs on one.
    pub container_instance: Option<String>,
    /// The ids of the network interfaces of the task.
    pub interfaces: Vec<String>,
    /// The ids of the subnets of these interfaces.
    pub subnets: Vec<String>,
    /// The image of each container with its digest, if ECS shows one.
    pub images: Vec<RunningImage>,
}

/// The image that a container of a running task runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningImage {
    pub container: String,
    pub image: String,
    /// The digest, such as `sha256:…`.
    pub digest: Option<String>,
}

/// A capacity provider of the account.
#[derive(Clone, Debug)]
pub struct CapacityProvider {
    pub arn: String,
    pub name: String,
    pub kind: ProviderKind,
    pub tags: Vec<TagPair>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// An Auto Scaling group of EC2. The text is `managedTerminationProtection`. `None` if ECS shows no value.
    AutoScalingGroup { termination_protection: Option<String> },
    /// ECS Managed Instances.
    ManagedInstances,
    /// A kind that this version of Logweir does not know.
    Other,
}

/// What the rules about other services need of a task definition in scope.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The ARN of the revision.
    pub arn: String,
    pub family: String,
    /// The roles as the task definition names them: by ARN or by name.
    pub task_role: Option<String>,
    pub execution_role: Option<String>,
    /// The images of the containers.
    pub images: Vec<String>,
    /// The references of secrets and log options (`valueFrom`).
    pub secrets: Vec<String>,
    /// The ARNs or the names of the secrets with the credentials of private registries (`credentialsParameter`).
    pub credentials: Vec<String>,
    /// Whether a container logs with `awslogs`.
    pub logs_with_awslogs: bool,
    /// Whether a deployment, a task set or a running task uses the revision.
    pub is_in_use: bool,
    /// The time of the read.
    pub time: Timestamp,
}

impl Definition {
    /// Returns what the rules need of the registered revision with this ARN.
    pub fn of(arn: &str, definition: &TaskDefinition, is_in_use: bool, time: Timestamp) -> Self {
        let view = definition.view();
        let text = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(String::from);
        let containers = view["containerDefinitions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let items = |container: &Value, pointer: &str| {
            container.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let references = |container: &Value| {
            let lists = [items(container, "/secrets"), items(container, "/logConfiguration/secretOptions")].concat();
            lists.iter().filter_map(|item| text(&item["valueFrom"])).collect::<Vec<_>>()
        };
        let credentials = |container: &Value| text(&container["repositoryCredentials"]["credentialsParameter"]);
        Self {
            arn: arn.to_owned(),
            family: definition.family().unwrap_or_default().to_owned(),
            task_role: text(&view["taskRoleArn"]),
            execution_role: text(&view["executionRoleArn"]),
            images: containers.iter().filter_map(|container| text(&container["image"])).collect(),
            secrets: containers.iter().flat_map(references).collect(),
            credentials: containers.iter().filter_map(credentials).collect(),
            logs_with_awslogs: containers.iter().any(|one| one["logConfiguration"]["logDriver"] == "awslogs"),
            is_in_use,
            time,
        }
    }
}

impl EcsFacts {
    /// Returns the reads that failed.
    pub(super) fn unread(&self) -> Vec<&Unread> {
        let own = [self.clusters.unread(), self.capacity_providers.unread(), self.default_insights.unread()];
        let of_clusters = self.clusters().flat_map(|cluster| [cluster.services.unread(), cluster.tasks.unread()]);
        own.into_iter().chain(of_clusters).flatten().chain(&self.unread_definitions).collect()
    }

    /// Returns the clusters. Returns none if Logweir could not read them.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.value().into_iter().flatten()
    }

    /// Returns the services of all clusters that Logweir could read.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.clusters().flat_map(|cluster| cluster.services.value().into_iter().flatten())
    }

    /// Returns the running tasks of all clusters that Logweir could read.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.clusters().flat_map(|cluster| cluster.tasks.value().into_iter().flatten())
    }
}

impl Cluster {
    pub fn resource(&self) -> Resource {
        Resource::new(ResourceKind::Cluster, &self.name, &self.arn)
    }

    /// Returns the value of a setting.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns where ECS starts the tasks of a service of the cluster, and of each of its task sets. The default
    /// strategy of the cluster decides for a service or a task set without a launch type and a strategy (source: ECS
    /// API reference, CreateService and CreateTaskSet). A service with task sets starts no tasks of its own.
    pub fn placements<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = Placed<'a>> {
        let placed = |resource, placement: &'a Placement, starts_tasks: bool| {
            let own = placement.places();
            let is_by_default = own.is_empty() && starts_tasks && !self.default_strategy.is_empty();
            let places = if is_by_default { texts(&self.default_strategy) } else { own };
            Placed { resource, placement, places, is_by_default }
        };
        let of_set = move |set: &'a TaskSet| {
            let name = format!("{}/{}/{}", service.cluster, service.name, set.id);
            placed(Resource::new(ResourceKind::TaskSet, name, &set.arn), &set.placement, true)
        };
        let own = placed(service.resource(), &service.placement, service.task_sets.is_empty());
        std::iter::once(own).chain(service.task_sets.iter().map(of_set))
    }
}

impl Service {
    pub fn resource(&self) -> Resource {
        Resource::new(ResourceKind::Service, format!("{}/{}", self.cluster, self.name), &self.arn)
    }
}

impl Task {
    pub fn resource(&self) -> Resource {
        Resource::new(ResourceKind::Task, format!("{}/{}", self.cluster, self.id), &self.arn)
    }

    /// Whether no service started the task.
    pub fn is_standalone(&self) -> bool {
        !self.group.starts_with("service:")
    }
}

impl CapacityProvider {
    pub fn resource(&self) -> Resource {
        Resource::new(ResourceKind::CapacityProvider, &self.name, &self.arn)
    }
}

impl Placement {
    /// Returns the launch type, or the names of the capacity providers of the strategy.
    fn places(&self) -> Vec<&str> {
        match (&self.launch_type, self.strategy.as_slice()) {
            (Some(launch_type), []) => vec![launch_type],
            (_, strategy) => texts(strategy),
        }
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

impl Placed<'_> {
    /// Whether ECS may start tasks on Fargate.
    pub fn uses_fargate(&self) -> bool {
        self.places.iter().any(|place| is_fargate(place))
    }
}

/// Whether the word is the launch type Fargate, or one of AWS's own capacity providers of Fargate.
pub fn is_fargate(place: &str) -> bool {
    matches!(place, "FARGATE" | "FARGATE_SPOT")
}
