//! Reads the fleet: the selected clusters, the workloads with ECS Exec in them, and the destinations of transcripts.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::rights::{answers, principals};
use super::selection::Selection;
use crate::aws::{Aws, TaskRow, patiently};
use crate::cli::failed_reads::seen;
use crate::cli::failure::Failure;
use crate::cli::fleet_target::FleetTarget;
use crate::cli::progress::Progress;
use crate::domain::baseline::Baseline;
use crate::domain::ecs::cluster::{Cluster, ClusterArn, ExecLogging};
use crate::domain::fleet::facts::{ClusterFacts, Definition, Fleet, RunningTask, Seen, Workload, WorkloadKind};
use crate::domain::runbook::account::ecs::Service;
use crate::ports::{Answer, Clusters, TaskDefinitions};
use crate::render::json::{FleetCoverage, NOT_DECIDABLE};

/// The number of task definitions that Logweir reads at the same time.
const AT_ONCE: usize = 3;

/// What a run read.
pub(super) struct Found {
    pub(super) fleet: Fleet,
    pub(super) coverage: FleetCoverage,
    /// The targets that the caller named and that Logweir could not check, each with the reason.
    pub(super) missing: Vec<(String, Failure)>,
}

/// Reads the fleet. Returns an error if the clusters cannot be listed or described.
pub(super) async fn read(
    aws: &Aws,
    selection: &Selection,
    baseline: &Baseline,
    principal: &[String],
) -> Result<Found, Failure> {
    let (clusters, mut missing) = clusters(aws, selection).await?;
    let mut coverage =
        FleetCoverage { clusters: clusters.len(), not_decidable: NOT_DECIDABLE, ..FleetCoverage::default() };
    let first = clusters.first().map(|cluster| cluster.arn.clone());
    let progress = Progress::over(clusters.len());
    let mut facts = Vec::new();
    for cluster in clusters {
        facts.push(of_cluster(aws, cluster, selection, &mut coverage, &mut missing).await);
        progress.beside(|| {});
    }
    drop(progress);
    let home = |part: fn(&ClusterArn) -> &String| first.as_ref().map(part).cloned();
    let mut fleet = Fleet {
        partition: home(|arn| &arn.partition).unwrap_or_else(|| "aws".into()),
        account: home(|arn| &arn.account).unwrap_or_default(),
        region: aws.region().to_owned(),
        clusters: facts,
        definitions: BTreeMap::new(),
        groups: BTreeMap::new(),
        buckets: BTreeMap::new(),
        keys: BTreeMap::new(),
        rights: BTreeMap::new(),
        principals: Ok(Vec::new()),
    };
    coverage.with_exec = fleet.clusters.iter().map(|cluster| cluster.workloads().count()).sum();
    fleet.definitions = definitions(aws, &fleet).await;
    destinations(aws, &mut fleet).await;
    fleet.principals = principals(aws, &fleet, baseline, principal).await;
    fleet.rights = answers(aws, &fleet, baseline).await;
    Ok(Found { fleet, coverage, missing })
}

/// Reads one cluster as it would be if its sessions went to the log group: its workloads with ECS Exec, and their task
/// definitions. Reads no destination and no right. Returns `None` if the cluster does not exist.
pub(in crate::cli::verbs::exec) async fn with_sessions_to(
    aws: &Aws,
    cluster: &ClusterArn,
    group: &str,
) -> Result<Option<Fleet>, Failure> {
    let selection = Selection::new(&[cluster.to_string()], &[], &[])?;
    let (found, _) = clusters(aws, &selection).await?;
    let Some(mut found) = found.into_iter().next() else { return Ok(None) };
    found.configuration = found.configuration.logging_to(group).map_err(|error| Failure::error(error.to_string()))?;
    let (mut coverage, mut missing) = (FleetCoverage::default(), Vec::new());
    let facts = of_cluster(aws, found, &selection, &mut coverage, &mut missing).await;
    let ClusterArn { partition, account, region, .. } = cluster.clone();
    let mut fleet = Fleet {
        partition,
        account,
        region,
        clusters: vec![facts],
        definitions: BTreeMap::new(),
        groups: BTreeMap::new(),
        buckets: BTreeMap::new(),
        keys: BTreeMap::new(),
        rights: BTreeMap::new(),
        principals: Ok(Vec::new()),
    };
    fleet.definitions = definitions(aws, &fleet).await;
    Ok(Some(fleet))
}

