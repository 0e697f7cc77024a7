//! A task definition without a task role, whose containers may use the role of their EC2 instance instead.

use super::Checked;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "absent-task-role";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    let (verdict, message) = match subject.member("taskRoleArn") {
        Member::Absent => (
            Verdict::Advice,
            "the task definition has no task role; on EC2, its containers may use the role of the instance; add a role \
             with the rights that the containers need",
        ),
        Member::Known(_) | Member::Unknown => (Verdict::Pass, "the task definition has a task role"),
    };
    vec![subject.about(NAME, "/taskRoleArn", verdict, message)]
}
