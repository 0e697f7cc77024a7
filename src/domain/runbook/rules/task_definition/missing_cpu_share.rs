//! A container on an instance without a share of the processor.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "missing-cpu-share";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/cpu", |container| {
        match [subject.member("cpu"), Member::of(container.member("cpu"))] {
            [Member::Known(_), _] => (Verdict::Pass, "the task has a share of the processor".to_owned()),
            [_, Member::Known(cpu)] if cpu != 0 && cpu != "0" => {
                (Verdict::Pass, "the container has a share of the processor".to_owned())
            }
            [Member::Unknown, _] | [_, Member::Unknown] => {
                (Verdict::Undecidable, "the share is known only after the deployment".to_owned())
            }
            _ => (
                Verdict::Advice,
                "the container has no share of the processor, and gets the smallest one under load; set cpu".to_owned(),
            ),
        }
    })
}
