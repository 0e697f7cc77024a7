//! A service whose tasks get no tag with the names of their cluster and service.

use super::{Checked, Judged, each_service};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "missing-managed-tags";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_service(account, NAME, |service| {
        let (verdict, message) = match service.has_managed_tags {
            true => (Verdict::Pass, "ECS tags the tasks with the names of their cluster and service"),
            false => (
                Verdict::Advice,
                "ECS does not tag the tasks with the names of their cluster and service; set enableECSManagedTags",
            ),
        };
        Judged::new(verdict, message, "/enableECSManagedTags").with(Some(service.has_managed_tags.to_string()))
    })
}
