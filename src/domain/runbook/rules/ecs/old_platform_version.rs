//! A service, a task set or a task on an old platform version of Fargate.

use super::{Checked, Judged, each_placement, each_standalone_task};
use crate::domain::baseline::Baseline;
use crate::domain::fleet::version::{LEAST_PLATFORM, LEAST_WINDOWS_PLATFORM, is_older};
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::ecs::is_fargate;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "old-platform-version";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let mut results = each_placement(account, NAME, |_, placed| {
        let family = placed.placement.platform_family.as_deref();
        match placed.uses_fargate() {
            true => judged(placed.placement.platform_version.as_deref(), family),
            false => Judged::new(Verdict::NotApplicable, "the tasks do not run on Fargate", "/platformVersion"),
        }
    });
    results.extend(each_standalone_task(account, NAME, |task| {
        let place = task.launch_type.as_deref().or(task.capacity_provider.as_deref());
        match place.is_some_and(is_fargate) {
            true => judged(task.platform_version.as_deref(), task.platform_family.as_deref()),
            false => Judged::new(Verdict::NotApplicable, "the task does not run on Fargate", "/platformVersion"),
        }
    }));
    results
}

/// Judges a platform version as Security Hub's control ECS.10 does.
fn judged(version: Option<&str>, family: Option<&str>) -> Judged {
    let is_windows = family.is_some_and(|family| family.to_ascii_lowercase().starts_with("windows"));
    let latest = if is_windows { LEAST_WINDOWS_PLATFORM } else { LEAST_PLATFORM };
    let (verdict, message) = match version {
        Some("LATEST") | None => (Verdict::Pass, "new tasks run on the latest platform version of Fargate".to_owned()),
        Some(version) => match is_older(version, latest) {
            Some(true) => (
                Verdict::Fail,
                format!("the tasks run on platform version {version}; update to {latest} or LATEST, which AWS patches"),
            ),
            Some(false) => (Verdict::Pass, format!("the platform version {version} is not older than {latest}")),
            None => (Verdict::Undecidable, "the platform version is not a number".to_owned()),
        },
    };
    Judged::new(verdict, message, "/platformVersion").with(version)
}
