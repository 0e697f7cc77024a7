//! A Fargate task that logs through awslogs but has no execution role.

use crate::domain::ecs::task_definition::Log;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::{Finding, Fix, Safety};

pub(in crate::domain::rules) struct MissingExecutionRole;

const NAME: RuleName = RuleName::MissingExecutionRole;

impl Rule for MissingExecutionRole {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a Fargate task that logs through awslogs without an execution role"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let definition = case.seen.definition;
        if !definition.requires_fargate() || definition.has_execution_role() {
            return Vec::new();
        }
        let message = if case
            .subjects()
            .any(|subject| matches!(subject.container.log(), Log::Configured { driver: "awslogs", .. }))
        {
            "the task logs through awslogs on Fargate without executionRoleArn: ECS refuses such a task definition"
        } else if case.subjects().any(|subject| subject.is_given_awslogs()) {
            "the fixes add awslogs to a Fargate task without executionRoleArn: ECS refuses such a task definition"
        } else {
            return Vec::new();
        };
        let advice = "set executionRoleArn to a role that allows logs:CreateLogStream and logs:PutLogEvents; Logweir \
                      does not correct a registered revision without this role";
        let finding = case.finding(NAME, "/executionRoleArn", message, Fix::Advice(advice.into()));
        debug_assert_eq!(finding.fix.safety(), Safety::Advice);
        vec![finding]
    }
}
