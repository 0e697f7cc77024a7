//! A Fargate task that logs through awslogs without the role that would deliver its logs.

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
            "the task logs through awslogs on Fargate and has no executionRoleArn: ECS refuses to register it"
        } else if case.subjects().any(|subject| subject.is_given_awslogs()) {
            "the task is to log through awslogs on Fargate and has no executionRoleArn: ECS would refuse to register it so"
        } else {
            return Vec::new();
        };
        let advice =
            "give it a role that may logs:CreateLogStream and logs:PutLogEvents; no live revision is corrected before";
        let finding = case.finding(NAME, "/executionRoleArn", message, Fix::Advice(advice.into()));
        debug_assert_eq!(finding.fix.safety(), Safety::Advice);
        vec![finding]
    }
}
