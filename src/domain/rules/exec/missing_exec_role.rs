//! A task definition with ECS Exec and without a task role.

use super::case::{Check, DefinitionCase, ExecRule, Fault, Verdict};
use crate::domain::rule_name::RuleName;

pub(in crate::domain::rules) const RULE: ExecRule = ExecRule {
    name: RuleName::MissingExecRole,
    summary: "a task with ECS Exec that has no task role",
    check: Check::Definition(check),
};

fn check(case: &DefinitionCase<'_>) -> Verdict {
    if case.definition.definition.has_task_role() {
        return Verdict::default();
    }
    let message = "the task has ECS Exec enabled, but no taskRoleArn, so its agent may open no session";
    let advice = "set taskRoleArn to a role that allows the four actions of ssmmessages, and what the transcript needs";
    Verdict::fault(Fault::new("/taskRoleArn", message, advice))
}
