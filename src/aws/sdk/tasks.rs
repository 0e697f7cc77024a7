//! The tasks of sessions of ECS Exec.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::Task;

use super::ecs::Ecs;
use crate::aws::errors::{port_error, unless_missing};
use crate::domain::exec::TaskFacts;
use crate::ports::Answer;

/// The largest number of tasks in one request (source: ECS API reference, DescribeTasks).
const MOST: usize = 100;

impl Ecs {
    /// Returns those tasks of a cluster that ECS still describes, by their IDs. Returns no task if there is no such
    /// cluster.
    pub(in crate::aws) async fn task_facts(
        &self,
        cluster: &str,
        ids: &[String],
    ) -> Answer<BTreeMap<String, TaskFacts>> {
        let mut found = BTreeMap::new();
        for ids in ids.chunks(MOST) {
            let call = self.client.describe_tasks().cluster(cluster).set_tasks(Some(ids.to_vec()));
            let described = Box::pin(call.send()).await.map_err(|error| port_error("DescribeTasks", &error));
            let Some(described) = unless_missing(described)? else { return Ok(found) };
            found.extend(described.tasks().iter().filter_map(facts));
        }
        Ok(found)
    }
}

fn facts(task: &Task) -> Option<(String, TaskFacts)> {
    let id = task.task_arn()?.rsplit('/').next()?.to_owned();
    let name = |container: &aws_sdk_ecs::types::Container| {
        Some((container.runtime_id()?.to_owned(), container.name()?.to_owned()))
    };
    let facts = TaskFacts {
        definition: task.task_definition_arn()?.to_owned(),
        service: task.group().and_then(|group| group.strip_prefix("service:")).map(String::from),
        containers: task.containers().iter().filter_map(name).collect(),
    };
    Some((id, facts))
}
