//! Which revisions run: reads the services and tasks of each cluster.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::{StreamExt, stream};

use super::{Caller, Walk, unread_part};
use crate::domain::audit::{
    AuditHome, ClusterStep, FleetService, FleetTask, Selection, Step, TaskCount, Text, UnjudgedDaemon, UnreadPart,
    User, UserKind,
};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::limits::pages::Pages;
use crate::domain::limits::throttle::ApiBucket;
use crate::ports::{
    Answer, AuditMemory, AuditWatch, ErrorKind, FleetReads, ListPage, MOST_SERVICES, MOST_TASKS, Timer,
};
use crate::workflow::family_walk::endless;

/// The number of clusters that are read at the same time.
const CLUSTERS_AT_ONCE: usize = 8;

/// The number of calls for one cluster at the same time.
const CALLS_AT_ONCE: usize = 8;

/// The part of the ARN of a daemon task definition, which is no revision of a family (source: ECS API reference,
/// DaemonTaskDefinition).
const DAEMON: &str = ":daemon-task-definition/";

/// The users of each revision in use, by family and revision number.
pub type Uses = HashMap<(Text, u32), Vec<User>>;

/// What runs in an account and Region.
#[derive(Debug, Default)]
pub struct InUse {
    home: AuditHome,
    pub uses: Uses,
    /// Every revision in use, also by services and tasks that the selection does not cover. Empty unless the selection
    /// asks for stale revisions.
    used: HashSet<(Text, u32)>,
    /// The services that the selection covers.
    pub services: Vec<FleetService>,
    pub(super) clusters: u64,
    pub(super) services_read: u64,
    pub(super) tasks_read: u64,
    /// The running tasks by cluster and daemon task definition.
    daemons: BTreeMap<(Text, String), u64>,
    /// The clusters that an interrupted audit has read.
    read: Vec<ClusterStep>,
    /// The services and tasks whose task definitions are no revisions of this account and Region.
    foreign: Vec<UnreadPart>,
    tags: HashMap<(Text, Text), Vec<(Text, Text)>>,
}

impl InUse {
    pub(super) fn of(home: AuditHome) -> Self {
        Self { home, ..Self::default() }
    }

    /// Takes over a cluster that an interrupted audit has read.
    pub(super) fn restore(&mut self, step: ClusterStep) {
        self.read.push(step);
    }

    /// Whether a service or a task uses the revision.
    pub(super) fn is_used(&self, revision: &(Text, u32)) -> bool {
        self.used.contains(revision) || self.uses.contains_key(revision)
    }

