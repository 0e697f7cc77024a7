//! Finds the services and tasks that run a revision, in every cluster of the account and Region. ECS cannot list the
//! services and tasks of a revision, so Logweir reads all services, and all tasks of the revision's family. Only a
//! backout and `logweir apply` need this search.

use aws_sdk_ecs::types::{Service as Found, Task};

use super::ecs::{Ecs, PAGE};
use super::services::{all_described, unknown};
use crate::aws::errors::port_error;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Place, User};
use crate::ports::{Answer, ErrorKind};

/// The largest number of services in one request (source: ECS API reference, DescribeServices).
const MOST_SERVICES: usize = 10;

/// The largest number of tasks in one request (source: ECS API reference, DescribeTasks).
const MOST_TASKS: usize = 100;

/// Collects the items from all pages of a list operation.
macro_rules! pages {
    ($name:literal, $call:expr) => {{
        let mut items = Vec::new();
        let mut pages = $call.into_paginator().items().send();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| port_error($name, &error))?);
        }
        items
    }};
}

impl Ecs {
    pub(in crate::aws) async fn users_everywhere(&self, revision: &RevisionArn) -> Answer<Vec<User>> {
        let mut users = Vec::new();
        for cluster in pages!("ListClusters", self.client.list_clusters().max_results(PAGE)) {
            match self.users_in(&cluster, revision).await {
                Ok(found) => users.extend(found),
                // The cluster was deleted after ListClusters had returned it.
                Err(error) if error.kind == ErrorKind::Missing => {}
                Err(error) => return Err(error),
            }
        }
        users.sort();
        Ok(users)
    }

    async fn users_in(&self, cluster: &str, revision: &RevisionArn) -> Answer<Vec<User>> {
        let services = self.services(cluster, revision).await?;
        let tasks = self.tasks(cluster, revision).await?;
        let is_listed = |task: &&Task| {
            let service = task.group().and_then(|group| group.strip_prefix("service:"));
            service.is_some_and(|service| services.iter().any(|(other, _)| other == service))
        };
        let mut users = Vec::new();
        for (service, draining) in &services {
            let arn = format!("{}/{service}", cluster.replace(":cluster/", ":service/"));
            let place = arn.parse().map_err(|_| unknown("DescribeServices", "a service has an invalid name"))?;
            users.push(User { place: Place::Service(place), draining: *draining });
        }
        let name = last(cluster);
        let alone = tasks.iter().filter(|task| !is_listed(task)).filter_map(Task::task_arn);
        let alone = alone.map(|arn| Place::Task(format!("{name}/{}", last(arn))));
        users.extend(alone.map(|place| User { place, draining: false }));
        Ok(users)
    }

    /// Returns the name of each service in the cluster that uses the revision, and whether the service is draining (see
    /// [`is_draining`]).
    async fn services(&self, cluster: &str, revision: &RevisionArn) -> Answer<Vec<(String, bool)>> {
        let revision = revision.to_string();
        let arns = pages!("ListServices", self.client.list_services().cluster(cluster).max_results(PAGE));
        let mut found = Vec::new();
        for arns in arns.chunks(MOST_SERVICES) {
            let call = self.client.describe_services().cluster(cluster).set_services(Some(arns.to_vec()));
            let described = Box::pin(call.send()).await.map_err(|error| port_error("DescribeServices", &error))?;
            all_described("DescribeServices", described.failures())?;
            let meant = described.services().iter().filter(|service| uses(service, &revision));
            found.extend(meant.map(|service| (name(service), is_draining(service, &revision))));
        }
        Ok(found)
    }

    async fn tasks(&self, cluster: &str, revision: &RevisionArn) -> Answer<Vec<Task>> {
        let list = self.client.list_tasks().cluster(cluster).family(&revision.family).max_results(PAGE);
        let arns = pages!("ListTasks", list);
        let revision = revision.to_string();
        let mut found = Vec::new();
        for arns in arns.chunks(MOST_TASKS) {
            let call = self.client.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
            let described = Box::pin(call.send()).await.map_err(|error| port_error("DescribeTasks", &error))?;
            all_described("DescribeTasks", described.failures())?;
            let tasks = described.tasks.unwrap_or_default().into_iter();
            found.extend(
                tasks.filter(|task| {
                    task.task_definition_arn() == Some(&revision) && task.last_status() != Some("STOPPED")
                }),
            );
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
