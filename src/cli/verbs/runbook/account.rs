//! Reads the facts about the account, up to a depth, and the task definitions in scope.

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::future::join3;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::selection;
use crate::aws::{Aws, patiently};
use crate::cli::failed_reads::{seen, unread};
use crate::cli::failure::Failure;
use crate::cli::families::families;
use crate::cli::fleet_target::FleetTarget;
use crate::cli::progress::Progress;
use crate::domain::fleet::facts::Unread;
use crate::domain::runbook::account::ecs::{
    CapacityProvider, Cluster, Definition, EcsFacts, Service, Task, is_fargate,
};
use crate::domain::runbook::account::{Account, Fact};
use crate::domain::runbook::{Depth, InScope, Resource, ResourceKind};
use crate::domain::text::plain::plain;
use crate::ports::{Answer, Described, TaskDefinitions};

/// The number of calls at the same time. ECS allows an account bursts of 50 and more reads (source: the ECS developer
/// guide on request throttling).
const AT_ONCE: usize = 8;

/// The longest name of a family, in characters (source: ECS API reference, RegisterTaskDefinition).
const LONGEST: usize = 255;

/// What a run read.
pub(super) struct Read {
    pub(super) account: Account,
    /// Why the families could not be listed.
    pub(super) families: Option<Unread>,
    /// The task definitions that Logweir could not read.
    pub(super) definitions: Vec<(Resource, Unread)>,
    /// The targets that Logweir could not read, each with the reason.
    pub(super) missing: Vec<(String, Failure)>,
}

/// Reads the account. Calls `each` with each task definition in scope.
///
/// To read another depth, add the facts to [`Account`], and read them at the end of this function, where the facts of
/// ECS are known.
pub(super) async fn read(
    aws: &Aws,
    selection: &selection::Account,
    depth: Depth,
    each: &mut impl FnMut(&Described, InScope, Timestamp),
) -> Read {
    let is_whole = *selection == selection::Account::Whole;
    let families = async { if is_whole { families(&aws.ecs).await } else { Ok(Vec::new()) } };
    let (mut clusters, families, default_insights) =
        join3(clusters(aws, selection), families, aws.default_insights()).await;
    let mut missing = match &clusters {
        Fact::Read { value, .. } => absent(aws, selection, value),
        _ => Vec::new(),
    };
    if let Fact::Read { value, .. } = &mut clusters {
        contents(aws, selection, value).await;
    }
    let capacity_providers = fact(providers(aws, clusters.value()).await, "ecs:DescribeCapacityProviders");
    let mut ecs = EcsFacts {
        clusters,
        capacity_providers,
        default_insights: fact(default_insights, "ecs:ListAccountSettings"),
        definitions: Vec::new(),
        unread_definitions: Vec::new(),
    };
    missing.extend(absent_services(selection, &ecs));
    let (families, unlisted) = match families {
        Ok(families) => (families, None),
        Err(error) => (Vec::new(), Some(unread(&error))),
    };
    let mut definitions = Definitions { aws, found: Vec::new(), unread: Vec::new(), missing: Vec::new() };
    definitions.read(families, &ecs, each).await;
    ecs.definitions = definitions.found;
    ecs.unread_definitions =
        definitions.unread.iter().map(|(_, unread)| unread.clone()).chain(unlisted.clone()).collect();
    missing.extend(definitions.missing);
    let unread = definitions.unread;
    let (partition, account) = home(&ecs);
    let mut account = Account::of_ecs(partition, account, aws.region().to_owned(), depth, ecs);
    account.is_whole = is_whole;
    aws.complete(&mut account).await;
    Read { account, families: unlisted, definitions: unread, missing }
}

/// Returns the fact that an answer shows. `source` is the IAM action of the operation that shows the fact.
fn fact<T>(answer: Answer<T>, source: &'static str) -> Fact<T> {
    Fact::of(seen(answer), source, Timestamp::now())
}