    /// Returns the tags of a service.
    pub(super) fn tags_of(&self, cluster: &Text, service: &Text) -> &[(Text, Text)] {
        let key = (cluster.clone(), service.clone());
        self.tags.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds the services and tasks of a cluster, as far as the selection covers them.
    fn add(&mut self, step: ClusterStep, selection: &Selection) {
        let name = Text::from(last(&step.cluster));
        self.clusters += 1;
        self.services_read += step.services.len() as u64;
        if selection.reads_all_uses() {
            let of_services = step
                .services
                .iter()
                .flat_map(|service| service.deployments.iter().map(|one| &one.definition).chain(&service.definition));
            let definitions = of_services.chain(step.tasks.iter().map(|count| &count.definition));
            let arns = definitions.filter_map(|definition| definition.parse::<RevisionArn>().ok());
            self.used.extend(arns.filter(|arn| self.home.has(arn)).map(|arn| (arn.family.into(), arn.revision)));
        }
        let mut deployed: HashSet<(Text, Text)> = HashSet::new();
        for service in step.services {
            deployed.extend(service.deployments.iter().map(|one| (service.name.clone(), one.definition.clone())));
            deployed.extend(service.definition.iter().map(|one| (service.name.clone(), one.clone())));
            if selection.has_service(&service) {
                self.add_service(&service);
                if !service.tags.is_empty() {
                    self.tags.insert((service.cluster.clone(), service.name.clone()), service.tags.clone());
                }
                self.services.push(service);
            }
        }
        for count in step.tasks {
            self.tasks_read += u64::from(count.tasks);
            if count.definition.contains(DAEMON) {
                if selection.has_user(&name, None) {
                    let key = (name.clone(), last(&count.definition).to_owned());
                    *self.daemons.entry(key).or_default() += u64::from(count.tasks);
                }
                continue;
            }
            let service = count.group.strip_prefix("service:").map(Text::from);
            let is_counted = service.as_ref().is_some_and(|service| {
                let key = (service.clone(), count.definition.clone());
                deployed.contains(&key)
            });
            // The deployments of a service already count its tasks.
            if is_counted || !selection.has_user(&name, service.as_deref()) {
                continue;
            }
            let kind = if service.is_some() { UserKind::Service } else { UserKind::Tasks };
            let desired = if service.is_some() { 0 } else { count.tasks };
            let user = User {
                kind,
                cluster: name.clone(),
                name: service.unwrap_or(count.group),
                desired,
                running: count.tasks,
                starts: false,
            };
            self.add_user(&count.definition, user);
        }
    }

    /// Returns the managed daemons that run, sorted by cluster.
    pub(super) fn daemons(&self) -> Vec<UnjudgedDaemon> {
        let daemon = |((cluster, definition), tasks): (&(Text, String), &u64)| UnjudgedDaemon {
            cluster: cluster.to_string(),
            definition: definition.clone(),
            tasks: *tasks,
        };
        self.daemons.iter().map(daemon).collect()
    }

    fn add_service(&mut self, service: &FleetService) {
        let mut of: BTreeMap<&Text, (u32, u32, bool)> = BTreeMap::new();
        for deployment in &service.deployments {
            let (desired, running, starts) = of.entry(&deployment.definition).or_default();
            *desired = desired.saturating_add(deployment.desired);
            *running = running.saturating_add(deployment.running);
            *starts |= deployment.is_primary;
        }
        if let Some(definition) = &service.definition {
            of.entry(definition).or_default().2 = true;
        }
        for (definition, (desired, running, starts)) in of {
            let (cluster, name) = (service.cluster.clone(), service.name.clone());
            self.add_user(definition, User { kind: UserKind::Service, cluster, name, desired, running, starts });
        }
    }

    /// Adds a user of a revision. A service or a task uses only revisions of its own account and Region.
    fn add_user(&mut self, definition: &str, user: User) {
        match definition.parse::<RevisionArn>() {
            Ok(arn) if self.home.has(&arn) => {
                self.uses.entry((arn.family.into(), arn.revision)).or_default().push(user);
            }
            _ => {
                let (kind, call) = match user.kind {
                    UserKind::Service => ("service", "DescribeServices"),
                    UserKind::Tasks => ("tasks", "DescribeTasks"),
                };
                let what = format!("the task definition of the {kind} {} of cluster {}", user.name, user.cluster);
                let message = "the response names no revision of this account and Region".to_owned();
                self.foreign.push(UnreadPart { what, call, message, is_denied: false, count: 1 });
            }
        }
    }

    /// Removes the revisions that the selection does not cover.
    fn select(&mut self, selection: &Selection) {
        self.uses.retain(|(family, _), users| {
            users.sort();
            let of = |user: &'_ User| user.kind == UserKind::Service;
            let users: Vec<(&str, Option<&str>)> =
                users.iter().map(|user| (&*user.cluster, of(user).then_some(&*user.name))).collect();
            selection.has_used(family, &users)
        });
    }
}

impl<F: FleetReads, T: Timer, M: AuditMemory, W: AuditWatch> Walk<'_, F, T, M, W> {
    /// Reads what runs, and keeps each cluster that was read completely as a step.
    pub(super) async fn read_in_use(&mut self) {
        let selection = self.order.selection;
        let mut done = HashSet::new();
        for step in std::mem::take(&mut self.in_use.read) {
            if done.insert(step.cluster.clone()) {
                self.in_use.add(step, selection);
            }
        }
        let caller = self.caller;
        let listed = list(caller, ApiBucket::ClusterRead, "ListClusters", |token| async move {
            caller.fleet.clusters(token.as_deref()).await
        });
        let clusters = match listed.await {
            Ok(clusters) => clusters,
            Err(error) => return self.unread("the clusters", &error),
        };
        self.note_absent_clusters(&clusters);
        let wanted = clusters
            .into_iter()
            .filter(|cluster| selection.reads_cluster(last(cluster)) && !done.contains(cluster.as_str()));
        let wanted: Vec<String> = wanted.collect();
        let read = stream::iter(&wanted).map(|cluster| read_cluster(caller, cluster, selection));
        let mut read = std::pin::pin!(read.buffer_unordered(CLUSTERS_AT_ONCE));
        while let Some(ReadCluster { step, unread }) = read.next().await {
            if unread.is_empty() {
                self.memory.note(&|| Step::Cluster(step.clone()));
            }
            unread.into_iter().for_each(|part| self.audit.coverage.add_unread(part));
            self.in_use.add(step, selection);
            self.progressed();
        }
        std::mem::take(&mut self.in_use.foreign).into_iter().for_each(|part| self.audit.coverage.add_unread(part));
        self.note_absent_services();
        self.in_use.select(selection);
    }

    fn note_absent_clusters(&mut self, clusters: &[String]) {
        let found: HashSet<&str> = clusters.iter().map(|cluster| last(cluster)).collect();
        let named = self.order.selection.named_clusters();
        let absent: Vec<&str> = named.iter().copied().filter(|name| !found.contains(name)).collect();
        if absent.is_empty() && !named.is_empty() && !found.iter().any(|name| self.order.selection.has_cluster(name)) {
            self.audit.absent.insert("no cluster matches both the targets and the filters".to_owned());
        }
        self.audit.absent.extend(absent.into_iter().map(|name| format!("cluster {name} does not exist")));
    }

    fn note_absent_services(&mut self) {
        let found: HashSet<String> = self
            .in_use
            .services
            .iter()
            .flat_map(|one| [one.name.to_string(), format!("{}/{}", one.cluster, one.name)])
            .collect();
        let named = self.order.selection.named_services();
        let absent = named.into_iter().filter(|name| !found.contains(name));
        self.audit.absent.extend(absent.map(|name| format!("service {name} does not exist")));
    }
}

