//! What runs a revision: services and tasks in every cluster of the account and Region. There is no index of it, so this
//! looks at all of them; only taking back asks for it.

use aws_sdk_ecs::types::{Failure, Service, Task};

use super::ecs::Ecs;
use super::errors::{port_error, unreadable};
use crate::domain::revision::RevisionArn;
use crate::ports::{Answer, Kind, PortError, Services};

/// How many one call describes (source: ECS API reference, DescribeServices and DescribeTasks).
const MOST_SERVICES: usize = 10;
const MOST_TASKS: usize = 100;

/// The largest page of a list.
const PAGE: i32 = 100;

/// Collects a list that comes in pages.
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

impl Services for Ecs {
    async fn users(&self, revision: &RevisionArn) -> Answer<Vec<String>> {
        let mut users = Vec::new();
        for cluster in pages!("ListClusters", self.client.list_clusters().max_results(PAGE)) {
            let services = self.services(&cluster, revision).await?;
            let tasks = self.tasks(&cluster, revision).await?;
            let name = cluster.rsplit('/').next().unwrap_or(&cluster);
            let is_listed = |task: &&Task| {
                let service = task.group().and_then(|group| group.strip_prefix("service:"));
                service.is_some_and(|service| services.iter().any(|other| other == service))
            };
            let alone = tasks.iter().filter(|task| !is_listed(task)).filter_map(Task::task_arn);
            users.extend(services.iter().map(|service| format!("service {name}/{service}")));
            users.extend(alone.map(|arn| format!("task {name}/{}", arn.rsplit('/').next().unwrap_or(arn))));
        }
        users.sort();
        Ok(users)
    }
}

impl Ecs {
    async fn services(&self, cluster: &str, revision: &RevisionArn) -> Answer<Vec<String>> {
        let revision = revision.to_string();
        let arns = pages!("ListServices", self.client.list_services().cluster(cluster).max_results(PAGE));
        let mut found = Vec::new();
        for arns in arns.chunks(MOST_SERVICES) {
            let call = self.client.describe_services().cluster(cluster).set_services(Some(arns.to_vec()));
            let described = call.send().await.map_err(|error| port_error("DescribeServices", &error))?;
            all_described("DescribeServices", described.failures())?;
            let meant = described.services().iter().filter(|service| uses(service, &revision));
            found.extend(meant.filter_map(Service::service_name).map(String::from));
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
            let described = call.send().await.map_err(|error| port_error("DescribeTasks", &error))?;
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

/// What is gone since it was listed is `MISSING`. What could not be described for any other reason may use the revision.
fn all_described(call: &'static str, failures: &[Failure]) -> Answer<()> {
    match failures.iter().find(|failure| failure.reason() != Some("MISSING")) {
        None => Ok(()),
        Some(failure) => {
            let why = format!("{} is not described: {}", failure.arn().unwrap_or("?"), failure.reason().unwrap_or("?"));
            Err(PortError { kind: Kind::Refused, ..unreadable(call, &why) })
        }
    }
}

/// Whether a service starts tasks of the revision, or still has some of it.
fn uses(service: &Service, revision: &str) -> bool {
    let deployments = service.deployments().iter().map(|deployment| deployment.task_definition());
    let sets = service.task_sets().iter().map(|set| set.task_definition());
    service.status() != Some("INACTIVE")
        && [service.task_definition()].into_iter().chain(deployments).chain(sets).any(|used| used == Some(revision))
}
