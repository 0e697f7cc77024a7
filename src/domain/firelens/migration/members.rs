//! The containers of a task definition by their part in a migration.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::ecs::task_definition::{Container, Log, Options, TaskDefinition};
use crate::domain::firelens::router::routers;

/// The containers of a task definition by their part in a migration.
pub(super) struct Members<'a> {
    pub(super) routers: Vec<Container<'a>>,
    /// The containers on which a router depends. They cannot log to it.
    pub(super) sidecars: BTreeSet<&'a str>,
    /// The agents of Alert Logic.
    pub(super) agents: Vec<Container<'a>>,
    /// The other containers with the log driver awslogs, each with its options.
    pub(super) on_awslogs: Vec<(Container<'a>, Options<'a>)>,
    /// The containers that are no router, with the log driver awsfirelens, each with its options.
    pub(super) on_firelens: Vec<(Container<'a>, Options<'a>)>,
    /// The other containers.
    pub(super) others: Vec<Container<'a>>,
}

impl<'a> Members<'a> {
    pub(super) fn of(definition: &'a TaskDefinition) -> Self {
        let mut members = Self {
            routers: routers(definition).collect(),
            sidecars: BTreeSet::new(),
            agents: Vec::new(),
            on_awslogs: Vec::new(),
            on_firelens: Vec::new(),
            others: Vec::new(),
        };
        members.sidecars = needed_by(definition, &members.routers);
        for container in definition.containers() {
            let is_router = members.routers.iter().any(|router| router.index == container.index);
            let is_sidecar = container.name().is_some_and(|name| members.sidecars.contains(name));
            if let (false, Log::Configured { driver: "awsfirelens", options }) = (is_router, container.log()) {
                members.on_firelens.push((container, options));
            }
            if is_agent(container) {
                members.agents.push(container);
            } else if !is_router && !is_sidecar {
                match container.log() {
                    Log::Configured { driver: "awslogs", options } => members.on_awslogs.push((container, options)),
                    Log::Configured { driver: "awsfirelens", .. } => {}
                    _ => members.others.push(container),
                }
            }
        }
        members
    }
}

/// Whether the container is an agent of Alert Logic.
fn is_agent(container: Container<'_>) -> bool {
    let image = container.member("image").and_then(Value::as_str).unwrap_or_default();
    let name = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    name.split(':').next() == Some("al-agent-container")
}

/// Returns the names of the containers on which these containers depend, directly or through other containers.
pub(super) fn needed_by<'a>(definition: &'a TaskDefinition, of: &[Container<'a>]) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Container<'a>> = of.to_vec();
    while let Some(container) = open.pop() {
        let names = dependencies(container).chain(volumes_from(container));
        for name in names.collect::<Vec<_>>() {
            if found.insert(name) {
                open.extend(definition.containers().filter(|container| container.name() == Some(name)));
            }
        }
    }
    found
}

/// Returns the names of the containers on which the container depends.
pub(super) fn dependencies(container: Container<'_>) -> impl Iterator<Item = &str> {
    let list = container.member("dependsOn").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|dependency| dependency["containerName"].as_str())
}

fn volumes_from(container: Container<'_>) -> impl Iterator<Item = &str> {
    let list = container.member("volumesFrom").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|volume| volume["sourceContainer"].as_str())
}
