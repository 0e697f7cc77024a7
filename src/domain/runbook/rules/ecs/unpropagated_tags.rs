//! A service whose tasks get none of its tags.

use super::{Checked, Judged, each_service};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "unpropagated-tags";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_service(account, NAME, |service| {
        let value = service.propagate_tags.as_deref();
        let (verdict, message) = match value {
            Some("SERVICE") => (Verdict::Pass, "the tasks get the tags of the service"),
            Some("TASK_DEFINITION") => (Verdict::Pass, "the tasks get the tags of their task definition"),
            _ => (
                Verdict::Advice,
                "the tasks get no tag of the service; set propagateTags to SERVICE or TASK_DEFINITION",
            ),
        };
        Judged::new(verdict, message, "/propagateTags").with(value)
    })
}
