//! A container that is not essential, and that ECS does not start again after it has stopped.

use serde_json::Value;

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "missing-restart-policy";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/restartPolicy", |container| {
        let is_false = |value: &Value| value == false || value == "false";
        match Member::of(container.member("essential")) {
            Member::Known(essential) if is_false(essential) => {}
            Member::Unknown => {
                return (Verdict::Undecidable, "the setting is known only after the deployment".to_owned());
            }
            Member::Absent | Member::Known(_) => {
                let message = "the container is essential, so ECS replaces the task when the container stops";
                return (Verdict::NotApplicable, message.to_owned());
            }
        }
        if container.name().is_some_and(|name| ends_by_design(subject, name)) {
            let message = "another container waits for the end of the container, so the container ends by design";
            return (Verdict::NotApplicable, message.to_owned());
        }
        match Member::of(container.member("restartPolicy")).member("enabled") {
            Member::Unknown => (Verdict::Undecidable, "the policy is known only after the deployment".to_owned()),
            Member::Known(enabled) if !is_false(enabled) => {
                (Verdict::Pass, "ECS starts the container again after it has stopped".to_owned())
            }
            Member::Absent | Member::Known(_) => (
                Verdict::Advice,
                "ECS does not start the container again after it has stopped, and the task runs on without it; set \
                 restartPolicy, unless the container ends by design"
                    .to_owned(),
            ),
        }
    })
}

/// Whether another container starts only after this container has ended (source: ECS API reference,
/// ContainerDependency).
fn ends_by_design(subject: &Subject<'_>, name: &str) -> bool {
    let waits = |dependency: &Value| {
        dependency["containerName"] == name && matches!(dependency["condition"].as_str(), Some("COMPLETE" | "SUCCESS"))
    };
    subject.definition.containers().any(|container| {
        let list = container.member("dependsOn").and_then(Value::as_array);
        list.is_some_and(|dependencies| dependencies.iter().any(waits))
    })
}