/// A cluster that was read, and the parts of it that could not be read.
struct ReadCluster {
    step: ClusterStep,
    unread: Vec<UnreadPart>,
}

async fn read_cluster<F: FleetReads, T: Timer>(
    caller: &Caller<'_, F, T>,
    cluster: &str,
    selection: &Selection,
) -> ReadCluster {
    let (services, tasks) =
        futures_util::future::join(services(caller, cluster, selection), tasks(caller, cluster, selection)).await;
    let (services, mut unread) = services;
    let (tasks, of_tasks) = tasks;
    unread.extend(of_tasks);
    ReadCluster { step: ClusterStep { cluster: cluster.into(), services, tasks }, unread }
}

async fn services<F: FleetReads, T: Timer>(
    caller: &Caller<'_, F, T>,
    cluster: &str,
    selection: &Selection,
) -> (Vec<FleetService>, Vec<UnreadPart>) {
    let what = format!("the services of cluster {}", last(cluster));
    let listed = list(caller, ApiBucket::ServiceRead, "ListServices", |token| async move {
        caller.fleet.services(cluster, token.as_deref()).await
    });
    let mut arns = match listed.await {
        Ok(arns) => arns,
        Err(error) if error.kind == ErrorKind::Missing => return Default::default(),
        Err(error) => return (Vec::new(), vec![unread_part(&what, &error)]),
    };
    arns.retain(|arn| selection.reads_service(last(cluster), last(arn)));
    let batches = stream::iter(arns.chunks(MOST_SERVICES)).map(|arns| {
        caller.call(ApiBucket::ServiceRead, "DescribeServices", || caller.fleet.describe_services(cluster, arns))
    });
    let described: Vec<_> = batches.buffer_unordered(CALLS_AT_ONCE).collect().await;
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for batch in described {
        match batch {
            Ok(batch) => {
                found.extend(batch.found);
                unread.extend(batch.failed.into_iter().map(|why| failed(&what, "DescribeServices", why)));
            }
            Err(error) if error.kind == ErrorKind::Missing => {}
            Err(error) => unread.push(unread_part(&what, &error)),
        }
    }
    (found, unread)
}

async fn tasks<F: FleetReads, T: Timer>(
    caller: &Caller<'_, F, T>,
    cluster: &str,
    selection: &Selection,
) -> (Vec<TaskCount>, Vec<UnreadPart>) {
    if !selection.reads_tasks() {
        return Default::default();
    }
    let what = format!("the tasks of cluster {}", last(cluster));
    let listed = list(caller, ApiBucket::ClusterResourceRead, "ListTasks", |token| async move {
        caller.fleet.tasks(cluster, token.as_deref()).await
    });
    let arns = match listed.await {
        Ok(arns) => arns,
        Err(error) if error.kind == ErrorKind::Missing => return Default::default(),
        Err(error) => return (Vec::new(), vec![unread_part(&what, &error)]),
    };
    let batches = stream::iter(arns.chunks(MOST_TASKS)).map(|arns| {
        caller.call(ApiBucket::ClusterResourceRead, "DescribeTasks", || caller.fleet.describe_tasks(cluster, arns))
    });
    let mut batches = std::pin::pin!(batches.buffer_unordered(CALLS_AT_ONCE));
    let (mut counts, mut unread) = (BTreeMap::<(Text, Text), u32>::new(), Vec::new());
    while let Some(batch) = batches.next().await {
        match batch {
            Ok(batch) => {
                for FleetTask { definition, group } in batch.found {
                    *counts.entry((definition, group)).or_default() += 1;
                }
                unread.extend(batch.failed.into_iter().map(|why| failed(&what, "DescribeTasks", why)));
            }
            Err(error) if error.kind == ErrorKind::Missing => {}
            Err(error) => unread.push(unread_part(&what, &error)),
        }
    }
    let count = |((definition, group), tasks)| TaskCount { definition, group, tasks };
    (counts.into_iter().map(count).collect(), unread)
}

fn failed(what: &str, call: &'static str, message: String) -> UnreadPart {
    UnreadPart { what: what.to_owned(), call, message, is_denied: false, count: 1 }
}

/// Reads all pages of a list, and returns each item once. A list that changes while it is read may name an item twice.
async fn list<F: FleetReads, T: Timer, C: Future<Output = Answer<ListPage<String>>>>(
    caller: &Caller<'_, F, T>,
    bucket: ApiBucket,
    name: &'static str,
    page: impl Fn(Option<String>) -> C,
) -> Answer<Vec<String>> {
    let (mut found, mut token, mut pages) = (Vec::new(), None::<String>, Pages::default());
    loop {
        let read = caller.call(bucket, name, || page(token.clone())).await?;
        token = pages.next(read.next, read.items.len()).map_err(|why| endless(name, why))?;
        found.extend(read.items);
        if token.is_none() {
            found.sort_unstable();
            found.dedup();
            return Ok(found);
        }
    }
}

/// Returns the part of an ARN after the last slash.
fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
