//! A task role that is also the execution role, so that the containers have the rights of the ECS agent.

use super::Checked;
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::placeholder::is_placeholder;

pub(super) const NAME: &str = "shared-task-role";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    let about = |verdict, message: &str| vec![subject.about(NAME, "/taskRoleArn", verdict, message)];
    match (subject.member("taskRoleArn"), subject.member("executionRoleArn")) {
        (Member::Absent, _) | (_, Member::Absent) => {
            about(Verdict::NotApplicable, "the task definition has no two roles to compare")
        }
        // Two equal placeholders, or two equal functions, are one role.
        _ if is_one_role(subject) => about(
            Verdict::Fail,
            "the task role is also the execution role, so the containers have the rights of the ECS agent: pull images, \
             write logs and read secrets; give the containers a role of their own",
        ),
        (Member::Known(_), Member::Known(_)) => about(Verdict::Pass, "the task role is not the execution role"),
        _ => about(Verdict::Undecidable, "a role is known only after the deployment; check the registered revision"),
    }
}

/// Whether both members name one role. A task definition may name a role by its ARN or by its name.
fn is_one_role(subject: &Subject<'_>) -> bool {
    let [one, other] = ["taskRoleArn", "executionRoleArn"].map(|member| &subject.definition.view()[member]);
    let [Some(first), Some(second)] = [one, other].map(|value| value.as_str().map(str::trim)) else {
        return one == other;
    };
    let name = |role: &'_ str| role.rsplit('/').next().unwrap_or_default().to_owned();
    let is_mixed = first.starts_with("arn:") != second.starts_with("arn:");
    // A text such as `<PLACEHOLDER>` asks for a value, and names no variable. A registered revision has no placeholder.
    let names_none = subject.arn.is_none() && is_placeholder(first) && !first.contains(['$', '{', '(']);
    (first == second && !names_none) || (is_mixed && name(first) == name(second))
}
