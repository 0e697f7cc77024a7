//! A container that is not essential, and that ECS does not start again after it has stopped.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "missing-restart-policy";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/restartPolicy", |container| {
        let is_false = |value: &serde_json::Value| value == false || value == "false";
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
