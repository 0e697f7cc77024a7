//! Finds the services and tasks that run certain revisions, in every cluster of the account and Region. ECS cannot list
//! the services and tasks of a revision, so Logweir reads all services, and all tasks of the revisions' families. Only a
//! backout, a retirement and `logweir apply` need this search.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{Service as Found, Task};

use super::ecs::{Ecs, PAGE};
use super::services::{all_described, unknown};
use crate::aws::errors::{endless, port_error};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Place, User};
use crate::domain::limits::pages::Pages;
use crate::ports::{Answer, ErrorKind, RevisionUsers};

/// The largest number of services in one request (source: ECS API reference, DescribeServices).
const MOST_SERVICES: usize = 10;

/// The largest number of tasks in one request (source: ECS API reference, DescribeTasks).
const MOST_TASKS: usize = 100;

/// Collects the items from all pages of a list operation, each item once. A list that changes while it is read may name
/// an item twice.
macro_rules! pages {
    ($name:literal, $items:ident, $call:expr) => {{
        let (mut items, mut read) = (Vec::new(), Pages::default());
        let mut pages = $call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| port_error($name, &error))?;
            let found = page.$items.unwrap_or_default();
            read.next(page.next_token, found.len()).map_err(|why| endless($name, why))?;
            items.extend(found);
        }
        items.sort_unstable();
        items.dedup();
        items
    }};
}

impl Ecs {
    pub(in crate::aws) async fn users_everywhere(&self, revisions: &[RevisionArn]) -> Answer<RevisionUsers> {
        let mut users = RevisionUsers::new();
        for cluster in pages!("ListClusters", cluster_arns, self.client.list_clusters().max_results(PAGE)) {
            match self.users_in(&cluster, revisions).await {
                Ok(found) => {
                    found.into_iter().for_each(|(revision, user)| users.entry(revision).or_default().push(user))
                }
                // The cluster was deleted after ListClusters had returned it.
                Err(error) if error.kind == ErrorKind::Missing => {}
                Err(error) => return Err(error),
            }
        }
        users.values_mut().for_each(|users| users.sort());
        Ok(users)
    }

    async fn users_in(&self, cluster: &str, revisions: &[RevisionArn]) -> Answer<Vec<(RevisionArn, User)>> {
        let services = self.services(cluster, revisions).await?;
        let tasks = self.tasks(cluster, revisions).await?;
        let is_listed = |revision: &RevisionArn, task: &Task| {
            let service = task.group().and_then(|group| group.strip_prefix("service:"));
            service.is_some_and(|service| services.iter().any(|(used, other, _)| used == revision && other == service))
        };
        let mut users = Vec::new();
        for (revision, service, draining) in &services {
            let arn = format!("{}/{service}", cluster.replace(":cluster/", ":service/"));
            let place = arn.parse().map_err(|_| unknown("DescribeServices", "a service has an invalid name"))?;
            users.push((revision.clone(), User { place: Place::Service(place), draining: *draining }));
        }
        let name = last(cluster);
        for (revision, task) in tasks.iter().filter(|(revision, task)| !is_listed(revision, task)) {
            let Some(arn) = task.task_arn() else { continue };
            let place = Place::Task(format!("{name}/{}", last(arn)));
            users.push((revision.clone(), User { place, draining: false }));
        }
        Ok(users)
    }

    /// Returns each service in the cluster that uses one of the revisions: the revision, the service's name, and whether
    /// the service is draining (see [`is_draining`]).
    async fn services(&self, cluster: &str, revisions: &[RevisionArn]) -> Answer<Vec<(RevisionArn, String, bool)>> {
        let arns = pages!("ListServices", service_arns, self.client.list_services().cluster(cluster).max_results(PAGE));
        let mut found = Vec::new();
        for arns in arns.chunks(MOST_SERVICES) {
            let call = self.client.describe_services().cluster(cluster).set_services(Some(arns.to_vec()));
            let described = Box::pin(call.send()).await.map_err(|error| port_error("DescribeServices", &error))?;
            all_described("DescribeServices", described.failures())?;
            for service in described.services() {
                let used = revisions.iter().map(|revision| (revision, revision.to_string()));
                let used = used.filter(|(_, arn)| uses(service, arn));
                found.extend(used.map(|(revision, arn)| (revision.clone(), name(service), is_draining(service, &arn))));
            }
        }
        Ok(found)
    }

    /// Returns each task in the cluster that runs one of the revisions. Lists the tasks of each family once.
    async fn tasks(&self, cluster: &str, revisions: &[RevisionArn]) -> Answer<Vec<(RevisionArn, Task)>> {
        let families: BTreeSet<&str> = revisions.iter().map(|revision| revision.family.as_str()).collect();
        let mut arns = Vec::new();
        for family in families {
            let list = self.client.list_tasks().cluster(cluster).family(family).max_results(PAGE);
            arns.extend(pages!("ListTasks", task_arns, list));
        }
        let runs = |task: &Task| {
            let named = task.task_definition_arn().filter(|_| task.last_status() != Some("STOPPED"))?;
            revisions.iter().find(|revision| revision.to_string() == named).cloned()
        };
        let mut found = Vec::new();
        for arns in arns.chunks(MOST_TASKS) {
            let call = self.client.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
            let described = Box::pin(call.send()).await.map_err(|error| port_error("DescribeTasks", &error))?;
            all_described("DescribeTasks", described.failures())?;
            let tasks = described.tasks.unwrap_or_default().into_iter();
            found.extend(tasks.filter_map(|task| runs(&task).map(|revision| (revision, task))));
        }
        Ok(found)
    }
}

/// Returns the part of an ARN after the last slash.
fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn name(service: &Found) -> String {
    service.service_name().unwrap_or_default().to_owned()
}

/// Returns whether a service uses the revision for new tasks, in a deployment or in a task set. An INACTIVE service
/// uses no revision.
fn uses(service: &Found, revision: &str) -> bool {
    let deployments = service.deployments().iter().map(|deployment| deployment.task_definition());
    let named = [service.task_definition()].into_iter().chain(deployments).any(|used| used == Some(revision));
    service.status() != Some("INACTIVE") && (named || has_task_set(service, revision))
}

/// Returns whether a service that uses the revision is draining. A draining service stops using the revision without
/// further action, because the service is being deleted, or because only an older deployment of the service uses the
/// revision.
fn is_draining(service: &Found, revision: &str) -> bool {
    if service.status() == Some("DRAINING") {
        return true;
    }
    let primary = service.deployments().iter().filter(|deployment| deployment.status() == Some("PRIMARY"));
    let mut asked_for = primary.map(|deployment| deployment.task_definition()).chain([service.task_definition()]);
    asked_for.all(|used| used != Some(revision)) && !has_task_set(service, revision)
}

fn has_task_set(service: &Found, revision: &str) -> bool {
    service.task_sets().iter().any(|set| set.task_definition() == Some(revision))
}
