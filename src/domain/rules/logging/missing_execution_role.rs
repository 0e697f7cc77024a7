//! A task that logs through awslogs without an execution role, on a launch type on which awslogs needs the role.

use crate::domain::ecs::task_definition::Log;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct MissingExecutionRole;

const NAME: RuleName = RuleName::MissingExecutionRole;

impl Rule for MissingExecutionRole {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a task that logs through awslogs without the execution role that awslogs needs"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(needs) = case.lacks_execution_role() else { return Vec::new() };
        let (place, effect) = (needs.place(), needs.effect());
        let uses_awslogs =
            |subject: &Subject<'_, '_>| matches!(subject.container.log(), Log::Configured { driver: "awslogs", .. });
        let message = if case.subjects().any(|subject| uses_awslogs(&subject)) {
            format!("the task logs through awslogs on {place} without executionRoleArn: {effect}")
        } else if case.subjects().any(|subject| subject.is_asked_to_use_awslogs()) {
            format!("the baseline asks for awslogs, which needs executionRoleArn on {place}: without it, {effect}")
        } else {
            return Vec::new();
        };
        let advice = "set executionRoleArn to a role that allows logs:CreateLogStream and logs:PutLogEvents; Logweir \
                      does not correct a registered revision without this role";
        vec![case.finding(NAME, "/executionRoleArn", message, Fix::Advice(advice.into()))]
    }

    /// If a deploy tool sets the launch types, the rule cannot check whether awslogs needs the role.
    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        let uses_awslogs = |subject: &Subject<'_, '_>| subject.awslogs().is_some() || subject.is_asked_to_use_awslogs();
        let definition = case.seen.definition;
        !case.seen.is_live()
            && !definition.has_execution_role()
            && definition.hides_launch_types()
            && case.lacks_execution_role().is_none()
            && case.subjects().any(|subject| uses_awslogs(&subject))
    }
}