/// Describes the selected clusters. Also returns the named clusters that do not exist.
async fn clusters(aws: &Aws, selection: &Selection) -> Result<(Vec<Cluster>, Vec<(String, Failure)>), Failure> {
    let mut missing = Vec::new();
    let names: BTreeSet<String> = if selection.named.is_empty() {
        aws.cluster_arns().await?.into_iter().collect()
    } else {
        selection.named.iter().map(|named| named.cluster.clone()).collect()
    };
    let is_selected = |name: &String| selection.has_cluster(name.rsplit('/').next().unwrap_or(name));
    let names: Vec<String> = names.into_iter().filter(is_selected).collect();
    let mut found = patiently(|| aws.ecs.clusters(&names)).await?;
    found.retain(|cluster| cluster.status != "INACTIVE");
    found.sort_by(|one, other| one.arn.cmp(&other.arn));
    for named in &selection.named {
        let account =
            found.iter().find(|cluster| cluster.arn.name == named.cluster).map(|one| one.arn.account.as_str());
        let missing_cluster = || format!("there is no cluster `{}`", named.cluster);
        let failure = named.absence(aws.region(), account, missing_cluster);
        // A pattern that excludes the cluster is no reason to miss it.
        let is_excluded = !selection.has_cluster(&named.cluster) && !named.is_elsewhere(aws.region(), account);
        missing.extend(failure.filter(|_| !is_excluded).map(|failure| (named.name(), failure)));
    }
    found.retain(|cluster| {
        let arn = &cluster.arn;
        let is_it =
            |named: &FleetTarget| named.cluster == arn.name && !named.is_elsewhere(&arn.region, Some(&arn.account));
        selection.named.is_empty() || selection.named.iter().any(is_it)
    });
    Ok((found, missing))
}

/// Reads the workloads with ECS Exec in a cluster.
async fn of_cluster(
    aws: &Aws,
    cluster: Cluster,
    selection: &Selection,
    coverage: &mut FleetCoverage,
    missing: &mut Vec<(String, Failure)>,
) -> ClusterFacts {
    let (arn, name) = (cluster.arn.to_string(), cluster.arn.name.clone());
    let services = seen(services(aws, &arn, &name, selection).await);
    if let Ok(services) = &services {
        coverage.services += services.len();
        let of_cluster = selection.named.iter().filter(|named| named.cluster == name);
        for named in of_cluster.filter(|named| named.service.is_some()) {
            if !services.iter().any(|service| Some(&service.name) == named.service.as_ref()) {
                missing.push((named.name(), Failure::error("there is no such service")));
            }
        }
    }
    let daemons = seen(aws.daemons(&arn).await).map(|daemons| {
        let is_selected = |name: &str| selection.has_service(&cluster.arn.name, name);
        let daemons: Vec<_> = daemons.into_iter().filter(|daemon| is_selected(&daemon.name)).collect();
        coverage.daemons += daemons.len();
        daemons
    });
    let needs_tasks = selection.has_tasks(&name) || !matches!(&services, Ok(services) if services.is_empty());
    let tasks = if needs_tasks { seen(aws.running_tasks(&arn).await) } else { Ok(Vec::new()) };
    coverage.tasks += tasks.as_ref().map_or(0, Vec::len);
    let mut all: Vec<TaskRow> = tasks.as_ref().cloned().unwrap_or_default();
    let services = services.map(|services| {
        let with_exec = services.into_iter().filter(|service| service.has_exec);
        with_exec.map(|service| of_service(service, &mut all)).collect::<Vec<_>>()
    });
    let daemons = daemons.map(|daemons| {
        let with_exec = daemons.into_iter().filter(|daemon| daemon.has_exec);
        let daemon = |daemon: crate::aws::DaemonRow| {
            let tasks = take(&mut all, |task| daemon.definitions.contains(&task.definition));
            Workload {
                tags: Vec::new(),
                ..workload(WorkloadKind::Daemon, daemon.name, daemon.arn, daemon.definitions, tasks)
            }
        };
        with_exec.map(daemon).collect::<Vec<_>>()
    });
    let tasks = tasks.map(|_| {
        let alone = all.into_iter().filter(|task| task.task.is_enabled && selects(selection, &name, task));
        alone.map(of_task).collect::<Vec<_>>()
    });
    let mut facts = ClusterFacts { cluster, services, daemons, tasks, agents: BTreeMap::new() };
    agents(aws, &arn, &mut facts).await;
    facts
}

/// Whether the selection contains a task that no service with ECS Exec started. Such a task may have its ECS Exec from
/// an earlier deployment of a service.
fn selects(selection: &Selection, cluster: &str, task: &TaskRow) -> bool {
    match task.group.strip_prefix("service:") {
        Some(service) => selection.has_service(cluster, service),
        None => selection.has_tasks(cluster),
    }
}

async fn services(aws: &Aws, arn: &str, name: &str, selection: &Selection) -> Answer<Vec<Service>> {
    let arns = aws.service_arns(arn).await?;
    let is_selected = |arn: &String| selection.has_service(name, arn.rsplit('/').next().unwrap_or(arn));
    let arns: Vec<String> = arns.into_iter().filter(is_selected).collect();
    aws.service_facts(arn, &arns).await
}

