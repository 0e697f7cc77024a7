//! What runs in the network: the services, task sets and tasks, each with the endpoints of AWS that its tasks call.

use std::collections::BTreeSet;

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use crate::domain::ecs::image_name::EcrReference;
use crate::domain::runbook::account::ecs::{
    Cluster, Definition, Placed, Placement, ProviderKind, Service, Task, is_fargate,
};
use crate::domain::runbook::account::network::Subnet;
use crate::domain::runbook::account::{Account, Fact, Missing, Origin, Store};
use crate::domain::runbook::verdict::{Resource, ResourceKind, RunbookResult, Verdict};

/// The endpoints that the agents of instances need (source: ECS developer guide, Amazon ECS interface VPC endpoints).
pub(super) const OF_INSTANCES: [&str; 3] = ["ecs", "ecs-agent", "ecs-telemetry"];

/// Why a verdict is open for a workload with an unknown host.
pub(super) const UNKNOWN_HOST: &str = "Logweir does not know whether tasks run on instances, and that decides; run: \
    aws ecs describe-capacity-providers";

/// Where tasks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Fargate,
    /// Instances of EC2, also ECS Managed Instances.
    Instances,
    /// Machines outside AWS.
    External,
    /// A capacity provider that Logweir does not know.
    Unknown,
}

/// A service, a task set, or a task that no service started.
pub(super) struct Workload<'a> {
    pub(super) resource: Resource,
    /// The read that shows the workload.
    pub(super) origin: Origin,
    /// The read of the running tasks.
    pub(super) tasks: Result<Origin, Missing<'a>>,
    pub(super) hosts: Vec<Host>,
    /// The subnets of tasks with the mode `awsvpc`.
    pub(super) subnets: BTreeSet<&'a str>,
    pub(super) security_groups: BTreeSet<&'a str>,
    /// The interfaces of the running tasks.
    pub(super) interfaces: BTreeSet<&'a str>,
    definitions: Vec<&'a Definition>,
    /// Whether Logweir could not read a task definition of the tasks.
    pub(super) has_unread_definition: bool,
    has_exec: bool,
    /// Whether a key of AWS KMS encrypts the sessions of ECS Exec.
    has_session_key: bool,
}

/// Returns the workloads of the clusters that Logweir could read, and the results of a rule about the other clusters.
pub(super) fn all<'a>(account: &'a Account, rule: &'static str) -> (Vec<Workload<'a>>, Checked) {
    let clusters = match account.ecs.clusters.get() {
        Ok((clusters, _)) => clusters,
        Err(missing) => return (Vec::new(), vec![not_checked(rule, account.resource(), missing)]),
    };
    let (mut workloads, mut unread) = (Vec::new(), Vec::new());
    for cluster in clusters {
        match cluster.services.get() {
            Ok((services, origin)) => {
                workloads.extend(services.iter().flat_map(|service| of_service(account, cluster, service, origin)));
            }
            Err(missing) => unread.push(not_checked(rule, cluster.resource(), missing)),
        }
        match cluster.tasks.get() {
            Ok((tasks, origin)) => {
                let alone = tasks.iter().filter(|task| task.is_standalone());
                workloads.extend(alone.map(|task| of_task(account, task, origin)));
            }
            Err(missing) => unread.push(not_checked(rule, cluster.resource(), missing)),
        }
    }
    (workloads, unread)
}

/// Returns the service and its task sets. A service whose task sets decide has no network of its own.
fn of_service<'a>(
    account: &'a Account,
    cluster: &'a Cluster,
    service: &'a Service,
    origin: Origin,
) -> Vec<Workload<'a>> {
    let group = format!("service:{}", service.name);
    let running: Vec<&Task> = known(&cluster.tasks).filter(|task| task.group == group).collect();
    let used = Used::of(account, service.definitions.iter().chain(running.iter().map(|task| &task.definition)));
    let workload = |Placed { resource, placement, places, .. }: Placed<'a>| Workload {
        resource,
        origin,
        tasks: cluster.tasks.get().map(|(_, origin)| origin),
        hosts: places.into_iter().map(|place| host(account, place)).collect(),
        subnets: network(placement, |network| &network.subnets),
        security_groups: network(placement, |network| &network.security_groups),
        interfaces: BTreeSet::new(),
        definitions: used.definitions.clone(),
        has_unread_definition: used.has_unread,
        has_exec: service.has_exec,
        has_session_key: cluster.session_key.is_some(),
    };
    let decides = |placed: &Placed<'_>| {
        service.task_sets.is_empty() || placed.placement.network.is_some() || !placed.places.is_empty()
    };
    let mut workloads: Vec<Workload<'a>> = cluster.placements(service).filter(decides).map(workload).collect();
    if let Some(first) = workloads.first_mut() {
        first.interfaces = running.iter().flat_map(|task| &task.interfaces).map(String::as_str).collect();
    }
    workloads
}

fn network<'a>(
    placement: &'a Placement,
    part: fn(&'a crate::domain::runbook::account::ecs::Network) -> &'a Vec<String>,
) -> BTreeSet<&'a str> {
    placement.network.iter().flat_map(part).map(String::as_str).collect()
}

