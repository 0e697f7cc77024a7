//! Tasks, as DescribeTasks describes them. ECS describes a stopped task for about an hour.

use std::collections::BTreeMap;

/// The facts about a task that sessions need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFacts {
    /// The ARN of the revision.
    pub definition: String,
    /// The service that started the task. `None` for a task outside of a service.
    pub service: Option<String>,
    /// The names of the containers, by their runtime IDs.
    pub containers: BTreeMap<String, String>,
}

/// Tasks by the name of their cluster and their ID.
pub type Tasks = BTreeMap<(String, String), TaskFacts>;

impl TaskFacts {
    /// Returns the only container of the task. `None` if the task has more than one.
    pub fn only_container(&self) -> Option<&str> {
        let mut names = self.containers.values();
        match (names.next(), names.next()) {
            (Some(name), None) => Some(name),
            _ => None,
        }
    }
}