fn of_service(service: Service, all: &mut Vec<TaskRow>) -> Workload {
    let group = format!("service:{}", service.name);
    let tasks = take(all, |task| task.group == group);
    Workload {
        platform_version: service.placement.platform_version,
        platform_family: service.placement.platform_family,
        tags: service.tags,
        ..workload(WorkloadKind::Service, service.name, service.arn, service.definitions.into_iter().collect(), tasks)
    }
}

fn of_task(row: TaskRow) -> Workload {
    let TaskRow { arn, task, .. } = row.clone();
    workload(WorkloadKind::Task, task.id, arn, Vec::new(), vec![row])
}

fn workload(kind: WorkloadKind, name: String, arn: String, definitions: Vec<String>, tasks: Vec<TaskRow>) -> Workload {
    let run = tasks.iter().map(|task| task.definition.clone());
    let definitions: BTreeSet<String> = definitions.into_iter().chain(run).filter(|arn| !arn.is_empty()).collect();
    let running: Vec<RunningTask> = tasks.into_iter().map(|task| task.task).collect();
    Workload {
        kind,
        name,
        arn,
        definitions: definitions.into_iter().collect(),
        platform_version: None,
        platform_family: None,
        tags: Vec::new(),
        running,
    }
}

/// Removes the tasks of a workload from the list.
fn take(all: &mut Vec<TaskRow>, is_it: impl Fn(&TaskRow) -> bool) -> Vec<TaskRow> {
    let (its, others) = std::mem::take(all).into_iter().partition(|task| is_it(task));
    *all = others;
    its
}

/// Reads the container agents of the instances on which workloads with ECS Exec run.
async fn agents(aws: &Aws, cluster: &str, facts: &mut ClusterFacts) {
    let instances: BTreeSet<String> =
        facts.workloads().flat_map(|workload| &workload.running).filter_map(|task| task.instance.clone()).collect();
    let instances: Vec<String> = instances.into_iter().collect();
    match seen(aws.container_agents(cluster, &instances).await) {
        Ok(found) => facts.agents = found.into_iter().map(|(arn, agent)| (arn, Ok(agent))).collect(),
        Err(unread) => facts.agents = instances.into_iter().map(|arn| (arn, Err(unread.clone()))).collect(),
    }
}

/// Reads the task definitions of all workloads with ECS Exec.
async fn definitions(aws: &Aws, fleet: &Fleet) -> BTreeMap<String, Seen<Definition>> {
    let workloads = fleet.clusters.iter().flat_map(ClusterFacts::workloads);
    let arns: BTreeSet<&String> = workloads.flat_map(|workload| &workload.definitions).collect();
    let progress = Progress::over(arns.len());
    let reads = stream::iter(arns).map(|arn| async move { (arn.clone(), definition(aws, arn).await) });
    let mut reads = std::pin::pin!(reads.buffered(AT_ONCE));
    let mut found = BTreeMap::new();
    while let Some((arn, definition)) = reads.next().await {
        found.insert(arn, definition);
        progress.beside(|| {});
    }
    found
}

async fn definition(aws: &Aws, arn: &str) -> Seen<Definition> {
    if arn.contains(":daemon-task-definition/") {
        let definition = seen(aws.daemon_definition(arn).await)?;
        let revision = arn.rsplit_once(':').and_then(|(_, revision)| revision.parse().ok());
        return Ok(Definition { definition, revision, tags: Vec::new() });
    }
    let described = seen(patiently(|| aws.ecs.describe(arn)).await)?;
    let tags = described.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    Ok(Definition { definition: described.definition, revision: Some(described.arn.revision), tags })
}

/// Reads the log groups, the buckets and the keys that the clusters name.
async fn destinations(aws: &Aws, fleet: &mut Fleet) {
    for exec in fleet.clusters.iter().map(|cluster| cluster.cluster.configuration.exec()).collect::<Vec<_>>() {
        if let Some(key) = exec.kms_key.filter(|key| !fleet.keys.contains_key(key)) {
            let read = seen(aws.session_key(&key).await);
            fleet.keys.insert(key, read);
        }
        let Some(log) = exec.log.filter(|_| exec.logging == ExecLogging::Override) else { continue };
        if let Some(group) = log.log_group.filter(|group| !fleet.groups.contains_key(group)) {
            let read = seen(aws.transcript_group(&group).await);
            fleet.groups.insert(group, read);
        }
        if let Some(bucket) = log.s3_bucket.filter(|bucket| !fleet.buckets.contains_key(bucket)) {
            let read = seen(aws.transcript_bucket(&bucket).await);
            fleet.buckets.insert(bucket, read);
        }
    }
}