/// Returns the task. The interfaces of the task show its security groups.
fn of_task<'a>(account: &'a Account, task: &'a Task, origin: Origin) -> Workload<'a> {
    let interfaces = account.network.interfaces.value().into_iter().flatten();
    let own = interfaces.filter(|interface| task.interfaces.contains(&interface.id));
    let used = Used::of(account, std::iter::once(&task.definition));
    let place = task.capacity_provider.as_deref().or(task.launch_type.as_deref());
    Workload {
        resource: task.resource(),
        origin,
        tasks: Ok(origin),
        hosts: place.into_iter().map(|place| host(account, place)).collect(),
        subnets: task.subnets.iter().map(String::as_str).collect(),
        security_groups: own.flat_map(|interface| &interface.security_groups).map(String::as_str).collect(),
        interfaces: task.interfaces.iter().map(String::as_str).collect(),
        definitions: used.definitions,
        has_unread_definition: used.has_unread,
        has_exec: false,
        has_session_key: false,
    }
}

/// The task definitions of a workload.
struct Used<'a> {
    definitions: Vec<&'a Definition>,
    has_unread: bool,
}

impl<'a> Used<'a> {
    fn of(account: &'a Account, arns: impl Iterator<Item = &'a String>) -> Self {
        let arns: BTreeSet<&String> = arns.collect();
        let is_used = |definition: &&Definition| arns.contains(&definition.arn);
        let definitions: Vec<&Definition> = account.ecs.definitions.iter().filter(is_used).collect();
        Self { has_unread: definitions.len() < arns.len(), definitions }
    }
}

fn host(account: &Account, place: &str) -> Host {
    match place {
        place if is_fargate(place) => Host::Fargate,
        "EC2" | "MANAGED_INSTANCES" => Host::Instances,
        "EXTERNAL" => Host::External,
        name => {
            let mut all = account.ecs.capacity_providers.value().into_iter().flatten();
            match all.find(|provider| provider.name == name).map(|provider| &provider.kind) {
                Some(ProviderKind::AutoScalingGroup { .. } | ProviderKind::ManagedInstances) => Host::Instances,
                Some(ProviderKind::Other) | None => Host::Unknown,
            }
        }
    }
}

impl Workload<'_> {
    /// Whether a task may run on an instance of the account.
    pub(super) fn has_instances(&self) -> bool {
        self.hosts.contains(&Host::Instances)
    }

    /// Whether Logweir does not know where some or all of the tasks run.
    pub(super) fn has_unknown_host(&self) -> bool {
        self.hosts.is_empty() || self.hosts.contains(&Host::Unknown)
    }

    /// Returns the missing fact if a capacity provider that Logweir could not read decides where the tasks run.
    pub(super) fn unread_host<'m>(&self, account: &'m Account) -> Option<Missing<'m>> {
        match self.hosts.contains(&Host::Unknown) {
            true => account.ecs.capacity_providers.get().err(),
            false => None,
        }
    }

    /// Whether all tasks run outside AWS.
    pub(super) fn is_external(&self) -> bool {
        !self.hosts.is_empty() && self.hosts.iter().all(|host| *host == Host::External)
    }

    /// Returns the result of a rule that the description of the workload decides.
    pub(super) fn result(
        &self,
        rule: &'static str,
        verdict: Verdict,
        message: &str,
        member: &'static str,
    ) -> RunbookResult {
        result(rule, self.resource.clone(), self.origin, Judged::new(verdict, message, member))
    }

    /// Returns the member that shows the subnets.
    pub(super) fn network_member(&self) -> &'static str {
        match self.resource.kind {
            ResourceKind::Task => "/attachments",
            _ => "/networkConfiguration",
        }
    }

    /// Returns the member that shows the task definition.
    pub(super) fn definition_member(&self) -> &'static str {
        match self.resource.kind {
            ResourceKind::Task => "/taskDefinitionArn",
            _ => "/taskDefinition",
        }
    }

    /// Returns the services of AWS that the tasks and their agent call, as the names of endpoints have them. Tasks on
    /// Fargate need no endpoint of ECS (source: ECS developer guide, Amazon ECS interface VPC endpoints). ECR keeps the
    /// layers of images in Amazon S3 (source: Amazon ECR user guide, interface VPC endpoints).
    pub(super) fn needs(&self, account: &Account) -> BTreeSet<&'static str> {
        let mut needs = BTreeSet::new();
        if self.has_instances() {
            needs.extend(OF_INSTANCES);
        }
        if self.has_exec {
            needs.insert("ssmmessages");
            needs.extend(self.has_session_key.then_some("kms"));
        }
        for definition in &self.definitions {
            let is_near = |image: &String| {
                EcrReference::parse(image).is_some_and(|image| image.repository.region == account.region)
            };
            if definition.images.iter().any(is_near) {
                needs.extend(["ecr.api", "ecr.dkr", "s3"]);
            }
            if definition.logs_with_awslogs {
                needs.insert("logs");
            }
            needs.extend(account.stores_of(definition).map(|store| match store {
                Store::Parameters => "ssm",
                Store::Secrets => "secretsmanager",
            }));
        }
        needs
    }

    /// Returns the subnets that the account sees.
    pub(super) fn known_subnets<'n>(&self, subnets: &'n [Subnet]) -> Vec<&'n Subnet> {
        subnets.iter().filter(|subnet| self.subnets.contains(subnet.id.as_str())).collect()
    }
}

/// Returns the items of a fact that may be missing.
pub(super) fn known<T>(fact: &Fact<Vec<T>>) -> impl Iterator<Item = &T> {
    fact.value().into_iter().flatten()
}
