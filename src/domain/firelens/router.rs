//! The FireLens router of a task, and its health check.

use serde_json::Value;

use super::launcher::words;
use crate::domain::ecs::task_definition::{Container, TaskDefinition};
use crate::domain::text::placeholder::is_variable;

/// The kind of a router, which `firelensConfiguration` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterKind {
    FluentBit,
    Fluentd,
}

/// The health check of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthCheck {
    /// The container has no health check.
    None,
    /// The task definition does not show the health check.
    Unknown,
    /// The command. A command of a shell is one text.
    Command { shell: bool, command: String },
}

/// Returns the containers that are routers. ECS accepts only one router in a task.
pub fn routers(definition: &TaskDefinition) -> impl Iterator<Item = Container<'_>> {
    definition.containers().filter(|container| is_router(*container))
}

/// Whether the container is a router.
pub fn is_router(container: Container<'_>) -> bool {
    container.member("firelensConfiguration").is_some_and(|router| router.is_object() && !is_variable(router))
}

impl RouterKind {
    /// Returns the kind of a router. Returns `None` if the router names no known kind.
    pub fn of(router: Container<'_>) -> Option<Self> {
        match router.member("firelensConfiguration")?.get("type")?.as_str()? {
            "fluentbit" => Some(Self::FluentBit),
            "fluentd" => Some(Self::Fluentd),
            _ => None,
        }
    }
}

impl HealthCheck {
    pub fn of(container: Container<'_>) -> Self {
        match container.member("healthCheck") {
            None | Some(Value::Null) => Self::None,
            Some(check) if is_variable(check) => Self::Unknown,
            Some(check) => Self::read(&check["command"]),
        }
    }

    /// Reads the command. ECS runs a command that does not begin with `CMD-SHELL`, `CMD` or `NONE` in a shell (source:
    /// ECS API reference, HealthCheck).
    fn read(command: &Value) -> Self {
        let Some(words) = words(command) else { return Self::Unknown };
        match words.split_first() {
            None | Some((&"NONE", _)) => Self::None,
            Some((&"CMD-SHELL", rest)) => Self::Command { shell: true, command: rest.join(" ") },
            Some((&"CMD", rest)) => Self::Command { shell: false, command: rest.join(" ") },
            Some(_) => Self::Command { shell: true, command: words.join(" ") },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(containers: Value) -> TaskDefinition {
        TaskDefinition::parse(json!({"containerDefinitions": containers}).to_string()).unwrap()
    }

    #[test]
    fn a_container_with_a_firelens_configuration_is_a_router() {
        let definition = definition(json!([
            {"name": "app"},
            {"name": "router", "firelensConfiguration": {"type": "fluentbit"}},
            {"name": "null", "firelensConfiguration": null},
            {"name": "intrinsic", "firelensConfiguration": {"Ref": "X"}},
        ]));
        let found: Vec<_> = routers(&definition).collect();
        assert_eq!(found.iter().map(|router| router.name()).collect::<Vec<_>>(), [Some("router")]);
        assert_eq!(RouterKind::of(found[0]), Some(RouterKind::FluentBit));
    }

    #[test]
    fn a_health_check_is_a_command_of_a_shell_or_of_a_program() {
        let of =
            |check: Value| HealthCheck::of(definition(json!([{"healthCheck": check}])).containers().next().unwrap());
        let command = |shell, command: &str| HealthCheck::Command { shell, command: command.into() };
        assert_eq!(of(json!({"command": ["CMD-SHELL", "curl x || exit 1"]})), command(true, "curl x || exit 1"));
        assert_eq!(of(json!({"command": ["CMD", "curl", "x"]})), command(false, "curl x"));
        assert_eq!(of(json!({"command": ["curl x"]})), command(true, "curl x"));
        assert_eq!(of(json!({"command": ["NONE"]})), HealthCheck::None);
        assert_eq!(of(json!(null)), HealthCheck::None);
        assert_eq!(of(json!({"command": {"Ref": "X"}})), HealthCheck::Unknown);
        assert_eq!(of(json!({"Ref": "X"})), HealthCheck::Unknown);
    }
}
