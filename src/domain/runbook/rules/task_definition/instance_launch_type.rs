//! A task definition that does not run on Fargate.

use super::Checked;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "instance-launch-type";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    let about = |verdict, message: &str| vec![subject.about(NAME, "/requiresCompatibilities", verdict, message)];
    let list = subject.member("requiresCompatibilities");
    if subject.definition.hides_launch_types() || matches!(list, Member::Unknown) {
        return about(Verdict::Undecidable, "the launch types are known only after the deployment");
    }
    let has = |launch_type| subject.definition.requires(launch_type);
    if list.items().is_some_and(<[_]>::is_empty) {
        if subject.is_with_account {
            let message = "the task definition requires no launch type, so its services and tasks decide";
            return about(Verdict::NotApplicable, message);
        }
        let message = "the task definition requires no launch type, so its services decide, which Logweir did not read";
        return about(Verdict::NotChecked, message);
    }
    if has("FARGATE") {
        about(Verdict::Pass, "the task definition supports Fargate")
    } else if has("MANAGED_INSTANCES") && !has("EC2") && !has("EXTERNAL") {
        about(Verdict::Advice, "the tasks run on ECS Managed Instances, which AWS patches, and not on Fargate")
    } else {
        about(Verdict::Fail, "the tasks run on instances that the account operates, and not on Fargate")
    }
}
