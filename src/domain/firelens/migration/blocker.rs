//! The reasons why a task definition cannot be migrated as it is.

use serde::Serialize;

use crate::domain::ecs::task_definition::COMPUTED;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::wire::{LARGEST, without};
use crate::domain::text::placeholder::{is_marked, is_variable};
use crate::domain::text::plain::plain;

/// The reason why there is no migrated task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// The name of the fault. A fault that a rule of Logweir finds has the name of this rule.
    pub rule: &'static str,
    pub message: String,
}

/// The largest number of containers in a task definition (source: the Amazon ECS service quotas).
const MOST_CONTAINERS: usize = 10;

impl Blocker {
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into() }
    }
}

/// Returns the reasons for which Logweir plans no migration of the task definition, in either direction.
pub(super) fn of_definition(definition: &TaskDefinition) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    if definition.is_sandboxed() {
        let message = "a signed attestation covers the containers, and any change of them may invalidate it; write the new \
                       containers and their attestation by hand";
        blockers.push(Blocker::new("sandbox", message));
    }
    let mut names = std::collections::BTreeSet::new();
    for container in definition.containers() {
        match container.name() {
            None => blockers.push(Blocker::new(
                "unnamed-container",
                format!(
                    "container {} has no name, by which other containers could depend on it; name it",
                    container.index
                ),
            )),
            Some(name) if !names.insert(name) => blockers.push(Blocker::new(
                "repeated-container",
                format!("two containers are called `{name}`, and ECS refuses this; rename one of them"),
            )),
            Some(name) if !is_name(name) => blockers.push(Blocker::new(
                "refused-name",
                format!(
                    "ECS refuses the name `{}` of a container: a name has up to {LONGEST_NAME} letters, digits, `-` and `_`; \
                     correct the name, or render the document first",
                    plain(name, LONGEST_NAME)
                ),
            )),
            Some(_) => {}
        }
    }
    if definition
        .family()
        .is_some_and(|family| !is_name(family) && (family.contains(char::is_control) || !is_marked(family)))
    {
        let message = format!(
            "ECS refuses the name of the family: a name has up to {LONGEST_NAME} letters, digits, `-` and `_`; correct it"
        );
        blockers.push(Blocker::new("refused-name", message));
    }
    blockers
}

/// The longest name of a container or a family, in characters.
const LONGEST_NAME: usize = 255;

/// Whether ECS accepts the text as the name of a container or a family (source: ECS API reference,
/// ContainerDefinition and RegisterTaskDefinition). Such a name can add no line to a file of the router.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Returns the blockers of a migrated task definition that ECS would refuse because of its size.
pub(super) fn of_size(migrated: &TaskDefinition) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    let count = migrated.containers().count();
    if count > MOST_CONTAINERS {
        let message = format!(
            "the migrated task definition has {count} containers, and ECS accepts {MOST_CONTAINERS}; move a container to \
             another task"
        );
        blockers.push(Blocker::new("too-many-containers", message));
    }
    // ECS stores the task definition without white space.
    let text = without(migrated.text(), &COMPUTED).ok();
    let value = text.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok()).unwrap_or_default();
    let size = value.to_string().len();
    if size > LARGEST {
        let message =
            format!("the migrated task definition has {size} bytes, and ECS accepts {LARGEST}; make it smaller");
        blockers.push(Blocker::new("too-large", message));
    }
    blockers
}

/// Whether the task definition names a task role, or a value in its place that is known later.
pub(super) fn has_task_role(definition: &TaskDefinition) -> bool {
    let role = &definition.view()["taskRoleArn"];
    is_variable(role) || role.as_str().is_some_and(|role| !role.trim().is_empty())
}
