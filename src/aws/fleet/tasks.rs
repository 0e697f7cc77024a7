//! Describes running tasks, as far as ECS Exec needs them.

use serde_json::{Value, json};

use super::{all_described, items, last, text};
use crate::aws::client::Aws;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::fleet::facts::{ExecAgent, RunningTask};
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DESCRIBE: Operation = ECS.read("DescribeTasks");

/// The largest number of tasks in one call (source: ECS API reference, DescribeTasks).
const MOST: usize = 100;

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
        let mut found = Vec::new();
        for arns in self.task_arns(cluster).await?.chunks(MOST) {
            let reply = self.ask(&DESCRIBE, &json!({"cluster": cluster, "tasks": arns})).await?;
            all_described(&DESCRIBE, &reply)?;
            let tasks = items(&DESCRIBE, &reply, "tasks")?;
            found.extend(tasks.iter().filter(|task| task["lastStatus"] == "RUNNING").map(row));
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