/// Returns the partition and the account of the first ARN. Returns the partition `aws` and no account if there is none.
fn home(ecs: &EcsFacts) -> (String, String) {
    let clusters = ecs.clusters().map(|cluster| cluster.arn.as_str());
    let definitions = ecs.definitions.iter().map(|definition| definition.arn.as_str());
    let parts = |arn: &str| {
        let mut parts = arn.split(':').skip(1);
        Some((parts.next()?.to_owned(), parts.nth(2)?.to_owned()))
    };
    clusters.chain(definitions).find_map(parts).unwrap_or_else(|| ("aws".to_owned(), String::new()))
}

/// Describes the selected clusters, without what runs in them.
async fn clusters(aws: &Aws, selection: &selection::Account) -> Fact<Vec<Cluster>> {
    let names = match selection {
        selection::Account::Whole => aws.cluster_arns().await,
        selection::Account::Named(named) => {
            let names: BTreeSet<String> = named.iter().map(|named| named.cluster.clone()).collect();
            Ok(names.into_iter().collect())
        }
    };
    let found = match names {
        Ok(names) => aws.cluster_facts(&names).await,
        Err(error) => Err(error),
    };
    fact(found, "ecs:DescribeClusters")
}

/// Returns the named targets whose clusters do not exist, or belong to another account or Region.
fn absent(aws: &Aws, selection: &selection::Account, clusters: &[Cluster]) -> Vec<(String, Failure)> {
    let selection::Account::Named(named) = selection else { return Vec::new() };
    let failure = |named: &FleetTarget| {
        let cluster = clusters.iter().find(|cluster| cluster.name == named.cluster);
        let account = cluster.map(|cluster| cluster.arn.split(':').nth(4).unwrap_or_default());
        let missing = || format!("there is no cluster `{}`, and no such file", named.cluster);
        Some((named.name(), named.absence(aws.region(), account, missing)?))
    };
    named.iter().filter_map(failure).collect()
}

/// Returns the named services that do not exist in a cluster whose services Logweir read.
fn absent_services(selection: &selection::Account, ecs: &EcsFacts) -> Vec<(String, Failure)> {
    let selection::Account::Named(named) = selection else { return Vec::new() };
    let is_absent = |named: &&FleetTarget| {
        let Some(service) = &named.service else { return false };
        let cluster = ecs.clusters().find(|cluster| cluster.name == named.cluster);
        let services = cluster.and_then(|cluster| cluster.services.value());
        services.is_some_and(|services| services.iter().all(|found| &found.name != service))
    };
    let failure = |named: &FleetTarget| (named.name(), Failure::error("there is no such service"));
    named.iter().filter(is_absent).map(failure).collect()
}

/// Reads the services and the tasks of each cluster.
async fn contents(aws: &Aws, selection: &selection::Account, clusters: &mut [Cluster]) {
    let progress = Progress::over(clusters.len());
    let reads = clusters.iter().map(|cluster| {
        let (arn, name) = (cluster.arn.clone(), cluster.name.clone());
        async move {
            let services = services(aws, selection, &arn, &name).await;
            let tasks = tasks(aws, selection, &arn, &name).await;
            (fact(services, "ecs:DescribeServices"), fact(tasks, "ecs:DescribeTasks"))
        }
    });
    let reads: Vec<_> = reads.collect();
    let mut read = pin!(stream::iter(reads).buffered(AT_ONCE));
    let mut contents = Vec::new();
    while let Some(content) = read.next().await {
        contents.push(content);
        progress.beside(|| {});
    }
    for (cluster, (services, tasks)) in clusters.iter_mut().zip(contents) {
        (cluster.services, cluster.tasks) = (services, tasks);
    }
}

async fn services(aws: &Aws, selection: &selection::Account, arn: &str, name: &str) -> Answer<Vec<Service>> {
    let arns = aws.service_arns(arn).await?;
    let is_selected = |arn: &&String| selection.has_service(name, arn.rsplit('/').next().unwrap_or(arn));
    let arns: Vec<String> = arns.iter().filter(is_selected).cloned().collect();
    aws.service_facts(arn, &arns).await
}

