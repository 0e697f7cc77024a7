//! Describes running tasks, as far as ECS Exec needs them.

use serde_json::Value;

use super::described::{DESCRIBE_TASKS, all_of};
use super::{last, patiently, text};
use crate::aws::client::Aws;
use crate::domain::fleet::facts::{ExecAgent, RunningTask};
use crate::ports::{Answer, MOST_TASKS};

/// A running task of a cluster.
#[derive(Clone, Debug)]
pub struct TaskRow {
    pub arn: String,
    /// The group, such as `service:web` or `family:jobs`.
    pub group: String,
    pub definition: String,
    pub task: RunningTask,
}

impl Aws {
    /// Describes the running tasks of a cluster.
    pub async fn running_tasks(&self, cluster: &str) -> Answer<Vec<TaskRow>> {
        let running = |task: &Value| (task["lastStatus"] == "RUNNING").then(|| row(task));
        Ok(self.tasks_of(cluster, running).await?.into_iter().flatten().collect())
    }

    /// Describes the tasks of a cluster that run or start, each as `row` reads it.
    pub(super) async fn tasks_of<T>(&self, cluster: &str, row: impl Fn(&Value) -> T) -> Answer<Vec<T>> {
        let (fleet, mut found) = (self.fleet(), Vec::new());
        for arns in self.task_arns(cluster).await?.chunks(MOST_TASKS) {
            found.extend(all_of(&DESCRIBE_TASKS, patiently(|| fleet.tasks_as(cluster, arns, &row)).await?)?);
        }
        Ok(found)
    }
}

fn row(task: &Value) -> TaskRow {
    let arn = text(&task["taskArn"]).unwrap_or_default();
    let containers = task["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    TaskRow {
        group: text(&task["group"]).unwrap_or_default(),
        definition: text(&task["taskDefinitionArn"]).unwrap_or_default(),
        task: RunningTask {
            id: last(&arn).to_owned(),
            is_enabled: task["enableExecuteCommand"] == true,
            platform_version: text(&task["platformVersion"]),
            platform_family: text(&task["platformFamily"]),
            instance: text(&task["containerInstanceArn"]),
            agents: containers.iter().flat_map(agents).collect(),
        },
        arn,
    }
}

fn agents(container: &Value) -> impl Iterator<Item = ExecAgent> {
    let all = container["managedAgents"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|agent| agent["name"] == "ExecuteCommandAgent").map(|agent| ExecAgent {
        container: text(&container["name"]).unwrap_or_default(),
        status: text(&agent["lastStatus"]).unwrap_or_default(),
        reason: text(&agent["reason"]),
    })
}
