//! The environment of a container.

use serde_json::Value;

use crate::domain::ecs::task_definition::Container;

/// Returns the names of the variables in `environment` or `secrets`.
pub(super) fn names<'a>(container: Container<'a>, member: &str) -> impl Iterator<Item = &'a str> {
    variables(container, member).filter_map(|variable| variable["name"].as_str())
}

/// Returns the value of a variable in `environment`.
pub(super) fn value<'a>(container: Container<'a>, name: &str) -> Option<&'a str> {
    variables(container, "environment").find(|variable| variable["name"] == name)?["value"].as_str()
}

/// Whether the container also has variables in files, which a task definition does not show.
pub(super) fn has_files(container: Container<'_>) -> bool {
    variables(container, "environmentFiles").next().is_some()
}

fn variables<'a>(container: Container<'a>, member: &str) -> impl Iterator<Item = &'a Value> {
    container.member(member).and_then(Value::as_array).into_iter().flatten()
}