/// Reads the selected tasks of a cluster.
async fn tasks(aws: &Aws, selection: &selection::Account, arn: &str, name: &str) -> Answer<Vec<Task>> {
    let mut tasks = aws.task_facts(arn).await?;
    tasks.retain(|task| match task.group.strip_prefix("service:") {
        Some(service) => selection.has_service(name, service),
        None => selection.has_tasks(name),
    });
    Ok(tasks)
}

/// Reads the capacity providers of the account, and those that only a cluster shows.
async fn providers(aws: &Aws, clusters: Option<&Vec<Cluster>>) -> Answer<Vec<CapacityProvider>> {
    let mut found = aws.capacity_providers(None).await?;
    for cluster in clusters.into_iter().flatten() {
        let is_unknown = |name: &&String| !is_fargate(name) && found.iter().all(|provider| provider.name != **name);
        if cluster.capacity_providers.iter().any(|name| is_unknown(&name)) {
            let of_cluster = aws.capacity_providers(Some(&cluster.arn)).await?;
            let new = of_cluster.into_iter().filter(|one| found.iter().all(|known| known.arn != one.arn));
            let new: Vec<CapacityProvider> = new.collect();
            found.extend(new);
        }
    }
    found.sort_by(|one, other| (&one.name, &one.arn).cmp(&(&other.name, &other.arn)));
    Ok(found)
}

/// Reads the task definitions in scope.
struct Definitions<'r> {
    aws: &'r Aws,
    found: Vec<Definition>,
    unread: Vec<(Resource, Unread)>,
    missing: Vec<(String, Failure)>,
}

impl Definitions<'_> {
    /// Reads the newest revision of each family, and the revisions in use. Keeps none of the documents in memory.
    async fn read(
        &mut self,
        families: Vec<String>,
        ecs: &EcsFacts,
        each: &mut impl FnMut(&Described, InScope, Timestamp),
    ) {
        let services = ecs.services().flat_map(|service| service.definitions.iter().cloned());
        let tasks = ecs.tasks().map(|task| task.definition.clone()).filter(|arn| !arn.is_empty());
        let mut used: BTreeSet<String> = services.chain(tasks).collect();
        let in_use = used.clone();
        let progress = Progress::over(families.len() + used.len());
        for (names, is_newest) in [(families, true), (Vec::new(), false)] {
            let names = if is_newest { names } else { std::mem::take(&mut used).into_iter().collect() };
            let aws = self.aws;
            let reads = names.into_iter().map(|name| async move {
                let described = patiently(|| aws.ecs.describe(&name)).await;
                (name, described)
            });
            let mut reads = pin!(stream::iter(reads).buffered(AT_ONCE));
            while let Some((name, described)) = reads.next().await {
                progress.beside(|| self.add(name, described, &in_use, &mut used, each));
            }
        }
    }

    fn add(
        &mut self,
        name: String,
        described: Answer<Described>,
        in_use: &BTreeSet<String>,
        used: &mut BTreeSet<String>,
        each: &mut impl FnMut(&Described, InScope, Timestamp),
    ) {
        match described {
            Err(error) => {
                self.unread.push((resource(&name), unread(&error)));
                self.missing.push((format!("ecs:{name}"), Failure::from(error)));
            }
            Ok(described) => {
                let (arn, time) = (described.arn.to_string(), Timestamp::now());
                let is_in_use = in_use.contains(&arn);
                used.remove(&arn);
                self.found.push(Definition::of(&arn, &described.definition, is_in_use, time));
                each(&described, if is_in_use { InScope::InUse } else { InScope::Newest }, time);
            }
        }
    }
}

/// Returns the task definition with this family, or with this ARN, as the resource of a result.
fn resource(name: &str) -> Resource {
    let arn = name.starts_with("arn:").then(|| name.to_owned());
    let family = name.rsplit('/').next().unwrap_or(name).split(':').next().unwrap_or(name);
    Resource { kind: ResourceKind::TaskDefinition, name: plain(family, LONGEST), arn, container: None }
}
