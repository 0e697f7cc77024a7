//! A container that logs through no log driver, or through one that the baseline does not accept.

use super::{Checked, each_container};
use crate::domain::baseline::Workload;
use crate::domain::ecs::task_definition::Log;
use crate::domain::runbook::subject::Subject;
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::placeholder::is_placeholder;

pub(super) const NAME: &str = "missing-log-driver";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    let family = subject.definition.family();
    each_container(subject, NAME, "/logConfiguration/logDriver", |container| {
        let workload = Workload {
            family,
            container: container.name(),
            tags: subject.tags.unwrap_or_default(),
            account: subject.home().map(|(account, _)| account),
            region: subject.home().map(|(_, region)| region),
            ..Workload::default()
        };
        let accepted = &subject.baseline.settings(&workload).logging.accept;
        match container.log() {
            Log::None => (Verdict::Fail, "the container has no log configuration; `logweir fix` writes one".to_owned()),
            Log::Malformed(what) => (Verdict::Fail, format!("the log configuration of the container is {what}")),
            Log::Unknown => unknown(),
            Log::Configured { driver, .. } if is_placeholder(driver) => unknown(),
            Log::Configured { driver, .. } if driver == "awslogs" || accepted.iter().any(|one| one == driver) => {
                (Verdict::Pass, format!("the container logs through {driver}"))
            }
            Log::Configured { driver, .. } => (
                Verdict::Fail,
                format!("the container logs through {driver}, which the baseline does not accept; use awslogs"),
            ),
        }
    })
}

fn unknown() -> (Verdict, String) {
    (Verdict::Undecidable, "the log driver is known only after the deployment".to_owned())
}
