//! The reads of one run. A call that failed for a temporary reason is repeated; a call that failed is not made again for
//! the same resource, and its reason is kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Configurations, SessionAccount, SessionOrder};
use crate::domain::ecs::cluster::Cluster;
use crate::domain::ecs::service::is_name;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::exec::{Case, Outcome, SsmSessions, TaskFacts, Tasks};
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Answer, Clusters, ExecSessions, LogGroups, Stored, TaskDefinitions, Timer};
use crate::workflow::tried::tried;

pub(super) struct Reads<'a, E, L, S, T> {
    account: &'a SessionAccount<'a, E, L, S, T>,
    definitions: BTreeMap<String, Result<TaskDefinition, String>>,
    groups: BTreeMap<String, Result<LogGroup, String>>,
    failures: BTreeSet<String>,
}

impl<'a, E, L, S, T> Reads<'a, E, L, S, T>
where
    E: Clusters + TaskDefinitions,
    L: LogGroups,
    S: ExecSessions,
    T: Timer,
{
    pub(super) fn new(account: &'a SessionAccount<'a, E, L, S, T>) -> Self {
        Self { account, definitions: BTreeMap::new(), groups: BTreeMap::new(), failures: BTreeSet::new() }
    }

    /// Returns the reads that failed, each with its reason.
    pub(super) fn failures(self) -> Vec<String> {
        self.failures.into_iter().collect()
    }

    fn kept<V>(&mut self, answer: Answer<V>) -> Result<V, String> {
        answer.map_err(|error| {
            let why = error.to_string();
            self.failures.insert(why.clone());
            why
        })
    }

    pub(super) async fn ssm(&mut self, since: Timestamp) -> SsmSessions {
        let account = self.account;
        let answer = tried(account.timer, async || account.sources.sessions(since).await).await;
        match self.kept(answer) {
            Ok(sessions) => SsmSessions::Read(sessions),
            Err(why) => SsmSessions::Unread(why),
        }
    }

    /// Returns the tasks of all sessions that ECS still describes.
    pub(super) async fn tasks(&mut self, order: &SessionOrder<'_>, ssm: &SsmSessions) -> Tasks {
        let home = &self.account.home;
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for call in &order.events.executes {
            let is_home = (&call.account, &call.region) == (&home.account, &home.region);
            if let Some(task) = call.task.as_ref().filter(|_| is_home && call.outcome == Outcome::Succeeded) {
                wanted.entry(call.cluster.clone()).or_default().insert(task.clone());
            }
        }
        for session in ssm.list() {
            wanted.entry(session.target.cluster.clone()).or_default().insert(session.target.task.clone());
        }
        wanted.retain(|cluster, _| is_name(cluster) && (order.wants_cluster)(cluster));
        // One text that is no ID would make ECS refuse the whole call.
        let is_id = |id: &String| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        wanted.values_mut().for_each(|ids| ids.retain(is_id));
        let mut tasks = Tasks::new();
        for (cluster, ids) in wanted {
            let ids: Vec<String> = ids.into_iter().collect();
            let account = self.account;
            let answer = tried(account.timer, async || account.sources.tasks(&cluster, &ids).await).await;
            let found: BTreeMap<String, TaskFacts> = self.kept(answer).unwrap_or_default();
            tasks.extend(found.into_iter().map(|(id, facts)| ((cluster.clone(), id), facts)));
        }
        tasks
    }

    /// Returns the present configuration of each cluster with sessions in this account and Region.
    pub(super) async fn clusters(&mut self, cases: &[Case]) -> Configurations {
        let is_wanted = |case: &&Case| case.is_in(&self.account.home) && *case.outcome() == Outcome::Succeeded;
        let names = cases.iter().filter(is_wanted).filter_map(|case| case.cluster.clone());
        // CloudTrail also records calls with a wrong name. One text that is no name would make ECS refuse the whole
        // call.
        let names: BTreeSet<String> = names.filter(|name| is_name(name)).collect();
        let names: Vec<String> = names.into_iter().collect();
        if names.is_empty() {
            return Configurations::new();
        }
        let account = self.account;
        let answer = tried(account.timer, async || account.ecs.clusters(&names).await).await;
        let found: Result<Vec<Cluster>, String> = self.kept(answer);
        let of = |name: &String| {
            let found = found.as_ref().map_err(String::clone)?;
            let cluster = found.iter().find(|cluster| cluster.arn.name == *name && cluster.is_active());
            Ok(cluster.ok_or("the cluster no longer exists")?.configuration.exec())
        };
        names.iter().map(|name| (name.clone(), of(name))).collect()
    }

    pub(super) async fn definition(&mut self, arn: &str) -> Result<TaskDefinition, String> {
        if let Some(known) = self.definitions.get(arn) {
            return known.clone();
        }
        let account = self.account;
        let answer = tried(account.timer, async || account.ecs.describe(arn).await).await;
        let definition = self.kept(answer).map(|described| described.definition);
        self.definitions.insert(arn.to_owned(), definition.clone());
        definition
    }

    pub(super) async fn group(&mut self, name: &str) -> Result<LogGroup, String> {
        if let Some(known) = self.groups.get(name) {
            return known.clone();
        }
        let names = [name.to_owned()];
        let account = self.account;
        let answer = tried(account.timer, async || account.log_groups.look(&names).await).await;
        let group = self.kept(answer).map(|mut found| found.remove(name).unwrap_or(LogGroup::Missing));
        self.groups.insert(name.to_owned(), group.clone());
        group
    }

    pub(super) async fn stream(&mut self, group: &str, stream: &str) -> Result<Option<Stored>, String> {
        let account = self.account;
        let answer = tried(account.timer, async || account.sources.stream(group, stream).await).await;
        self.kept(answer)
    }

    pub(super) async fn object(&mut self, bucket: &str, key: &str) -> Result<Option<Stored>, String> {
        let account = self.account;
        let answer = tried(account.timer, async || account.sources.object(bucket, key).await).await;
        self.kept(answer)
    }
}
