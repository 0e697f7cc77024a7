//! Describes services and tasks of a cluster with one signed request and without a retry. Three use cases read other
//! members of the same responses: an audit (`reads_services.rs`), `logweir exec check` and the runbook (`facts`,
//! `tasks.rs`). Each of them gives its own `row`, so that no more of a response stays in memory than it needs.

use serde_json::{Value, json};

use super::reads::AwsFleet;
use super::{items, text};
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::ports::{Answer, DescribedBatch};

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
pub(super) const DESCRIBE_SERVICES: Operation = ECS.read("DescribeServices");
pub(super) const DESCRIBE_TASKS: Operation = ECS.read("DescribeTasks");

impl AwsFleet {
    /// Describes at most [`MOST_SERVICES`](crate::ports::MOST_SERVICES) services of a cluster, with their tags. Leaves
    /// out INACTIVE services.
    pub(super) async fn services_as<T>(
        &self,
        cluster: &str,
        services: &[String],
        row: impl Fn(&Value) -> T,
    ) -> Answer<DescribedBatch<T>> {
        let body = json!({"cluster": cluster, "services": services, "include": ["TAGS"]});
        let reply = self.signed.ask(&DESCRIBE_SERVICES, &body).await?;
        let found = items(&DESCRIBE_SERVICES, &reply, "services")?.iter();
        let found = found.filter(|service| service["status"] != "INACTIVE").map(row).collect();
        Ok(DescribedBatch { found, failed: undescribed(&DESCRIBE_SERVICES, &reply, "services", services)? })
    }

    /// Describes at most [`MOST_TASKS`](crate::ports::MOST_TASKS) tasks of a cluster. Leaves out STOPPED tasks.
    pub(super) async fn tasks_as<T>(
        &self,
        cluster: &str,
        tasks: &[String],
        row: impl Fn(&Value) -> T,
    ) -> Answer<DescribedBatch<T>> {
        let reply = self.signed.ask(&DESCRIBE_TASKS, &json!({"cluster": cluster, "tasks": tasks})).await?;
        let found = items(&DESCRIBE_TASKS, &reply, "tasks")?.iter();
        let found = found.filter(|task| task["lastStatus"] != "STOPPED").map(row).collect();
        Ok(DescribedBatch { found, failed: undescribed(&DESCRIBE_TASKS, &reply, "tasks", tasks)? })
    }
}

/// Returns the resources of a batch. Returns an error if ECS could not describe one of them.
pub(super) fn all_of<T>(operation: &Operation, batch: DescribedBatch<T>) -> Answer<Vec<T>> {
    match batch.failed.first() {
        Some(failed) => Err(unreadable(operation.name, &format!("ECS could not describe {failed}"))),
        None => Ok(batch.found),
    }
}

/// Returns the resources that ECS could not describe, each with the reason. A resource that has disappeared since the
/// list is no failure.
pub(super) fn failures(operation: &Operation, reply: &Value) -> Answer<Vec<String>> {
    let failed = items(operation, reply, "failures")?.iter().filter(|failure| failure["reason"] != "MISSING");
    let called = |failure: &Value| {
        let [arn, reason] = ["arn", "reason"].map(|member| text(&failure[member]).unwrap_or_else(|| "?".to_owned()));
        format!("{arn}: {reason}")
    };
    Ok(failed.map(called).collect())
}

/// Returns the resources that ECS could not describe, and how many resources ECS neither describes nor names as a
/// failure.
fn undescribed(operation: &Operation, reply: &Value, member: &str, asked: &[String]) -> Answer<Vec<String>> {
    let mut failed = failures(operation, reply)?;
    let answered = items(operation, reply, member)?.len() + items(operation, reply, "failures")?.len();
    let omitted = asked.len().saturating_sub(answered);
    if omitted > 0 {
        failed.push(format!("{omitted} of {} {member}: the response leaves them out", asked.len()));
    }
    Ok(failed)
}
